/**
 * For Next.js: App Router route handlers, server components and actions, Pages API routes, and `proxy` on the Node.js runtime.
 *
 * The package holds a native addon, which a bundler must leave alone: `serverExternalPackages: ['logto-authkit']` in the Next.js
 * configuration.
 *
 * @module
 */
export { type NextAuthResult, verifyNextAuth } from './verify_next_auth.js'
export type { AuthContext, AuthPayload, GuestContext, UserContext } from './auth_context.js'
export { AuthError, type AuthErrorCode, ConfigError } from './auth_error.js'
export type { VerifyAuthOptions } from './verify_auth_options.js'
