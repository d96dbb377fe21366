/**
 * For Express 4 and 5, and for everything else that takes `(req, res, next)`.
 *
 * @module
 */
export { type ExpressAuthOptions, createExpressAuthMiddleware } from './express_middleware.js'
export { type CsrfMiddlewareOptions, createCsrfMiddleware } from './csrf.js'
export type { AuthContext, AuthPayload, GuestContext, UserContext } from './auth_context.js'
export { AuthError, type AuthErrorCode, ConfigError } from './auth_error.js'
export type { Middleware, NextFunction, OnDenied } from './native_middleware.js'
export type { VerifyAuthOptions } from './verify_auth_options.js'
