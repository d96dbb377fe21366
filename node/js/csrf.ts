import type { IncomingMessage } from 'node:http'
import { type NativeCsrfTokens, csrfCookieHeader, csrfTokens, denialOf } from '../native/index.js'
import type { AuthContext } from './auth_context.js'
import { AuthError, unwrap } from './auth_error.js'
import { type Middleware, type OnDenied, answerDenied } from './native_middleware.js'
import { headerName, object, optionalFunction, text, wrong } from './option_checks.js'

/** The cookie that gives a page its token. */
export const CSRF_COOKIE_NAME = 'logto_csrf_token'
/** The header in which a page sends its token back. */
export const CSRF_HEADER_NAME = 'x-csrf-token'

/** What binds a token to a session. */
export interface CsrfBinding {
  /** A secret of at least 32 bytes that only the server knows; the same on all instances. */
  secret: string
  /** Whose token it is: the id of a session or a user. A token of one is worth nothing for another. */
  sessionId: string
}

/** The options of {@link buildCsrfCookieHeader}. */
export interface CsrfCookieOptions {
  /** Default {@link CSRF_COOKIE_NAME}. */
  cookieName?: string | undefined
  /** Leaves `Secure` out, for plain http on loopback. Default false. */
  forLoopback?: boolean | undefined
}

/** The options of {@link createCsrfMiddleware}. */
export interface CsrfMiddlewareOptions<Request extends IncomingMessage = any> extends CsrfCookieOptions {
  /** A secret of at least 32 bytes that only the server knows; the same on all instances. */
  secret: string
  /** Whose token it is. Default: the user's or guest's id in `req.auth`, so that the auth middleware must come before. */
  sessionId?: ((request: Request) => string | null | undefined) | undefined
  /** The header in which the token comes back. Default {@link CSRF_HEADER_NAME}. */
  headerName?: string | undefined
  /** Replaces the answer to requests that are not admitted. */
  onDenied?: OnDenied<Request> | undefined
}

/**
 * A new token for a session: random, and bound to it by HMAC.
 *
 * @throws {@link ConfigError} for a secret that is shorter than 32 bytes.
 */
export function generateCsrfToken({ secret, sessionId }: CsrfBinding): string {
  return unwrap(tokensOf(secret).issue(text('sessionId', sessionId)))
}

/** Whether a token was issued for this session, in the same time for every wrong token. */
export function verifyCsrfToken(token: string | null | undefined, { secret, sessionId }: CsrfBinding): boolean {
  return typeof token === 'string' && tokensOf(secret).verify(text('sessionId', sessionId), token)
}

/** The value of the `Set-Cookie` header that gives a page its token: readable by scripts, `Secure; SameSite=Strict`. */
export function buildCsrfCookieHeader(token: string, options: CsrfCookieOptions = {}): string {
  const { cookieName = CSRF_COOKIE_NAME } = options
  const name = text('cookieName', cookieName)
  return unwrap(csrfCookieHeader(name, text('token', token), options.forLoopback !== true))
}

/**
 * A middleware for clients that send neither `Sec-Fetch-Site` nor `Origin`: gives every page a token in a cookie, and asks for it
 * in a header when a request changes something. Others need it not: the auth middleware checks where a request comes from.
 *
 * @throws {@link ConfigError} at once for a secret that is shorter than 32 bytes.
 *
 * @example
 * app.use(createExpressAuthMiddleware(options), createCsrfMiddleware({ secret: process.env.CSRF_SECRET }))
 */
export function createCsrfMiddleware<Request extends IncomingMessage = any>(
  options: CsrfMiddlewareOptions<Request>,
): Middleware<Request> {
  const { onDenied, forLoopback } = object('options', options, MIDDLEWARE_OPTIONS)
  optionalFunction('onDenied', onDenied)
  if (forLoopback !== undefined && typeof forLoopback !== 'boolean') throw wrong('forLoopback', forLoopback, 'true or false')
  const tokens = tokensOf(options.secret)
  const { cookieName = CSRF_COOKIE_NAME, headerName: header = CSRF_HEADER_NAME } = options
  const sentIn = headerName('headerName', header)
  const sessionOf = optionalFunction('sessionId', options.sessionId) ?? sessionOfAuth
  // A name that no cookie can have is found now and not at the first request.
  buildCsrfCookieHeader(unwrap(tokens.issue('')), options)
  return function logtoCsrf(request, response, next) {
    let session: string | undefined
    try {
      session = sessionOf(request) ?? undefined
      if (session !== undefined) text('the result of sessionId', session)
    } catch (error) {
      return next(error)
    }
    const sent = request.headers[sentIn]
    const held = cookieValue(request, cookieName)
    const holds = session !== undefined && held !== undefined && tokens.verify(session, held)
    if (!isSafe(request.method)) {
      if (holds && sent === held) return next()
      const error = new AuthError(denialOf('csrf_failed'))
      if (onDenied === undefined) return answerDenied(error, response)
      Promise.resolve()
        .then(() => onDenied(error, request, response, next))
        .catch(next)
      return
    }
    if (!holds && session !== undefined && !response.headersSent) {
      response.appendHeader('set-cookie', buildCsrfCookieHeader(unwrap(tokens.issue(session)), options))
    }
    next()
  }
}

const MIDDLEWARE_OPTIONS = ['secret', 'sessionId', 'cookieName', 'headerName', 'forLoopback', 'onDenied']

const known = new Map<string, NativeCsrfTokens>()

function tokensOf(secret: string): NativeCsrfTokens {
  if (typeof secret !== 'string') throw wrong('secret', secret, 'at least 32 random bytes, for example from openssl rand -base64 32')
  let tokens = known.get(secret)
  if (tokens === undefined) {
    tokens = unwrap(csrfTokens(secret))
    // A program has one secret, or two while it changes them.
    if (known.size >= 8) known.clear()
    known.set(secret, tokens)
  }
  return tokens
}

function sessionOfAuth(request: IncomingMessage): string | undefined {
  const auth = (request as { auth?: AuthContext }).auth
  return auth?.userId ?? auth?.guestId
}

/** RFC 9110 §9.2.1. */
function isSafe(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
}

function cookieValue(request: IncomingMessage, name: string): string | undefined {
  const pair = request.headers.cookie?.split(/; */).find((pair) => pair.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}
