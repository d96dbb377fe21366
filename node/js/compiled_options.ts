import { compileOptions, type NativeGuard } from '../native/index.js'
import { unwrap } from './auth_error.js'
import { object, optionalFunction, wrong } from './option_checks.js'
import type { VerifyAuthOptions } from './verify_auth_options.js'

/**
 * Options that were found to be right.
 *
 * @internal
 */
export interface CompiledOptions {
  guard: NativeGuard
  decideToken: TokenDecider
  /** The cookies that are looked for when a request brings them as an object. */
  cookieNames: readonly [token: string, guest: string]
  admitsGuests: boolean
  organization: ((request: any) => string | null | undefined) | undefined
  validateClaims: VerifyAuthOptions['validateClaims']
  /** In milliseconds since 1970. */
  now: number | undefined
}

/** Sets of options that are kept. A program has a few; more than this are made anew at every call by mistake. */
const MAX_SETS = 100

type TokenDecider = ReturnType<NativeGuard['tokenDecider']>

const guards = new Map<string, Pick<CompiledOptions, 'guard' | 'decideToken'>>()

/** The options that are texts, lists, numbers and flags: what crosses to the native half. */
const PLAIN = [
  'logtoUrl',
  'audience',
  'cookieName',
  'requiredScope',
  'requiredScopes',
  'scopeMode',
  'requiredRoles',
  'roleClaimKeys',
  'allowGuest',
  'guestCookieName',
  'clockTolerance',
  'algorithms',
  'jwksCacheTtlMs',
  'skipJwksCache',
  'tokenCacheSize',
] as const

/** @internal */
export const KNOWN_OPTIONS: readonly string[] = [...PLAIN, 'organization', 'validateClaims', 'currentDate']

/** The options of the last call, which the next call most often has too, perhaps in another object. */
interface Snapshot {
  options: VerifyAuthOptions
  members: number
  compiled: CompiledOptions
}

let last: Snapshot | undefined

/**
 * Checks options, or finds those that were checked before.
 *
 * @internal
 */
export function compile(options: VerifyAuthOptions): CompiledOptions {
  if (typeof options !== 'object' || options === null) throw wrong('options', options, 'an object with logtoUrl and audience')
  const now = time(options.currentDate)
  if (last !== undefined && last.compiled.now === now && isSame(last, options)) return last.compiled
  object('options', options, KNOWN_OPTIONS)
  const { organization, validateClaims } = options
  const organizationOf = typeof organization === 'function' ? organization : undefined
  const key = JSON.stringify({
    ...Object.fromEntries(PLAIN.map((name) => [name, plain(name, options[name])])),
    ...(organizationOf ? { organizationFromRequest: true } : { organization: plain('organization', organization) }),
  })
  let native = guards.get(key)
  if (native === undefined) {
    const guard = unwrap(compileOptions(key))
    native = { guard, decideToken: guard.tokenDecider() }
    if (guards.size >= MAX_SETS) guards.delete(guards.keys().next().value!)
    guards.set(key, native)
  }
  const compiled: CompiledOptions = {
    ...native,
    cookieNames: [options.cookieName ?? 'logto_authtoken', options.guestCookieName ?? 'guest_logto_authtoken'],
    admitsGuests: options.allowGuest === true,
    organization: organizationOf,
    validateClaims: optionalFunction('validateClaims', validateClaims),
    now,
  }
  last = { options: copy(options), members: members(options), compiled }
  return compiled
}

/** A value that JSON can say. What it would leave out in silence, such as a function, must not count as absent. */
function plain(option: string, value: unknown): unknown {
  if (typeof value !== 'function' && typeof value !== 'symbol' && typeof value !== 'bigint') return value
  throw wrong(option, value, 'what the documentation says of it')
}

/** What is looked at, wherever the object has it from, and unchanged when the caller changes a list afterwards. */
function copy(options: VerifyAuthOptions): VerifyAuthOptions {
  const copied: Record<string, unknown> = {}
  for (const name of KNOWN_OPTIONS) {
    const value = options[name as keyof VerifyAuthOptions]
    copied[name] = Array.isArray(value) ? [...value] : value
  }
  return copied as unknown as VerifyAuthOptions
}

/** One member after another, not in a loop: this stands before every call, and a member that is named is found at once. */
function isSame({ options: known, members: count }: Snapshot, given: VerifyAuthOptions): boolean {
  return (
    known.logtoUrl === given.logtoUrl &&
    isSameList(known.audience, given.audience) &&
    known.cookieName === given.cookieName &&
    known.requiredScope === given.requiredScope &&
    isSameList(known.requiredScopes, given.requiredScopes) &&
    known.scopeMode === given.scopeMode &&
    isSameList(known.requiredRoles, given.requiredRoles) &&
    isSameList(known.roleClaimKeys, given.roleClaimKeys) &&
    known.allowGuest === given.allowGuest &&
    known.guestCookieName === given.guestCookieName &&
    known.clockTolerance === given.clockTolerance &&
    isSameList(known.algorithms, given.algorithms) &&
    known.jwksCacheTtlMs === given.jwksCacheTtlMs &&
    known.skipJwksCache === given.skipJwksCache &&
    known.tokenCacheSize === given.tokenCacheSize &&
    known.organization === given.organization &&
    known.validateClaims === given.validateClaims &&
    count === members(given)
  )
}

function members(options: object): number {
  let count = 0
  for (const _ in options) count += 1
  return count
}

function isSameList(known: unknown, given: unknown): boolean {
  if (known === given) return true
  if (!Array.isArray(known) || !Array.isArray(given) || known.length !== given.length) return false
  return known.every((item, index) => item === given[index])
}

function time(currentDate: Date | undefined): number | undefined {
  if (currentDate === undefined) return undefined
  const now = currentDate instanceof Date ? currentDate.getTime() : Number.NaN
  if (!Number.isNaN(now)) return now
  throw wrong('currentDate', currentDate, 'a valid Date')
}
