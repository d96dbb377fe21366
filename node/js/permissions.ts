import { type Outcome, checkRoles, checkScopes, denialOf } from '../native/index.js'
import type { AuthContext, AuthPayload } from './auth_context.js'
import { AuthError, unwrap } from './auth_error.js'
import { list, texts, word, wrong } from './option_checks.js'

/** What permissions are asked of: a context, or the payload of a verified token. */
export type AuthSubject = AuthContext | AuthPayload

/** How several scopes are asked for. */
export interface ScopeOptions {
  /** Whether all of the scopes are needed or any one. Default `all`. */
  mode?: 'all' | 'any' | undefined
}

/** Where roles are looked for. */
export interface RoleOptions {
  /** The claims that hold roles. Default `roles`, then `role`. */
  claimKeys?: string[] | undefined
}

/**
 * Whether a token carries scopes. Compared whole: `read` is not in `read:all`. A guest has none.
 *
 * @throws {@link ConfigError} for an empty list, which would be a silent yes.
 *
 * @example
 * if (!hasScopes(auth, ['read:reports', 'write:reports'], { mode: 'any' })) return new Response(null, { status: 403 })
 */
export function hasScopes(subject: AuthSubject, scopes: string | string[], options?: ScopeOptions): boolean {
  return scopeError(subject, scopes, options) === null
}

/**
 * Asks for scopes.
 *
 * @throws {@link AuthError} with `missing_scope` (403) that names what is lacking; for a guest, the reason for being one (401).
 * @throws {@link ConfigError} for an empty list.
 */
export function requireScopes(subject: AuthSubject, scopes: string | string[], options?: ScopeOptions): void {
  const error = scopeError(subject, scopes, options)
  if (error !== null) throw error
}

/**
 * Whether a token's holder has a role, or with a list all of them. Compared whole and never split. A guest has none.
 *
 * @throws {@link ConfigError} for an empty role or list.
 */
export function hasRole(subject: AuthSubject, role: string | string[], options?: RoleOptions): boolean {
  return roleError(subject, role, options) === null
}

/**
 * Asks for a role, or with a list for all of them.
 *
 * @throws {@link AuthError} with `missing_role` (403) that names what is lacking; for a guest, the reason for being one (401).
 * @throws {@link ConfigError} for an empty role or list.
 */
export function requireRole(subject: AuthSubject, role: string | string[], options?: RoleOptions): void {
  const error = roleError(subject, role, options)
  if (error !== null) throw error
}

function scopeError(subject: AuthSubject, scopes: string | string[], options?: ScopeOptions): AuthError | null {
  return asked(subject, (payload) => {
    const held = typeof payload.scope === 'string' ? payload.scope : ''
    const mode = word('mode', options?.mode, ['all', 'any'])
    return checkScopes(held, texts('scopes', scopes), mode === 'any')
  })
}

function roleError(subject: AuthSubject, role: string | string[], options?: RoleOptions): AuthError | null {
  return asked(subject, (payload) => {
    const claimKeys = options?.claimKeys === undefined ? undefined : list('claimKeys', options.claimKeys)
    return checkRoles(JSON.stringify(payload), texts('role', role), claimKeys)
  })
}

function asked(subject: AuthSubject, ask: (payload: AuthPayload) => Outcome): AuthError | null {
  if (typeof subject !== 'object' || subject === null) throw wrong('subject', subject, 'a payload or a context')
  // A payload always has a `sub`, a context never; any other claim may have the name of a context's member.
  const isContext = 'isAuthenticated' in subject && !('sub' in subject)
  const payload = isContext ? (subject as AuthContext).payload : (subject as AuthPayload)
  if (payload !== null) {
    const denial = unwrap(ask(payload))
    return denial ? new AuthError(denial) : null
  }
  // Without a payload it is a guest. The list is checked all the same.
  unwrap(ask({} as AuthPayload))
  const reason = (subject as AuthContext).guestReason ?? 'no_token'
  return new AuthError(denialOf(reason === 'no_token' ? 'missing_token' : reason))
}
