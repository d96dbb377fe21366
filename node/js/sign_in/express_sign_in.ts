import type { ServerResponse } from 'node:http'
import { ConfigError } from '../auth_error.js'
import type { Middleware, NextFunction } from '../native_middleware.js'
import { sendAnswer } from './http_exchange.js'
import { type LogtoConfig, check, prefixOf } from './logto_config.js'
import type { LogtoContext, LogtoSession } from './logto_session.js'
import { type LoadedVisit, type NodeRequest, answerRoute, load, urlOf } from './node_visit.js'

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

/** What a request carries along: members of it, because a weak map of requests costs the garbage collector more than all the rest. */
const VISIT = Symbol('who is signed in')
/** Below which path the routes are that a request has come by. */
const ROUTES = Symbol('where the routes of sign-in are')

interface MarkedRequest extends NodeRequest {
  [VISIT]?: LoadedVisit
  [ROUTES]?: string
  user?: LogtoContext
  logto?: LogtoSession
}

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
  return function logtoRoutes(request: MarkedRequest, response, next) {
    const path = urlOf(request).split('?', 1)[0]!
    const prefixes = prefixesOf(config, request)
    const prefix = prefixes.find((prefix) => path.startsWith(`${prefix}/`))
    if (prefix === undefined) {
      request[ROUTES] = prefixes.at(-1)!
      return next()
    }
    answerRoute(config, prefix, request, response).catch(next)
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
  return function logtoContext(request: MarkedRequest, response, next) {
    const loaded = (visit: LoadedVisit | undefined): boolean => {
      if (visit === undefined) return false
      request[VISIT] = visit
      request.user = visit.user
      request.logto = visit.logto
      return true
    }
    let visit: ReturnType<typeof load>
    try {
      visit = load(config, request[ROUTES] ?? prefixOf(config), request, response)
    } catch (error) {
      return next(error)
    }
    // What a later handler throws is its own, and no rejection of ours.
    if (visit instanceof Promise) visit.then((visit) => loaded(visit) && process.nextTick(next), next)
    else if (loaded(visit)) next()
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
  return function logtoRequireSignIn(request: MarkedRequest, response: ServerResponse, next: NextFunction) {
    const visit = request[VISIT]
    if (visit === undefined) {
      const hint = 'put withLogto(config) in front of requireSignIn()'
      return next(new ConfigError({ option: 'requireSignIn', problem: 'nobody has looked who is signed in', hint }))
    }
    if (visit.user.isAuthenticated) return next()
    const { engine, prefix, lines } = visit
    sendAnswer(engine.requireSignIn(request.method ?? 'GET', urlOf(request), prefix, lines()), response)
  }
}

/** Below which path the routes may be: where Express has mounted them, and there the configuration's path, unless that is the mount's own. */
function prefixesOf(config: LogtoConfig, { baseUrl = '' }: NodeRequest): string[] {
  const own = prefixOf(config)
  return baseUrl.endsWith(own) ? [baseUrl + own, baseUrl] : [baseUrl + own]
}
