import { admit } from './admission.js'
import type { AuthContext, AuthPayload, UserContext } from './auth_context.js'
import { compile } from './compiled_options.js'
import type { RequestLike } from './request_head.js'
import type { VerifyAuthOptions } from './verify_auth_options.js'

/**
 * Verifies who makes a request.
 *
 * The token is looked for in the cookie, then in `Authorization: Bearer`. A token that was verified before is answered without
 * leaving the JavaScript thread, and so is one whose check takes no longer than the way to another thread (ES256, EdDSA, RSA).
 * What takes longer (ES384, ES512) is checked elsewhere, unless it is the only check at the time: see the README.
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
export function verifyAuth<Claims extends object = AuthPayload, Request = any>(
  tokenOrRequest: string | RequestLike,
  options: VerifyAuthOptions<Request>,
): Promise<AuthContext<Claims>> {
  return contextOf(tokenOrRequest, options) as Promise<AuthContext<Claims>>
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
export function verifyLogtoToken<Claims extends object = AuthPayload>(
  token: string,
  options: VerifyAuthOptions<string>,
): Promise<UserContext<Claims>> {
  return contextOf(token, options && { ...options, allowGuest: false }) as Promise<UserContext<Claims>>
}

/** Without `async`: what is decided at once costs one promise and no turn of the queue. */
function contextOf(tokenOrRequest: string | RequestLike, options: VerifyAuthOptions): Promise<AuthContext> {
  try {
    const admission = admit(tokenOrRequest, compile(options))
    return admission instanceof Promise ? admission.then(({ auth }) => auth) : Promise.resolve(admission.auth)
  } catch (error) {
    return Promise.reject(error)
  }
}
