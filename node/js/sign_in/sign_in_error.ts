import type { Refusal } from '../../native/index.js'

/** The stable name of what went wrong: the same in Rust, in the HTTP body and here. */
export type SignInErrorCode =
  | 'not_authenticated'
  | 'state_mismatch'
  | 'redirect_uri_mismatch'
  | 'issuer_mismatch'
  | 'invalid_callback'
  | 'authorization_denied'
  | 'invalid_id_token'
  | 'token_request_failed'
  | 'rate_limited'
  | 'issuer_unavailable'
  | 'session_store_unavailable'
  | 'session_too_large'
  | 'missing_organization_scope'
  | 'userinfo_failed'
  | 'csrf_failed'
  | 'invalid_logout_token'
  | 'misconfigured'

/**
 * A sign-in or a request for a token that failed. Express answers it with its status and its headers when it reaches `next(error)`.
 */
export class SignInError extends Error {
  override readonly name = 'SignInError'
  /** The stable name of what went wrong. */
  readonly code: SignInErrorCode
  /** The HTTP status: 503 where it is not the user's doing and passes by. */
  readonly status: number
  /** The issuer's own code, where it has one. */
  readonly issuerError: string | undefined
  /** After how many seconds another attempt makes sense. */
  readonly retryAfter: number | undefined
  /** The headers that belong to the answer, with names in lower case. */
  readonly headers: Record<string, string>
  /** The body of the answer: a page for people, JSON for programs. */
  readonly body: string

  /** @internal */
  constructor({ code, status, message, issuerError, retryAfter, answer }: Refusal) {
    super(message)
    this.code = code as SignInErrorCode
    this.status = status
    this.issuerError = issuerError ?? undefined
    this.retryAfter = retryAfter ?? undefined
    this.body = answer.body
    this.headers = Object.fromEntries(pairs(answer.headers))
  }
}

/** Names and values that come in turn. @internal */
export function* pairs(list: readonly string[]): Generator<[name: string, value: string]> {
  for (let index = 0; index + 1 < list.length; index += 2) yield [list[index]!, list[index + 1]!]
}

/** The result, or what went wrong thrown. @internal */
export function granted<T>(result: T | Refusal): T {
  if (typeof result === 'object' && result !== null && 'answer' in result) throw new SignInError(result as Refusal)
  return result as T
}
