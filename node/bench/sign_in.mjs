// Who is signed in, asked at every request: Express 5 over HTTP, as in `express.mjs`, with sessions of a real sign-in.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { DevIssuer } from 'logto-authkit/testing'
import { Person } from '../test/support/person.mjs'
import { startRedis } from './redis_server.mjs'
import { Turns, start } from './rows.mjs'

const TURNS = 5
const CONNECTIONS = 32
const APPLICATION = { id: 'web', secret: 'a secret of the application, long enough' }

export async function signInRows() {
  const redis = await startRedis()
  const kinds = {
    bare: { kind: 'bare' },
    sessionInMemory: { kind: 'session' },
    sessionOnRedis: { kind: 'session', redis: redis.url },
    oursInCookies: { kind: 'ours' },
    oursOnRedis: { kind: 'ours', redis: redis.url },
    theirsInMemory: { kind: 'theirs' },
    theirsOnRedis: { kind: 'theirs', redis: redis.url },
  }
  const servers = {}
  try {
    for (const name of Object.keys(kinds)) servers[name] = await start('./sign_in_server.mjs')
    const issuer = await startIssuer(Object.values(servers).map(urlOf))
    const config = { endpoint: issuer.logtoUrl, appId: APPLICATION.id, appSecret: APPLICATION.secret }
    const cookies = {}
    for (const [name, server] of Object.entries(servers)) {
      server.child.send({ ...kinds[name], config: { ...config, baseUrl: urlOf(server) } })
      await once(server.child, 'message')
      cookies[name] = name === 'bare' ? ['nobody=asks'] : await signInAll(urlOf(server))
    }
    const asked = issuer.counters()
    const found = await measure(servers, cookies)
    assert.deepEqual(issuer.counters(), asked, 'every token was valid: none was asked for while it was measured')
    await issuer.stop()
    return rows(found)
  } finally {
    for (const { child } of Object.values(servers)) child.kill()
    await redis.stop()
  }
}

function rows(turns) {
  return [
    turns.row('`express-session` alone in memory, against the bare route', 'sessionInMemory', 'bare', undefined),
    turns.row('`express-session` alone on Redis, against the bare route', 'sessionOnRedis', 'bare', undefined),
    turns.row('`withLogto()`, sessions in sealed cookies, against `@logto/express` in memory', 'oursInCookies', 'theirsInMemory', 1.3),
    turns.row('`withLogto()`, sessions in Redis, against `@logto/express` on Redis', 'oursOnRedis', 'theirsOnRedis', 1.3),
  ]
}

/** Requests per second, and how long the slowest hundredth took, of every turn. */
async function measure(servers, cookies) {
  const turns = new Turns(Object.keys(servers))
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [name, { child, answer }] of Object.entries(servers)) {
      const headers = cookies[name].map((cookie) => `Cookie: ${cookie}`)
      const load = await start('./load.mjs', { port: answer.port, headers, connections: CONNECTIONS }).catch((cause) => {
        const state = child.signalCode ?? child.exitCode ?? 'still there'
        throw new Error(`the load on ${name} has failed, and the server is ${state}`, { cause })
      })
      turns.add(name, load.answer)
    }
  }
  return turns
}

/** Signs in once for every connection, at the issuer's form, and returns the cookies. */
async function signInAll(url) {
  const stranger = await new Person().json(url)
  assert.equal(stranger.status, 401, 'the page knows who is not signed in')
  const sessions = []
  for (let connection = 0; connection < CONNECTIONS; connection += 1) {
    const person = new Person()
    const { status, text } = await person.signIn(`${url}/auth/sign-in`)
    assert.deepEqual({ status, text }, { status: 200, text: '{"userId":"user_alice"}' })
    const cookies = [...person.cookies.get(new URL(url).host)].map(([name, value]) => `${name}=${value}`)
    sessions.push(cookies.join('; '))
  }
  return sessions
}

function startIssuer(urls) {
  const redirect_uris = urls.map((url) => `${url}/auth/sign-in-callback`)
  return DevIssuer.start({
    users: [{ username: 'alice', password: 'alice', id: 'user_alice', name: 'Alice Example' }],
    applications: [{ kind: 'web', ...APPLICATION, redirect_uris }],
  })
}

function urlOf({ answer }) {
  return `http://127.0.0.1:${answer.port}`
}
