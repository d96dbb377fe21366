import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpAnswer, NativeApplication, NativeSession, Refusal } from '../../native/index.js'
import { ConfigError } from '../auth_error.js'
import type { Middleware, NextFunction } from '../native_middleware.js'
import { ExpressStorage } from './express_storage.js'
import { beforeHead, formOf, headerLines, sendAnswer } from './http_exchange.js'
import { type LogtoConfig, type Place, application, check } from './logto_config.js'
import { type LogtoContext, LogtoSession } from './logto_session.js'
import { SignInError, pairs } from './sign_in_error.js'
import { Jar } from './storage.js'

declare global {
  namespace Express {
    interface Request {
      /** Who is signed in: set by `withLogto`, on routes behind it. */
      user: LogtoContext
      /** The way to the user's tokens: set by `withLogto`, on routes behind it. */
      logto: LogtoSession
    }
  }
}

/** What Express and express-session put into a request. */
interface ExpressRequest extends IncomingMessage {
  baseUrl?: string
  originalUrl?: string
  session?: { regenerate?: (done: (error: unknown) => void) => void } | null
  body?: unknown
}

/** What a request's sign-in is about. */
interface Visit {
  engine: NativeApplication
  prefix: string
  /** Where the session is, unless it is in cookies or behind one. */
  jar: Jar | undefined
  lines: string
}

const visits = new WeakMap<IncomingMessage, Visit & { isAuthenticated: boolean }>()

/**
 * The routes of sign-in: `/auth/sign-in`, `/auth/sign-up`, `/auth/sign-in-callback`, `/auth/sign-out`, `/auth/user`, and
 * `/auth/backchannel-logout` where sessions are in Redis or memory. Everything else goes on to the next handler.
 *
 * It may be mounted below a path; that path is then part of the redirect URI.
 *
 * @throws {@link ConfigError} at once where an option is wrong.
 *
 * @example
 * app.use(session({ secret, resave: false, saveUninitialized: false }))
 * app.use(handleAuthRoutes(config))
 */
export function handleAuthRoutes(config: LogtoConfig): Middleware<any> {
  check(config)
  return function logtoRoutes(request: ExpressRequest, response, next) {
    answerRoute(config, request, response).then((isAnswered) => isAnswered || next(), next)
  }
}

/**
 * Finds out who is signed in: `req.user`, and `req.logto` for the way to tokens. Somebody who is not signed in is let through; see
 * {@link requireSignIn}.
 *
 * Where the session store cannot be reached the answer is 503, and nobody is signed out. Where Logto cannot be reached, `req.user` still
 * says who is signed in, and `req.user.error` why something is missing.
 *
 * @throws {@link ConfigError} at once where an option is wrong.
 *
 * @example
 * app.get('/', withLogto(config), (req, res) => res.send(req.user.isAuthenticated ? `Hello, ${req.user.claims.name}` : 'Hello'))
 */
export function withLogto(config: LogtoConfig): Middleware<any> {
  check(config)
  return function logtoContext(request: ExpressRequest, response, next) {
    loadContext(config, request, response).then((isLoaded) => isLoaded && next(), next)
  }
}

/**
 * Lets only those through who are signed in, behind {@link withLogto}: a browser is sent to sign in and back again, anything else is
 * answered with 401.
 *
 * @example
 * app.get('/account', withLogto(config), requireSignIn(), (req, res) => res.send(req.user.claims.sub))
 */
export function requireSignIn(): Middleware<any> {
  return function logtoRequireSignIn(request: ExpressRequest, response: ServerResponse, next: NextFunction) {
    const visit = visits.get(request)
    if (visit === undefined) {
      const hint = 'put withLogto(config) in front of requireSignIn()'
      return next(new ConfigError({ option: 'requireSignIn', problem: 'nobody has looked who is signed in', hint }))
    }
    if (visit.isAuthenticated) return next()
    const { engine, prefix, lines } = visit
    sendAnswer(engine.requireSignIn(request.method ?? 'GET', urlOf(request), prefix, lines), response)
  }
}

async function answerRoute(config: LogtoConfig, request: ExpressRequest, response: ServerResponse): Promise<boolean> {
  const path = urlOf(request).split('?', 1)[0]!
  const prefix = prefixesOf(config, request).find((prefix) => path.startsWith(`${prefix}/`))
  if (prefix === undefined) return false
  const { engine, jar, lines } = await visitOf(config, request, prefix)
  const body = await formOf(request)
  const answer = await engine.handle(request.method ?? 'GET', urlOf(request), prefix, lines, body)
  if (jar === undefined) {
    sendAnswer(answer, response)
    return true
  }
  const setCookies = [...pairs(answer.headers)].filter(([name]) => name === 'set-cookie').map(([, value]) => value)
  if (isSignIn(path, answer, setCookies)) await makeNewSession(request, jar)
  await jar.take(setCookies)
  const headers = [...pairs(answer.headers)].filter(([name]) => name !== 'set-cookie').flat()
  sendAnswer({ ...answer, headers }, response)
  return true
}

/** Whether somebody has signed in just now, and not on a second click. */
function isSignIn(path: string, answer: HttpAnswer, setCookies: readonly string[]): boolean {
  const gives = setCookies.some((header) => !header.includes('Max-Age=0'))
  return gives && answer.status === 303 && /\/sign-in-callback\/?$/.test(path)
}

/** Under an id that nobody has seen, so that no id from before is worth anything. */
async function makeNewSession(request: ExpressRequest, jar: Jar): Promise<void> {
  const kept = await jar.line()
  const { session } = request
  if (typeof session?.regenerate !== 'function') return
  await new Promise<void>((resolve, reject) => {
    session.regenerate!((error) => (error ? reject(error) : resolve()))
  })
  await jar.take(kept === '' ? [] : kept.split('; '))
}

async function loadContext(config: LogtoConfig, request: ExpressRequest, response: ServerResponse): Promise<boolean> {
  const visit = await visitOf(config, request, prefixesOf(config, request)[0]!)
  const found = await visit.engine.session(visit.lines)
  if ('answer' in found) {
    sendAnswer((found as Refusal).answer, response)
    return false
  }
  const source = sourceOf(visit, found, response)
  const session = new LogtoSession(source)
  const user = await session.getContext(config)
  visits.set(request, { ...visit, isAuthenticated: user.isAuthenticated })
  Object.assign(request, { user, logto: session })
  return true
}

/** A session that is one for the whole request, whose changes go into its place. */
function sourceOf({ jar }: Visit, session: NativeSession, response: ServerResponse) {
  const load = async (): Promise<NativeSession> => session
  if (jar !== undefined) return { load, keep: () => jar.take(session.cookiesFor([])) }
  beforeHead(response, () => {
    const own = [response.getHeader('set-cookie') ?? []].flat() as string[]
    const more = session.cookiesFor(own)
    if (more.length === 0) return
    response.setHeader('set-cookie', [...own, ...more])
    response.setHeader('cache-control', 'no-store')
  })
  return { load, keep: async () => {} }
}

async function visitOf(config: LogtoConfig, request: ExpressRequest, prefix: string): Promise<Visit> {
  const place = placeOf(config, request)
  const engine = application(config, place, config.baseUrl ?? loopbackOf(request))
  const jar = place === 'storage' ? new Jar(new ExpressStorage(request)) : undefined
  const lines = headerLines((name) => request.headers[name], await jar?.line())
  return { engine, prefix, jar, lines }
}

function placeOf({ sessions }: LogtoConfig, request: ExpressRequest): Place {
  if (sessions === undefined) return request.session ? 'storage' : 'cookies'
  if (typeof sessions === 'object') return 'redis'
  return sessions === 'express-session' ? 'storage' : sessions
}

/** Below which path a request's routes are: where Express has mounted them, and there the configuration's path, unless that is the mount's own. */
function prefixesOf({ authRoutesPrefix = '/auth' }: LogtoConfig, { baseUrl = '' }: ExpressRequest): string[] {
  const own = authRoutesPrefix.replace(/\/+$/, '')
  return baseUrl.endsWith(own) && baseUrl !== '' ? [baseUrl + own, baseUrl] : [baseUrl + own]
}

function urlOf(request: ExpressRequest): string {
  return request.originalUrl ?? request.url ?? '/'
}

/** In development the address that was asked for is good enough; elsewhere a request must not say where tokens are sent. */
function loopbackOf(request: ExpressRequest): string {
  const host = request.headers.host ?? ''
  if (/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host)) return `http://${host}`
  const hint = 'write the origin that browsers know, such as https://app.example.com'
  throw new ConfigError({ option: 'baseUrl', problem: 'it is missing', hint })
}

export { SignInError }
