import type { ConfigProblem, DenialAnswer } from '../native/index.js'

/** The stable name of a refusal: the same in Rust, in the HTTP body and here. */
export type AuthErrorCode =
  | 'missing_token'
  | 'invalid_request'
  | 'malformed_token'
  | 'unsupported_algorithm'
  | 'wrong_token_type'
  | 'invalid_claims'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'unknown_key'
  | 'invalid_signature'
  | 'wrong_organization'
  | 'missing_scope'
  | 'missing_role'
  | 'claim_rejected'
  | 'csrf_failed'
  | 'keys_unavailable'
  | 'misconfigured'

/**
 * A request that is not admitted. It holds everything that an answer needs, and never a token.
 *
 * @example
 * try {
 *   await verifyAuth(request, options)
 * } catch (error) {
 *   if (error instanceof AuthError) return new Response(error.body, { status: error.status, headers: error.headers })
 *   throw error
 * }
 */
export class AuthError extends Error {
  override readonly name = 'AuthError'
  /** The stable name of the refusal. */
  readonly code: AuthErrorCode
  /** The HTTP status: 400, 401, 403, 500 or 503. */
  readonly status: number
  /** The value of `WWW-Authenticate`, where the answer has one (RFC 6750 §3). */
  readonly wwwAuthenticate: string | undefined
  /** For a 503: after how many seconds another attempt makes sense. */
  readonly retryAfter: number | undefined
  /** The headers that belong to the answer, with names in lower case. */
  readonly headers: Record<string, string>
  /** The answer's JSON body: `{"error", "message", "code"}`. */
  readonly body: string

  /** @internal */
  constructor(denial: DenialAnswer, options?: ErrorOptions) {
    super(denial.message, options)
    this.code = denial.code as AuthErrorCode
    this.status = denial.status
    this.wwwAuthenticate = denial.wwwAuthenticate
    this.retryAfter = denial.retryAfter
    this.body = denial.body
    this.headers = {}
    for (let index = 0; index + 1 < denial.headers.length; index += 2) {
      this.headers[denial.headers[index]!] = denial.headers[index + 1]!
    }
  }
}

/** A mistake in the options. Thrown when a middleware is built, or at the first call; never because of what a request brings. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** The option that is wrong. */
  readonly option: string
  /** What to write instead. */
  readonly hint: string

  /** @internal */
  constructor({ option, problem, hint }: ConfigProblem) {
    super(`${option}: ${problem}; ${hint}`)
    this.option = option
    this.hint = hint
  }
}

/**
 * The result, or the mistake in the options thrown.
 *
 * @internal
 */
export function unwrap<T>(result: T | ConfigProblem): T {
  if (typeof result === 'object' && result !== null && 'problem' in result) {
    throw new ConfigError(result as ConfigProblem)
  }
  return result as T
}
