import type { IncomingMessage, ServerResponse } from 'node:http'
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

const visits = new WeakMap<IncomingMessage, LoadedVisit>()

/** Below which path the routes are that a request has come by. */
const routesPassed = new WeakMap<IncomingMessage, string>()

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
  return function logtoRoutes(request: NodeRequest, response, next) {
    const path = urlOf(request).split('?', 1)[0]!
    const prefixes = prefixesOf(config, request)
    const prefix = prefixes.find((prefix) => path.startsWith(`${prefix}/`))
    if (prefix === undefined) {
      routesPassed.set(request, prefixes.at(-1)!)
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
  return function logtoContext(request: NodeRequest, response, next) {
    load(config, routesPassed.get(request) ?? prefixOf(config), request, response).then((visit) => {
      if (visit === undefined) return
      visits.set(request, visit)
      Object.assign(request, { user: visit.user, logto: visit.logto })
      // What a later handler throws is its own, and no rejection of ours.
      process.nextTick(next)
    }, next)
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
  return function logtoRequireSignIn(request: NodeRequest, response: ServerResponse, next: NextFunction) {
    const visit = visits.get(request)
    if (visit === undefined) {
      const hint = 'put withLogto(config) in front of requireSignIn()'
      return next(new ConfigError({ option: 'requireSignIn', problem: 'nobody has looked who is signed in', hint }))
    }
    if (visit.user.isAuthenticated) return next()
    const { engine, prefix, lines } = visit
    sendAnswer(engine.requireSignIn(request.method ?? 'GET', urlOf(request), prefix, lines), response)
  }
}

/** Below which path the routes may be: where Express has mounted them, and there the configuration's path, unless that is the mount's own. */
function prefixesOf(config: LogtoConfig, { baseUrl = '' }: NodeRequest): string[] {
  const own = prefixOf(config)
  return baseUrl.endsWith(own) ? [baseUrl + own, baseUrl] : [baseUrl + own]
}
