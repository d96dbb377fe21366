import { compileOptions, type NativeGuard } from '../native/index.js'
import { ConfigError, unwrap } from './auth_error.js'
import type { VerifyAuthOptions } from './verify_auth_options.js'

/**
 * Options that were found to be right.
 *
 * @internal
 */
export interface CompiledOptions {
  guard: NativeGuard
  /** The cookies that are looked for when a request brings them as an object. */
  cookieNames: readonly [token: string, guest: string]
  organization: ((request: any) => string | null | undefined) | undefined
  validateClaims: VerifyAuthOptions['validateClaims']
  /** In milliseconds since 1970. */
  now: number | undefined
}

/** Sets of options that are kept. A program has a few; more than this are made anew at every call by mistake. */
const MAX_SETS = 100

const guards = new Map<string, NativeGuard>()

/** The options of the last call, which the next call most often has too, perhaps in another object. */
let last: { options: VerifyAuthOptions; key: string; compiled: CompiledOptions } | undefined

/**
 * Checks options, or finds those that were checked before.
 *
 * @internal
 */
export function compile(options: VerifyAuthOptions): CompiledOptions {
  if (last !== undefined && isSame(last.options, options)) return last.compiled
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError({
      option: 'options',
      problem: 'they are missing',
      hint: 'pass an object with logtoUrl and audience',
    })
  }
  const { organization, validateClaims, currentDate, ...plain } = options
  const organizationOf = typeof organization === 'function' ? organization : undefined
  const key = JSON.stringify(
    organizationOf ? { ...plain, organizationFromRequest: true } : { ...plain, organization },
  )
  let guard = guards.get(key)
  if (guard === undefined) {
    guard = unwrap(compileOptions(key))
    if (guards.size >= MAX_SETS) guards.delete(guards.keys().next().value!)
    guards.set(key, guard)
  }
  const compiled: CompiledOptions = {
    guard,
    cookieNames: [plain.cookieName ?? 'logto_authtoken', plain.guestCookieName ?? 'guest_logto_authtoken'],
    organization: organizationOf,
    validateClaims: functionOrNothing('validateClaims', validateClaims),
    now: time(currentDate),
  }
  // A copy: the caller may change the object, and the lists in it, afterwards.
  last = { options: copy(options), key, compiled }
  return compiled
}

function copy(options: VerifyAuthOptions): VerifyAuthOptions {
  const entries = Object.entries(options).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value])
  return Object.fromEntries(entries) as VerifyAuthOptions
}

function isSame(known: VerifyAuthOptions, given: VerifyAuthOptions): boolean {
  let members = 0
  for (const name in given) {
    if (!isSameValue(known[name as keyof VerifyAuthOptions], given[name as keyof VerifyAuthOptions])) return false
    members += 1
  }
  for (const _ in known) members -= 1
  return members === 0
}

function isSameValue(known: unknown, given: unknown): boolean {
  if (known === given) return true
  if (!Array.isArray(known) || !Array.isArray(given) || known.length !== given.length) return false
  return known.every((item, index) => item === given[index])
}

function functionOrNothing<T>(option: string, value: T): T {
  if (value === undefined || typeof value === 'function') return value
  throw new ConfigError({ option, problem: 'it is no function', hint: 'write a function, or leave it out' })
}

function time(currentDate: Date | undefined): number | undefined {
  if (currentDate === undefined) return undefined
  const now = currentDate instanceof Date ? currentDate.getTime() : Number.NaN
  if (!Number.isNaN(now)) return now
  throw new ConfigError({ option: 'currentDate', problem: 'it is no valid date', hint: 'write a Date' })
}
