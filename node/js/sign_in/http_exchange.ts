import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpAnswer } from '../../native/index.js'
import { pairs } from './sign_in_error.js'

/** The headers that a sign-in looks at. */
const READ = [
  'host',
  'accept',
  'origin',
  'cookie',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
  'sec-purpose',
]

/** No form of a sign-in is larger. */
const MAX_BODY = 64 * 1024

/** Lines such as `host: localhost`, each ended by a line feed. @internal */
export function headerLines(read: (name: string) => string | readonly string[] | null | undefined, cookies?: string): string {
  let lines = ''
  for (const name of READ) {
    const value = name === 'cookie' && cookies !== undefined ? cookies : read(name)
    if (value === undefined || value === null || value === '') continue
    const joined = typeof value === 'string' ? value : value.join(name === 'cookie' ? '; ' : ', ')
    lines += `${name}: ${/[\r\n]/.test(joined) ? joined.replace(/[\r\n]/g, '%') : joined}\n`
  }
  return lines
}

/**
 * The form in a request's body, as it was sent, or as a body parser has left it.
 *
 * @internal
 */
export async function formOf(request: IncomingMessage & { body?: unknown }): Promise<string> {
  if (request.method !== 'POST') return ''
  const { body } = request
  if (typeof body === 'string') return body
  if (Buffer.isBuffer(body)) return body.toString()
  if (typeof body === 'object' && body !== null) return formFrom(body)
  return formText(request as AsyncIterable<Buffer>)
}

/** A body as text; none where it is longer than any form. @internal */
export async function formText(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  let size = 0
  const parts: Uint8Array[] = []
  for await (const part of body) {
    size += part.length
    if (size > MAX_BODY) return ''
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function formFrom(body: object): string {
  const texts = Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return new URLSearchParams(texts).toString()
}

/**
 * Sends an answer, unless somebody has answered meanwhile. Cookies are added to those that are there.
 *
 * @internal
 */
export function sendAnswer({ status, headers, body }: HttpAnswer, response: ServerResponse): void {
  if (response.headersSent || response.writableEnded) return
  response.statusCode = status
  for (const [name, value] of pairs(headers)) {
    if (name === 'set-cookie') response.appendHeader(name, value)
    else response.setHeader(name, value)
  }
  response.end(body)
}

/**
 * Calls `change` when the head of an answer is about to be written, and not before: whatever sets cookies has done so by then.
 *
 * @internal
 */
export function beforeHead(response: ServerResponse, change: () => void): void {
  const { writeHead } = response
  let isChanged = false
  response.writeHead = function writeHeadAfterChange(this: ServerResponse, ...head: any[]) {
    if (!isChanged) {
      const given = head.length > 1 && head.findLast((argument) => typeof argument === 'object' && argument !== null)
      if (given) {
        // Headers that are given here would take the place of those that are set.
        setAll(response, given)
        head = head.filter((argument) => argument !== given)
      }
      // After a header that cannot be, another head is written in place of this one.
      isChanged = true
      change()
    }
    return (writeHead as Function).apply(response, head)
  } as typeof writeHead
}

function setAll(response: ServerResponse, headers: Record<string, any> | any[]): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value)
    return
  }
  // Names and values in turn, or pairs of them.
  const list = Array.isArray(headers[0]) ? headers.flat() : headers
  const names = new Set<string>()
  for (const [name, value] of pairs(list)) {
    if (names.has(name.toLowerCase())) response.appendHeader(name, value)
    else response.setHeader(name, value)
    names.add(name.toLowerCase())
  }
}
