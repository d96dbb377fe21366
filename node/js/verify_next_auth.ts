import { admit } from './admission.js'
import type { AuthContext, AuthPayload } from './auth_context.js'
import { AuthError, type AuthErrorCode } from './auth_error.js'
import { compile } from './compiled_options.js'
import type { RequestLike } from './request_head.js'
import type { VerifyAuthOptions } from './verify_auth_options.js'

/** What {@link verifyNextAuth} found. */
export type NextAuthResult<Claims extends object = AuthPayload> =
  | {
      success: true
      auth: AuthContext<Claims>
      /** Headers to send with the answer: the cookie of a guest who is new. */
      headers?: Headers
    }
  | {
      success: false
      /** One sentence for people. */
      error: string
      /** The stable name of the refusal. */
      code: AuthErrorCode
      /** The status to answer. */
      status: number
      /** Headers to send with the answer: `www-authenticate`, `retry-after`, `cache-control`. */
      headers: Headers
    }

/**
 * Verifies who makes a request, without throwing for what the request brings.
 *
 * @param request - a `NextRequest`, a `Request`, a `NextApiRequest`, or `{headers: await headers(), cookies: await cookies()}` in a
 * server component.
 * @throws {@link ConfigError} where an option is wrong.
 *
 * @example
 * export async function GET(request) {
 *   const result = await verifyNextAuth(request, { logtoUrl: process.env.LOGTO_URL, audience: process.env.LOGTO_AUDIENCE })
 *   if (!result.success) return Response.json({ error: result.error }, { status: result.status, headers: result.headers })
 *   return Response.json({ userId: result.auth.userId })
 * }
 */
export async function verifyNextAuth<Claims extends object = AuthPayload, Request = any>(
  request: RequestLike,
  options: VerifyAuthOptions<Request>,
): Promise<NextAuthResult<Claims>> {
  const compiled = compile(options)
  try {
    const { auth, setCookie } = await admit(request, compiled)
    const result = { success: true as const, auth: auth as AuthContext<Claims> }
    return setCookie === undefined ? result : { ...result, headers: new Headers({ 'set-cookie': setCookie }) }
  } catch (error) {
    if (!(error instanceof AuthError)) throw error
    const { 'content-type': _, ...headers } = error.headers
    return {
      success: false,
      error: error.message,
      code: error.code,
      status: error.status,
      headers: new Headers(headers),
    }
  }
}
