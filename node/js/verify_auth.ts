import { admit } from './admission.js'
import type { AuthContext, AuthPayload, UserContext } from './auth_context.js'
import { compile } from './compiled_options.js'
import type { RequestLike } from './request_parts.js'
import type { VerifyAuthOptions } from './verify_auth_options.js'

/**
 * Verifies who makes a request.
 *
 * The token is looked for in the cookie, then in `Authorization: Bearer`. A token that was verified before is answered without
 * leaving the JavaScript thread; a signature is checked on another one.
 *
 * @param tokenOrRequest - a token, or anything with headers.
 * @returns the user, or with `allowGuest` a guest.
 * @throws {@link AuthError} where the request is not admitted; `code` says why, `status` what to answer.
 * @throws {@link ConfigError} where an option is wrong.
 * @typeParam Claims - the shape of the payload. The engine checks the registered claims; the rest is the application's word.
 *
 * @example
 * const auth = await verifyAuth(request, { logtoUrl: 'https://tenant.logto.app', audience: 'https://api.example.com' })
 * console.log(auth.userId)
 */
export async function verifyAuth<Claims extends object = AuthPayload, Request = any>(
  tokenOrRequest: string | RequestLike,
  options: VerifyAuthOptions<Request>,
): Promise<AuthContext<Claims>> {
  const admission = await admit(tokenOrRequest, compile(options))
  return admission.auth as AuthContext<Claims>
}

/**
 * Verifies a token alone.
 *
 * @returns the token's claims with the user's id; never a guest.
 * @throws {@link AuthError} where the token is refused.
 * @throws {@link ConfigError} where an option is wrong.
 *
 * @example
 * const { payload } = await verifyLogtoToken(token, { logtoUrl, audience: 'https://api.example.com' })
 */
export async function verifyLogtoToken<Claims extends object = AuthPayload>(
  token: string,
  options: VerifyAuthOptions<string>,
): Promise<UserContext<Claims>> {
  const admission = await admit(token, compile({ ...options, allowGuest: false }))
  return admission.auth as UserContext<Claims>
}
