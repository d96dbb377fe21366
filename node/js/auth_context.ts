import type { AuthErrorCode } from './auth_error.js'

/** The claims of a verified access token, as they were signed. Times are in seconds since 1970. */
export interface AuthPayload {
  iss: string
  sub: string
  aud: string | string[]
  exp: number
  iat?: number
  nbf?: number
  jti?: string
  scope?: string
  client_id?: string
  organization_id?: string
  [claim: string]: unknown
}

/** The holder of a verified token. */
export interface UserContext<Claims extends object = AuthPayload> {
  /** The user's id: the claim `sub`. */
  userId: string
  isAuthenticated: true
  /** The token's claims. */
  payload: Claims
  isGuest: false
  guestId?: undefined
  guestReason?: undefined
}

/** A visitor without an accepted token, where `allowGuest` admits guests. */
export interface GuestContext {
  userId: null
  isAuthenticated: false
  payload: null
  isGuest: true
  /** A random UUID, the same over the visitor's requests. */
  guestId: string
  /** Why the visitor is a guest: `no_token`, or the code of the token's refusal. */
  guestReason: 'no_token' | AuthErrorCode
}

/**
 * Who makes a request. Narrow it by `isAuthenticated`.
 *
 * @typeParam Claims - the shape of the payload, where the application knows more of it than {@link AuthPayload} says.
 */
export type AuthContext<Claims extends object = AuthPayload> = UserContext<Claims> | GuestContext
