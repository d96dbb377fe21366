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
export { ExpressStorage } from './sign_in/express_storage.js'
export { handleAuthRoutes, requireSignIn, withLogto } from './sign_in/express_sign_in.js'
export { type ClientAdapter, type FirstScreen, LogtoClient, type SignInOptions } from './sign_in/logto_client.js'
export type { GetContextOptions, LogtoConfig } from './sign_in/logto_config.js'
export type { ContextError, IdTokenClaims, LogtoContext, LogtoSession } from './sign_in/logto_session.js'
export { SignInError, type SignInErrorCode } from './sign_in/sign_in_error.js'
export type { Storage } from './sign_in/storage.js'
