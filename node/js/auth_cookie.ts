import { authCookieHeader } from '../native/index.js'
import { unwrap } from './auth_error.js'

/** How the cookie that carries an access token is set. */
export interface AuthCookieOptions {
  /** Default `logto_authtoken`. */
  cookieName?: string | undefined
  /** How long the browser keeps it, in seconds. Default 604 800 (7 days). */
  maxAge?: number | undefined
  /** When it is sent along with requests from other sites. Default `strict`: never. */
  sameSite?: 'strict' | 'lax' | 'Strict' | 'Lax' | undefined
  /** Default `/`. */
  path?: string | undefined
  /** The domain whose hosts it is sent to. Default: this host alone. */
  domain?: string | undefined
  /** Leaves `Secure` out, for plain http on loopback. Default false. */
  forLoopback?: boolean | undefined
}

/**
 * The value of a `Set-Cookie` header that stores an access token, `HttpOnly; Secure; SameSite=Strict`; or, for `null`, one that
 * removes it.
 *
 * @throws {@link ConfigError} for a value that is no token, or one that browsers would drop because it is larger than 4 096 bytes.
 *
 * @example
 * response.headers.append('set-cookie', buildAuthCookieHeader(accessToken))
 */
export function buildAuthCookieHeader(token: string | null, options: AuthCookieOptions = {}): string {
  // A token that is empty by mistake must not remove the cookie.
  return unwrap(authCookieHeader(token === null ? '' : token || ' ', JSON.stringify(options)))
}
