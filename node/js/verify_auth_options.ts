import type { AuthPayload } from './auth_context.js'

/** An algorithm that tokens may be signed with. */
export type Algorithm =
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'EdDSA'

/**
 * What a token must satisfy, and where it is looked for.
 *
 * Options are checked once per distinct set, not per call: the same values in a new object cost a comparison.
 *
 * @typeParam Request - what the functions among the options are called with.
 */
export interface VerifyAuthOptions<Request = any> {
  /** The address of the Logto server, without `/oidc`: `https://tenant.logto.app`. `https`, or `http` on loopback. */
  logtoUrl: string
  /**
   * The API resource that tokens must be for, or several of which each is accepted. Required; it may be left out only where
   * `organization` is given and the tokens are for the organization itself.
   */
  audience?: string | string[] | undefined
  /** The cookie that holds the token. Default `logto_authtoken`. */
  cookieName?: string | undefined
  /** One scope that the token must carry. Compared whole: `read` is not in `read:all`. */
  requiredScope?: string | undefined
  /** Several scopes; see `scopeMode`. An empty list is a mistake, not a yes. */
  requiredScopes?: string[] | undefined
  /** Whether all of `requiredScopes` are needed or any one. Default `all`. */
  scopeMode?: 'all' | 'any' | undefined
  /** Roles that the token's holder must have, all of them. Compared whole. */
  requiredRoles?: string[] | undefined
  /** The claims in which `requiredRoles` are looked for. Default `roles`, then `role`. */
  roleClaimKeys?: string[] | undefined
  /**
   * The organization that tokens must belong to: its id, `'any'` (read `payload.organization_id` then), or a function that finds
   * the id in the request. A request in which the function finds none is answered with 400. Default: tokens that were issued
   * inside an organization are refused, because their permissions say nothing about the whole application.
   */
  organization?: string | 'any' | ((request: Request) => string | null | undefined) | undefined
  /** Whether visitors without an accepted token are admitted as guests. An outage of the issuer makes nobody a guest. Default false. */
  allowGuest?: boolean | undefined
  /** The cookie that holds a guest's id. Default `guest_logto_authtoken`. */
  guestCookieName?: string | undefined
  /** How far the issuer's clock may differ, in seconds, for `exp` and `nbf`. Default 0, at most 300. */
  clockTolerance?: number | undefined
  /** Only these algorithms. Default: all of {@link Algorithm}. */
  algorithms?: Algorithm[] | undefined
  /**
   * A check of the application's own, called with the claims of a token that passed everything else. Anything but `true` refuses
   * it with `claim_rejected`.
   */
  validateClaims?: ((payload: AuthPayload, request: Request) => boolean | Promise<boolean>) | undefined
  /** How long fetched keys are fresh, in milliseconds. Default 300 000 (5 minutes), from 0 to 86 400 000 (24 hours). */
  jwksCacheTtlMs?: number | undefined
  /** Asks the issuer for its keys at every call, past all caches and without touching them. For a diagnosis. Default false. */
  skipJwksCache?: boolean | undefined
  /** How many verified tokens are remembered. Default 10 000; 0 remembers none; at most 10 000 000. */
  tokenCacheSize?: number | undefined
  /** Another time of day than now. For tests. */
  currentDate?: Date | undefined
}
