import * as native from '../native/index.js'
import { unwrap } from './auth_error.js'
import { text } from './option_checks.js'

/** The keys of one issuer, as this process holds them. */
export interface JwksStatus {
  /** Whether a token could be verified this moment without asking the issuer: what a health check wants to know. */
  ready: boolean
  /** How long ago the keys were fetched, or confirmed by the issuer, in milliseconds. */
  ageMs?: number | undefined
  /** How many of them are usable. */
  keys: number
}

/** Drops the keys of one issuer; whoever needs them next fetches them. */
export function invalidateJwksCache(logtoUrl: string): void {
  unwrap(native.invalidateJwksCache(text('logtoUrl', logtoUrl)))
}

/** Drops the keys of every issuer. */
export function clearJwksCache(): void {
  native.clearJwksCache()
}

/**
 * Holds a key set as if it had just been fetched: for a process that has it from elsewhere, and for tests.
 *
 * @param jwks - the document, parsed or as text.
 */
export function primeJwksCache(logtoUrl: string, jwks: { keys: object[] } | string): void {
  const document = typeof jwks === 'string' ? jwks : text('jwks', JSON.stringify(jwks))
  unwrap(native.primeJwksCache(text('logtoUrl', logtoUrl), document))
}

/** Whether the keys of an issuer are there, and how old they are. Fetches nothing. */
export function jwksStatus(logtoUrl: string): JwksStatus {
  return unwrap(native.jwksStatus(text('logtoUrl', logtoUrl)))
}
