/** A value of the `headers` of some framework: an object with names in lower case, or something with `get`, as `Headers` has it. */
export type HeadersLike =
  | { get(name: string): string | null | undefined }
  | { readonly [name: string]: string | readonly string[] | number | undefined }

/** The `cookies` of some framework: an object, or something with `get` that returns a string or `{value}`, as Next.js has it. */
export type CookiesLike =
  | { get(name: string): string | { value: string } | null | undefined }
  | { readonly [name: string]: unknown }

/**
 * Anything that has headers: an Express or Node.js request, a Web `Request`, a `NextRequest`, or `{headers, cookies}`.
 *
 * A `Cookie` header is read when there is no `cookies`. Without a `method` the request counts as one that changes nothing.
 */
export interface RequestLike {
  headers: HeadersLike
  cookies?: CookiesLike | undefined
  method?: string | undefined
}

/**
 * The parts of a request that a guard looks at.
 *
 * @internal
 */
export interface RequestParts {
  method: string
  authorization: string | string[] | undefined
  cookie: string | undefined
  fetchSite: string | undefined
  origin: string | undefined
  host: string | undefined
}

/**
 * Reads the parts of a request that a guard looks at, and decides nothing about them.
 *
 * @internal
 */
export function requestParts(request: RequestLike, cookieNames: readonly string[]): RequestParts {
  const read = reader(request.headers)
  const cookies = request.cookies
  return {
    method: request.method ?? 'GET',
    authorization: authorization(request, read),
    cookie: typeof cookies === 'object' && cookies !== null ? cookieLine(cookies, cookieNames) : one(read('cookie'), '; '),
    fetchSite: one(read('sec-fetch-site')),
    origin: one(read('origin')),
    host: one(read('host')),
  }
}

type Read = (name: string) => string | readonly string[] | undefined

function reader(headers: HeadersLike): Read {
  if (typeof headers.get === 'function') {
    const get = headers.get.bind(headers) as (name: string) => string | null | undefined
    return (name) => get(name) ?? undefined
  }
  const lines = headers as { readonly [name: string]: string | readonly string[] | undefined }
  return (name) => lines[name] ?? lines[Object.keys(lines).find((key) => key.toLowerCase() === name) ?? name]
}

function one(lines: string | readonly string[] | undefined, separator = ', '): string | undefined {
  return typeof lines === 'object' ? lines.join(separator) : lines
}

/** All `Authorization` lines: Node.js keeps only the first of several in `headers`, and the guard refuses several. */
function authorization(request: RequestLike, read: Read): string | string[] | undefined {
  const raw = (request as { rawHeaders?: unknown }).rawHeaders
  if (Array.isArray(raw)) return rawAuthorization(raw as string[])
  const lines = read('authorization')
  if (typeof lines === 'object') return [...lines]
  // `Headers` joins several lines by a comma, which no bearer token holds.
  return lines !== undefined && lines.includes(',') && /^bearer\b/i.test(lines) ? lines.split(',') : lines
}

function rawAuthorization(raw: string[]): string | string[] | undefined {
  let found: string | string[] | undefined
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue
    const line = raw[index + 1]!
    found = found === undefined ? line : [found, line].flat()
  }
  return found
}

/** Writes the wanted cookies of an object as a `Cookie` header. A value that none can carry is no token either, and stays that. */
function cookieLine(cookies: CookiesLike, names: readonly string[]): string | undefined {
  const pairs: string[] = []
  for (const name of names) {
    const found = typeof cookies.get === 'function' ? cookies.get(name) : (cookies as Record<string, unknown>)[name]
    const value = typeof found === 'object' && found !== null ? (found as { value?: unknown }).value : found
    if (typeof value !== 'string') continue
    pairs.push(`${name}=${/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value) ? value : encodeURIComponent(value)}`)
  }
  return pairs.length === 0 ? undefined : pairs.join('; ')
}
