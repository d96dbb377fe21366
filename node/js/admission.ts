import type { Answer, GuestAnswer } from '../native/index.js'
import type { AuthContext, AuthPayload, GuestContext } from './auth_context.js'
import { AuthError } from './auth_error.js'
import type { CompiledOptions } from './compiled_options.js'
import { claimsOfNumber } from './held_claims.js'
import { checkSomewhere } from './long_check.js'
import { text } from './option_checks.js'
import { RequestHead, type RequestLike } from './request_head.js'

/**
 * An admitted request: who makes it, and a `Set-Cookie` for a guest who is new.
 *
 * @internal
 */
export interface Admission {
  auth: AuthContext
  setCookie: string | undefined
}

/**
 * Asks the guard about a token or a request. Answers at once where the token is remembered, else with a promise; throws an
 * `AuthError`, or rejects with one, where the answer is no.
 *
 * @internal
 */
export function admit(tokenOrRequest: string | RequestLike, options: CompiledOptions): Admission | Promise<Admission> {
  const { guard, decideToken, now } = options
  const organization = organizationOf(tokenOrRequest, options)
  if (typeof tokenOrRequest === 'string') {
    const answer = decideToken(tokenOrRequest, organization, now)
    if (answer !== null) return validated(answer, tokenOrRequest, options)
    return checkSomewhere({
      here: () => guard.admitTokenHere(tokenOrRequest, organization, now),
      elsewhere: () => guard.admitToken(tokenOrRequest, organization, now),
    }).then((late) => validated(late, tokenOrRequest, options))
  }
  const head = new RequestHead(tokenOrRequest, options)
  // Of a token alone only a yes counts, and that it takes longer: what else there is to say depends on the request.
  const quick = head.onlyToken === undefined ? undefined : decideToken(head.onlyToken, organization, now)
  if (typeof quick === 'number' || typeof quick === 'string') return validated(quick, tokenOrRequest, options)
  const { method, lines } = head
  const answer = quick === null ? null : guard.decide(method, lines, organization, now)
  if (answer !== null) return validated(answer, tokenOrRequest, options)
  return checkSomewhere({
    // With cookies there may be two tokens.
    here: quick === undefined ? undefined : () => guard.admitHere(method, lines, organization, now),
    elsewhere: () => guard.admit(method, lines, organization, now),
  }).then((late) => validated(late, tokenOrRequest, options))
}

function organizationOf(tokenOrRequest: string | RequestLike, options: CompiledOptions): string | undefined {
  const named = options.organization?.(tokenOrRequest) ?? undefined
  return named === undefined ? undefined : text('the result of organization', named)
}

/** Asks the application's own check about the claims of a user. */
function validated(
  answer: Answer,
  subject: string | RequestLike,
  options: CompiledOptions,
): Admission | Promise<Admission> {
  const admission = admissionOf(answer)
  const { validateClaims, guard } = options
  const payload = admission.auth.payload
  if (validateClaims === undefined || payload === null) return admission
  const settle = (accepted: boolean): Admission => {
    if (accepted === true) return admission
    if (typeof subject === 'string') return admissionOf(guard.rejectToken('validateClaims'))
    const { method, lines } = new RequestHead(subject, options)
    return admissionOf(guard.reject(method, lines, 'validateClaims'))
  }
  const accepted = validateClaims(payload, subject)
  return typeof accepted === 'object' ? Promise.resolve(accepted).then(settle) : settle(accepted)
}

function admissionOf(answer: Answer): Admission {
  if (typeof answer === 'number') return { auth: user(claimsOfNumber(answer)), setCookie: undefined }
  if (typeof answer === 'string') return { auth: user(JSON.parse(answer)), setCookie: undefined }
  if ('guestId' in answer) return { auth: guest(answer), setCookie: answer.setCookie }
  throw new AuthError(answer)
}

function user(payload: AuthPayload): AuthContext {
  return { userId: payload.sub, isAuthenticated: true, payload, isGuest: false }
}

function guest({ guestId, guestReason }: GuestAnswer): GuestContext {
  return {
    userId: null,
    isAuthenticated: false,
    payload: null,
    isGuest: true,
    guestId,
    guestReason: guestReason as GuestContext['guestReason'],
  }
}
