// Applications on free loopback ports, and requests to them with every header under control.

import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'

/** Serves `handler`, an Express application or a plain function, on a free port of 127.0.0.1. */
export async function serve(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    stop() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

/**
 * Sends a request and reads the whole answer.
 *
 * @param headers - names and values in turn, sent as they are: names may repeat, and nothing is added but `Host` where it is missing.
 */
export async function send(url, { method = 'GET', headers = [] } = {}) {
  const request = start(url, { method, headers })
  const [response] = await once(request, 'response')
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += chunk
  return {
    status: response.statusCode,
    headers: response.headers,
    setCookies: response.headers['set-cookie'] ?? [],
    body,
    get json() {
      return JSON.parse(body)
    },
  }
}

/** As {@link send}, without waiting for an answer. */
export function start(url, { method = 'GET', headers = [] } = {}) {
  const named = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  const all = named ? headers : ['Host', new URL(url).host, ...headers]
  return httpRequest(url, { method, headers: all, agent: false }).end()
}

/** The headers of a request that brings tokens in the usual places. */
export function bringing({ cookie, bearer }) {
  return [
    ...(cookie === undefined ? [] : ['Cookie', `logto_authtoken=${cookie}`]),
    ...(bearer === undefined ? [] : ['Authorization', `Bearer ${bearer}`]),
  ]
}
