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
export {
  createAuthRoutes,
  createPagesAuthRoutes,
  getAccessToken,
  getLogtoContext,
  getOrganizationToken,
  handleSignIn,
  protect,
  signIn,
  signOut,
  withLogtoApiRoute,
} from './sign_in/next_sign_in.js'
export type { FirstScreen, SignInOptions } from './sign_in/logto_client.js'
export type { GetContextOptions, LogtoConfig } from './sign_in/logto_config.js'
export type { ContextError, IdTokenClaims, LogtoContext, LogtoSession } from './sign_in/logto_session.js'
export { SignInError, type SignInErrorCode } from './sign_in/sign_in_error.js'
