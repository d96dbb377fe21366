/**
 * Verification, permissions, cookies and cache controls for any Node.js server.
 *
 * @module
 */
export type { AuthContext, AuthPayload, GuestContext, UserContext } from './auth_context.js'
export { type AuthCookieOptions, buildAuthCookieHeader } from './auth_cookie.js'
export { AuthError, type AuthErrorCode, ConfigError } from './auth_error.js'
export {
  CSRF_COOKIE_NAME,
  CSRF_HEADER_NAME,
  type CsrfBinding,
  type CsrfCookieOptions,
  type CsrfMiddlewareOptions,
  buildCsrfCookieHeader,
  createCsrfMiddleware,
  generateCsrfToken,
  verifyCsrfToken,
} from './csrf.js'
export { type ExpressAuthOptions, createExpressAuthMiddleware } from './express_middleware.js'
export { type JwksStatus, clearJwksCache, invalidateJwksCache, jwksStatus, primeJwksCache } from './jwks_cache.js'
export type { Middleware, NextFunction, OnDenied } from './native_middleware.js'
export {
  type AuthSubject,
  type RoleOptions,
  type ScopeOptions,
  hasRole,
  hasScopes,
  requireRole,
  requireScopes,
} from './permissions.js'
export type { CookiesLike, HeadersLike, RequestLike } from './request_head.js'
export { verifyAuth, verifyLogtoToken } from './verify_auth.js'
export type { Algorithm, VerifyAuthOptions } from './verify_auth_options.js'
export { type NextAuthResult, verifyNextAuth } from './verify_next_auth.js'
