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
  /** The headers as Node.js has them, with names in lower case. One of the two is there. */
  readonly #lowered: Lowered | undefined
  readonly #others: Others | undefined
  readonly #authorization: Line
  readonly #cookie: string | undefined

  constructor(request: RequestLike, { cookieNames, admitsGuests }: Readable) {
    this.#request = request
    // Every member is read once: no two requests of Express look alike to the compiler, and each read is a search.
    const { headers, cookies, rawHeaders } = request as RequestLike & { rawHeaders?: unknown }
    const raw = Array.isArray(rawHeaders) ? (rawHeaders as string[]) : undefined
    const isNode = raw !== undefined && typeof headers.get !== 'function'
    this.#lowered = isNode ? (headers as Lowered) : undefined
    this.#others = isNode ? undefined : others(headers)
    this.#authorization = authorization(this.#read('authorization'), raw)
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

  #read(name: string): Line {
    return (this.#lowered === undefined ? this.#others?.get(name) : this.#lowered[name]) ?? undefined
  }
}

function bearerToken(authorization: Line): string | undefined {
  return typeof authorization === 'string' && authorization.startsWith('Bearer ') ? authorization.slice(7) : undefined
}

type Line = string | readonly string[] | undefined
type Lowered = { readonly [name: string]: Line | null }
type Others = { get(name: string): Line | null | undefined }

/** Anybody else's object may have names in any case. */
function others(headers: HeadersLike): Others {
  if (typeof headers.get === 'function') return headers as Others
  return new Map(Object.entries(headers as Lowered).map(([name, line]) => [name.toLowerCase(), line]))
}

function one(lines: Line, separator = ', '): string | undefined {
  return typeof lines === 'object' ? lines.join(separator) : lines
}

/** One line, or none. A value with a line break is none that HTTP can carry, and must not become two. */
function headerLine(name: string, value: string | undefined): string {
  return value === undefined ? '' : `${name}: ${value.replace(/[\r\n]/g, '%')}\n`
}

/** All `Authorization` lines: Node.js keeps only the first of several in `headers`, and the guard refuses several. */
function authorization(lines: Line, raw: string[] | undefined): Line {
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
