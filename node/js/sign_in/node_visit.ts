import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpAnswer, NativeApplication, NativeSession, Refusal } from '../../native/index.js'
import { ExpressStorage } from './express_storage.js'
import { beforeHead, formOf, headerLines, sendAnswer } from './http_exchange.js'
import { type LogtoConfig, NOTHING_MORE, type Place, application, contextOfConfig, originOf } from './logto_config.js'
import { type LogtoContext, LogtoSession, type SessionSource } from './logto_session.js'
import { granted, pairs } from './sign_in_error.js'
import { Jar } from './storage.js'

/** A request of Node.js, with what Express, `express-session` and body parsers put into it. @internal */
export interface NodeRequest extends IncomingMessage {
  baseUrl?: string
  originalUrl?: string
  session?: object | null
  body?: unknown
}

/** What a request's sign-in is about. @internal */
export interface Visit {
  engine: NativeApplication
  prefix: string
  /** Where the session is, unless it is in cookies or behind one. */
  jar: Jar | undefined
  isInCookies: boolean
  /** The headers that count. */
  lines: () => string
}

/** A visit whose session was looked at: who is signed in, and the way to tokens. @internal */
export interface LoadedVisit extends Visit {
  user: LogtoContext
  logto: LogtoSession
}

/** Answers a request to a route of sign-in below `prefix`. @internal */
export async function answerRoute(
  config: LogtoConfig,
  prefix: string,
  request: NodeRequest,
  response: ServerResponse,
): Promise<void> {
  const { engine, jar, lines } = await visitOf(config, request, prefix)
  const url = urlOf(request)
  const answer = await engine.handle(request.method ?? 'GET', url, prefix, lines(), await formOf(request))
  if (jar === undefined) return sendAnswer(answer, response)
  const cookies: string[] = []
  const headers: string[] = []
  for (const [name, value] of pairs(answer.headers)) {
    if (name === 'set-cookie') cookies.push(value)
    else headers.push(name, value)
  }
  if (isSignIn(url, answer, cookies)) await jar.renew()
  await jar.take(cookies)
  sendAnswer({ ...answer, headers }, response)
}

/** Whether somebody has signed in just now, and not on a second click. */
function isSignIn(url: string, { status }: HttpAnswer, setCookies: readonly string[]): boolean {
  const gives = setCookies.some((header) => !header.includes('Max-Age=0'))
  return gives && status === 303 && /\/sign-in-callback\/?$/.test(url.split('?', 1)[0]!)
}

/**
 * Looks who is signed in: at once where nothing has to be waited for. Where it cannot be known the request is answered, and nothing is
 * returned.
 *
 * @internal
 */
export function load(
  config: LogtoConfig,
  prefix: string,
  request: NodeRequest,
  response: ServerResponse,
): LoadedVisit | Promise<LoadedVisit | undefined> {
  const visit = visitOf(config, request, prefix)
  if (visit instanceof Promise) return visit.then((visit) => loadWhole(config, visit, response))
  const asked = contextOfConfig(config)
  const glance = asked === NOTHING_MORE ? visit.engine.glance(request.headers.cookie ?? '') : null
  return glance === null ? loadWhole(config, visit, response) : seen(glance, visit, response)
}

async function loadWhole(config: LogtoConfig, visit: Visit, response: ServerResponse): Promise<LoadedVisit | undefined> {
  const found = await visit.engine.visit(visit.lines(), contextOfConfig(config))
  if (typeof found === 'string') return seen(found, visit, response)
  if ('answer' in found) {
    sendAnswer((found as Refusal).answer, response)
    return undefined
  }
  if (found.hasChanged) await visit.jar?.take(found.cookiesFor([]))
  return seen(found.firstContext!, visit, response, found)
}

function seen(context: string, visit: Visit, response: ServerResponse, session?: NativeSession): LoadedVisit {
  const user = JSON.parse(context) as LogtoContext
  const source = new LaterSource(visit, response, session)
  if (session || user.isAuthenticated || visit.isInCookies) {
    beforeHead(response, () => addToHead(visit, source.session, user, response))
  }
  return { ...visit, user, logto: new LogtoSession(source) }
}

/** A session that is one for the whole request, found when it is needed, whose changes go into its place. */
class LaterSource implements SessionSource {
  session: NativeSession | undefined
  readonly #visit: Visit
  readonly #response: ServerResponse
  #loading: Promise<NativeSession> | undefined

  constructor(visit: Visit, response: ServerResponse, session?: NativeSession) {
    this.#visit = visit
    this.#response = response
    this.session = session
  }

  async load(): Promise<NativeSession> {
    if (this.session !== undefined) return this.session
    this.#loading ??= this.#visit.engine.session(this.#visit.lines()).then(granted)
    try {
      return (this.session = await this.#loading)
    } finally {
      // A store that was away may be back at the next attempt.
      this.#loading = undefined
    }
  }

  async keep(session: NativeSession): Promise<void> {
    await this.#visit.jar?.take(session.cookiesFor([]))
  }

  canKeep(): boolean {
    return !this.#visit.isInCookies || !this.#response.headersSent
  }
}

/** Cookies that have changed, and that a page for one person alone is for no cache. */
function addToHead({ jar }: Visit, session: NativeSession | undefined, user: LogtoContext, response: ServerResponse): void {
  const isPage = String(response.getHeader('content-type')).startsWith('text/html')
  if (isPage && user.isAuthenticated && !response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store')
  if (jar !== undefined || !session?.hasChanged) return
  const own = [response.getHeader('set-cookie') ?? []].flat() as string[]
  const more = session.cookiesFor(own)
  if (more.length === 0) return
  response.setHeader('set-cookie', [...own, ...more])
  response.setHeader('cache-control', 'no-store')
}

function visitOf(config: LogtoConfig, request: NodeRequest, prefix: string): Visit | Promise<Visit> {
  const place = placeOf(config, request)
  const header = (name: string) => request.headers[name]
  const engine = application(config, place, originOf(config, header))
  const isInCookies = place === 'cookies'
  // Whatever the application makes of the headers afterwards: a request has one session.
  const cookies = request.headers.cookie ?? ''
  if (place !== 'storage') return { engine, prefix, jar: undefined, isInCookies, lines: () => headerLines(header, cookies) }
  const jar = new Jar(new ExpressStorage(request))
  return jar.line().then((line) => ({ engine, prefix, jar, isInCookies, lines: () => headerLines(header, line) }))
}

/** Configurations whose sessions have been seen in `express-session`. */
const inStorage = new WeakSet<LogtoConfig>()

function placeOf(config: LogtoConfig, request: NodeRequest): Place {
  const { sessions } = config
  if (sessions === undefined) {
    if (request.session) inStorage.add(config)
    // `express-session` leaves it out while its store is away: that must not become a sign-in of another kind.
    else if (inStorage.has(config)) throw unavailable()
    return request.session ? 'storage' : 'cookies'
  }
  if (typeof sessions === 'object') return 'redis'
  return sessions === 'express-session' ? 'storage' : sessions
}

function unavailable(): Error {
  const error = new Error('the session store cannot be reached: the request has no session, as others had')
  return Object.assign(error, { code: 'session_store_unavailable', status: 503, headers: { 'retry-after': '5' } })
}

/** The path and query that the browser asked for. @internal */
export function urlOf(request: NodeRequest): string {
  return request.originalUrl ?? request.url ?? '/'
}
