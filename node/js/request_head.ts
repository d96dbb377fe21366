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

/** What of the options says which parts count. */
interface Readable {
  cookieNames: readonly string[]
  admitsGuests: boolean
}

/** The headers that say where a request comes from and how it came: what cookies are believed on, and are set for guests by. */
const PROVENANCE = [
  'host',
  'origin',
  'sec-fetch-site',
  'upgrade',
  'sec-websocket-key',
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]

/**
 * The part of a request that a guard looks at. Decides nothing about it.
 *
 * @internal
 */
export class RequestHead {
  /** The token of a request that brings it in one header and nothing else that counts, as most requests to an API do. */
  readonly onlyToken: string | undefined
  readonly #request: RequestLike
  readonly #read: Read
  readonly #authorization: string | readonly string[] | undefined
  readonly #cookie: string | undefined

  constructor(request: RequestLike, { cookieNames, admitsGuests }: Readable) {
    this.#request = request
    // Every member is read once: no two requests of Express look alike to the compiler, and each read is a search.
    const { headers, cookies, rawHeaders } = request as RequestLike & { rawHeaders?: unknown }
    const raw = Array.isArray(rawHeaders) ? (rawHeaders as string[]) : undefined
    this.#read = reader(headers, raw !== undefined)
    this.#authorization = authorization(this.#read, raw)
    const isObject = typeof cookies === 'object' && cookies !== null
    this.#cookie = isObject ? cookieLine(cookies, cookieNames) : one(this.#read('cookie'), '; ')
    const isAlone = this.#cookie === undefined && !admitsGuests
    this.onlyToken = isAlone ? bearerToken(this.#authorization) : undefined
  }

  get method(): string {
    return this.#request.method ?? 'GET'
  }

  /** Lines such as `host: localhost`, joined by line feeds: one text crosses to the native half faster than many. */
  get lines(): string {
    let lines = ''
    for (const line of [this.#authorization].flat()) lines += headerLine('authorization', line)
    lines += headerLine('cookie', this.#cookie)
    for (const name of PROVENANCE) lines += headerLine(name, one(this.#read(name)))
    return lines
  }
}

function bearerToken(authorization: string | readonly string[] | undefined): string | undefined {
  return typeof authorization === 'string' && authorization.startsWith('Bearer ') ? authorization.slice(7) : undefined
}

type Read = (name: string) => string | readonly string[] | undefined

function reader(headers: HeadersLike, areLowered: boolean): Read {
  if (typeof headers.get === 'function') {
    const get = headers.get.bind(headers) as (name: string) => string | null | undefined
    return (name) => get(name) ?? undefined
  }
  const lines = headers as { readonly [name: string]: string | readonly string[] | undefined }
  // Node.js writes names in lower case; anybody else's object may have them in any.
  if (areLowered) return (name) => lines[name]
  const lowered = new Map(Object.entries(lines).map(([name, line]) => [name.toLowerCase(), line]))
  return (name) => lowered.get(name)
}

function one(lines: string | readonly string[] | undefined, separator = ', '): string | undefined {
  return typeof lines === 'object' ? lines.join(separator) : lines
}

/** One line, or none. A value with a line break is none that HTTP can carry, and must not become two. */
function headerLine(name: string, value: string | undefined): string {
  return value === undefined ? '' : `${name}: ${value.replace(/[\r\n]/g, '%')}\n`
}

/** All `Authorization` lines: Node.js keeps only the first of several in `headers`, and the guard refuses several. */
function authorization(read: Read, raw: string[] | undefined): string | readonly string[] | undefined {
  const lines = read('authorization')
  if (typeof lines !== 'string') return lines
  // What the application has put into `headers` since is its own word and stands alone.
  if (raw !== undefined) return moreInRaw(raw, lines) ?? lines
  // `Headers` joins several lines by a comma, which no bearer token holds.
  return lines.includes(',') && /^bearer\b/i.test(lines) ? lines.split(',') : lines
}

function moreInRaw(raw: string[], first: string): string[] | undefined {
  const found: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!
    if (name.length === 13 && name.toLowerCase() === 'authorization') found.push(raw[index + 1]!)
  }
  return found.length > 1 && found[0] === first ? found : undefined
}

/** Writes the wanted cookies of an object as a `Cookie` header. A value that none can carry is no token either, and stays that. */
function cookieLine(cookies: CookiesLike, names: readonly string[]): string | undefined {
  const pairs: string[] = []
  for (const name of names) {
    const found = typeof cookies.get === 'function' ? cookies.get(name) : (cookies as Record<string, unknown>)[name]
    const value = typeof found === 'object' && found !== null ? (found as { value?: unknown }).value : found
    if (typeof value !== 'string') continue
    pairs.push(`${name}=${value.replace(/[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/g, '%')}`)
  }
  return pairs.length === 0 ? undefined : pairs.join('; ')
}
