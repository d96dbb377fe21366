import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpAnswer, NativeApplication, NativeSession, Refusal } from '../../native/index.js'
import { ConfigError } from '../auth_error.js'
import { object } from '../option_checks.js'
import { formText, headerLines } from './http_exchange.js'
import { SIGN_IN_OPTIONS, type SignInOptions } from './logto_client.js'
import { type GetContextOptions, type LogtoConfig, type Place, application, contextOptions, originOf, prefixOf } from './logto_config.js'
import { type ContextError, type LogtoContext, LogtoSession } from './logto_session.js'
import { answerRoute, load, urlOf } from './node_visit.js'
import { granted, pairs } from './sign_in_error.js'

/** As much of `next/headers` and `next/navigation` as is used: the package of the application, which is there where this runs. */
interface NextModules {
  'next/headers': { cookies(): Promise<CookieStore>; headers(): Promise<Headers> }
  'next/navigation': { redirect(url: string): never }
  'next/server': { NextResponse: { next(init: { request: { headers: Headers } }): Response } }
}

/** What `cookies()` of `next/headers` gives. */
interface CookieStore {
  getAll(): { name: string; value: string }[]
  set(cookie: Record<string, unknown>): unknown
}

function next<Name extends keyof NextModules>(name: Name): NextModules[Name] {
  return require(name)
}

/**
 * The routes of sign-in, as route handlers of `app/auth/[action]/route.ts`: `sign-in`, `sign-up`, `sign-in-callback`, `sign-out`, `user`,
 * and `backchannel-logout` where sessions are in Redis or memory.
 *
 * A wrong option shows at the first request and not before: while Next.js builds, the environment is another one.
 *
 * @example
 * export const { GET, POST } = createAuthRoutes(config)
 */
export function createAuthRoutes(config: LogtoConfig): Record<'GET' | 'POST', (request: Request) => Promise<Response>> {
  const answer = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url)
    const engine = engineOf(config, request.headers)
    // Wherever the application has put the file.
    const prefix = pathname.replace(/\/[^/]*\/?$/, '')
    const body = request.method === 'POST' ? await formText(request.body ?? []) : ''
    const lines = headerLines((name) => request.headers.get(name))
    return toResponse(await engine.handle(request.method, pathname + search, prefix, lines, body))
  }
  return { GET: answer, POST: answer }
}

/**
 * Who is signed in, in a server component, a server action or a route handler.
 *
 * Nothing is asked of Logto where sessions are in cookies, because a server component cannot give the browser new ones, and a refresh token
 * that was used and not kept would sign the user out: what is not there is missing and named in `error`. Put {@link protect} in front,
 * which renews it, or call {@link getAccessToken} in an action or a route handler.
 *
 * @example
 * const { isAuthenticated, claims } = await getLogtoContext(config)
 */
export async function getLogtoContext(config: LogtoConfig, options: GetContextOptions = config): Promise<LogtoContext> {
  const { session } = await visit(config)
  return placeOf(config) === 'cookies' ? knownContext(session, options) : JSON.parse(await session.context(contextOptions(options)))
}

/**
 * An access token for an API resource, inside an organization if one is given. In a server component it must be there already where sessions
 * are in cookies; in a server action or a route handler a new one is asked for when it is needed.
 *
 * @throws {@link SignInError} where nobody is signed in, Logto refuses, or it cannot be reached.
 */
export async function getAccessToken(config: LogtoConfig, resource?: string, organizationId?: string): Promise<string> {
  const { session, cookies } = await visit(config)
  const known = granted(session.knownAccessToken(resource ?? null, organizationId ?? null))
  if (known !== null) return known.token
  if (placeOf(config) === 'cookies' && session.isAuthenticated) assertWritable(cookies)
  try {
    return granted(await session.accessToken(resource ?? null, organizationId ?? null)).token
  } finally {
    keep(session.cookiesFor([]), cookies)
  }
}

/** A token for an organization itself, as {@link getAccessToken}. */
export async function getOrganizationToken(config: LogtoConfig, organizationId: string): Promise<string> {
  return getAccessToken(config, undefined, organizationId)
}

/**
 * Begins a sign-in, in a server action: the browser is sent to Logto. Without a `redirectUri` it comes back to the routes of
 * {@link createAuthRoutes} below `authRoutesPrefix`, and then goes to `postRedirectUri`.
 */
export async function signIn(config: LogtoConfig, options: Partial<SignInOptions> = {}): Promise<never> {
  const { engine, lines, cookies, origin } = await visit(config)
  const { postRedirectUri, redirectUri = `${origin.replace(/\/$/, '')}${prefixOf(config)}/sign-in-callback`, ...asked } = options
  object('options', asked, SIGN_IN_OPTIONS)
  const to = granted(await engine.signIn(lines, JSON.stringify({ ...asked, redirectUri, returnTo: postRedirectUri })))
  keep(to.setCookies, cookies)
  return next('next/navigation').redirect(to.location)
}

/**
 * Ends a sign-in, in a route handler of the application's own. `url` is all of what Logto sent the browser back to.
 *
 * @returns where the browser is to go, on the application's own origin.
 * @throws {@link SignInError} where it is not the answer to a sign-in of this browser, or Logto gave no identity.
 */
export async function handleSignIn(config: LogtoConfig, url: URL | string): Promise<string> {
  const { engine, lines, cookies } = await visit(config)
  const to = granted(await engine.handleCallback(lines, String(url)))
  keep(to.setCookies, cookies)
  const { pathname, search, hash } = new URL(to.location)
  return pathname + search + hash
}

/** Signs out, in a server action: here at once, and then at Logto, which sends the browser to an address that is registered there. */
export async function signOut(config: LogtoConfig, postLogoutRedirectUri?: string): Promise<never> {
  const { engine, lines, cookies, origin } = await visit(config)
  const to = granted(await engine.signOut(lines, postLogoutRedirectUri ?? `${origin.replace(/\/$/, '')}/`))
  keep(to.setCookies, cookies)
  return next('next/navigation').redirect(to.location)
}

/**
 * A `proxy` (on the Node.js runtime) that lets only those through who are signed in: a browser is sent to sign in and back again, anything
 * else is answered with 401. What the options ask for is renewed here, where the browser can be given new cookies, so that the server
 * components behind it find it.
 *
 * @example
 * export const proxy = protect(config)
 * export const config = { matcher: '/account/:path*' }
 */
export function protect(config: LogtoConfig): (request: Request) => Promise<Response> {
  return async (request) => {
    const engine = engineOf(config, request.headers)
    const lines = headerLines((name) => request.headers.get(name))
    const found = await engine.session(lines)
    if ('answer' in found) return toResponse((found as Refusal).answer)
    await found.context(contextOptions(config))
    if (!found.isAuthenticated) {
      const { pathname, search } = new URL(request.url)
      const answer = toResponse(engine.requireSignIn(request.method, pathname + search, prefixOf(config), lines))
      const location = answer.headers.get('location')
      // Next.js wants all of it from a proxy.
      if (location !== null) answer.headers.set('location', new URL(location, originOf(config, (name) => request.headers.get(name))).href)
      return answer
    }
    const setCookies = found.cookiesFor([])
    const headers = new Headers(request.headers)
    if (setCookies.length > 0) headers.set('cookie', cookiesAfter(headers.get('cookie') ?? '', setCookies))
    const response = next('next/server').NextResponse.next({ request: { headers } })
    for (const header of setCookies) response.headers.append('set-cookie', header)
    // For one person alone, whatever the page behind says.
    response.headers.set('cache-control', 'no-store')
    return response
  }
}

/**
 * The routes of sign-in for the Pages Router, as `pages/api/auth/[action].ts`.
 *
 * @example
 * export default createPagesAuthRoutes({ ...config, authRoutesPrefix: '/api/auth' })
 */
export function createPagesAuthRoutes(config: LogtoConfig): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const path = urlOf(request).split('?', 1)[0]!
    await answerRoute(config, path.replace(/\/[^/]*\/?$/, ''), request, response)
  }
}

/**
 * An API route of the Pages Router that knows who is signed in: `req.user`, and `req.logto` for the way to tokens.
 *
 * @example
 * export default withLogtoApiRoute(config, (req, res) => res.json(req.user))
 */
export function withLogtoApiRoute<Req extends IncomingMessage, Res extends ServerResponse>(
  config: LogtoConfig,
  handler: (request: Req & { user: LogtoContext; logto: LogtoSession }, response: Res) => unknown,
): (request: Req, response: Res) => Promise<void> {
  return async (request, response) => {
    const visit = await load(config, prefixOf(config), request, response)
    if (visit === undefined) return
    await handler(Object.assign(request, { user: visit.user, logto: visit.logto }), response)
  }
}

interface Visit {
  engine: NativeApplication
  session: NativeSession
  cookies: CookieStore
  lines: string
  origin: string
}

/** The request that is being answered, as Next.js knows it. */
async function visit(config: LogtoConfig): Promise<Visit> {
  const { cookies: cookieStore, headers: headerStore } = next('next/headers')
  const [cookies, headers] = await Promise.all([cookieStore(), headerStore()])
  const origin = originOf(config, (name) => headers.get(name))
  const engine = engineOf(config, headers)
  // Next.js has decoded the values: what is in one must not become several. Ours are the same either way.
  const line = cookies.getAll().map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ')
  const lines = headerLines((name) => headers.get(name), line)
  return { engine, session: granted(await engine.session(lines)), cookies, lines, origin }
}

function engineOf(config: LogtoConfig, headers: Headers): NativeApplication {
  return application(config, placeOf(config), originOf(config, (name) => headers.get(name)))
}

function placeOf({ sessions = 'cookies' }: LogtoConfig): Place {
  if (typeof sessions === 'object') return 'redis'
  if (sessions !== 'express-session') return sessions
  throw new ConfigError({ option: 'sessions', problem: 'Next.js has no express-session', hint: "write 'cookies' or { redis: 'redis://…' }" })
}

/** The context without any request: what is not there is missing. */
async function knownContext(session: NativeSession, options: GetContextOptions): Promise<LogtoContext> {
  const context = JSON.parse(await session.context('{}')) as LogtoContext
  if (!context.isAuthenticated) return context
  const missing = (what: string): ContextError => ({
    code: 'read_only',
    status: 503,
    message: `${what} would have to be asked for, which only an action, a route handler or a proxy may do`,
    retryAfter: null,
  })
  if (options.getAccessToken) {
    const known = granted(session.knownAccessToken(options.resource ?? null, options.organizationId ?? null))
    if (known === null) context.error = missing('an access token')
    else Object.assign(context, { accessToken: known.token, scopes: known.scopes })
  }
  if (options.fetchUserInfo) context.error ??= missing('userinfo')
  for (const id of options.getOrganizationToken ? (context.claims?.organizations ?? []) : []) {
    const known = granted(session.knownAccessToken(null, id))
    if (known === null) context.organizationErrors = { ...context.organizationErrors, [id]: missing('a token') }
    else context.organizationTokens = { ...context.organizationTokens, [id]: known.token }
  }
  return context
}

/** A server component cannot set cookies, and Next.js says so when it is tried: with one that nobody has. */
function assertWritable(cookies: CookieStore): void {
  try {
    cookies.set({ name: 'logto_writable', value: '', path: '/', maxAge: 0 })
  } catch (cause) {
    throw new Error('a new access token is needed here, where cookies cannot be set: call it in a server action or a route handler, or put protect() in front', { cause })
  }
}

/** Gives the browser cookies, by the words of Next.js. */
function keep(setCookies: readonly string[], cookies: CookieStore): void {
  for (const header of setCookies) {
    const [pair, ...attributes] = header.split(/; */)
    const at = pair!.indexOf('=')
    const cookie: Record<string, unknown> = { name: pair!.slice(0, at), value: pair!.slice(at + 1) }
    for (const attribute of attributes) {
      const [name, value] = attribute.split('=') as [string, string | undefined]
      const word = name.toLowerCase()
      if (word === 'path') cookie.path = value
      else if (word === 'max-age') cookie.maxAge = Number(value)
      else if (word === 'samesite') cookie.sameSite = value!.toLowerCase()
      else if (word === 'httponly') cookie.httpOnly = true
      else if (word === 'secure') cookie.secure = true
    }
    cookies.set(cookie)
  }
}

/** A `Cookie` header as the browser will send it from now on. */
function cookiesAfter(line: string, setCookies: readonly string[]): string {
  const pairs = setCookies.map((header) => header.split(';', 1)[0]!)
  const nameOf = (pair: string): string => pair.split('=', 1)[0]!.trim()
  const ours = new Set(pairs.map(nameOf))
  const others = line.split(';').filter((pair) => !ours.has(nameOf(pair)))
  return [...others.map((pair) => pair.trim()), ...pairs.filter((pair) => !pair.endsWith('='))].join('; ')
}

function toResponse({ status, headers, body }: HttpAnswer): Response {
  return new Response(body === '' ? null : body, { status, headers: [...pairs(headers)] })
}
