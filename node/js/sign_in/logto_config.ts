import { type NativeApplication, createApplication } from '../../native/index.js'
import { ConfigError, unwrap } from '../auth_error.js'
import { object, text, word, wrong } from '../option_checks.js'

/** What is to be asked of which Logto server, and where the application is. */
export interface LogtoConfig extends GetContextOptions {
  /** The address of the Logto server, such as `https://tenant.logto.app`. */
  endpoint: string
  /** The application's id, from the Logto console. */
  appId: string
  /** The secret of a confidential application. Without one the application is a public one. */
  appSecret?: string | undefined
  /**
   * The origin that browsers know the application by, such as `https://app.example.com`. Redirect URIs are made of it, and never of what
   * a proxy says. It may be left out in development, where the application is asked at a loopback address.
   */
  baseUrl?: string | undefined
  /** The path below which the routes are, without the path that they are mounted at. Default `/auth`. */
  authRoutesPrefix?: string | undefined
  /** Scopes beside `openid`, `offline_access` and `profile`. */
  scopes?: readonly string[] | undefined
  /** API resources to ask tokens for. */
  resources?: readonly string[] | undefined
  /** What Logto asks of a user who is signed in there already. Default `consent`. */
  prompt?: 'consent' | 'login' | undefined
  /** Whether `openid`, `offline_access` and `profile` are asked for. Default `true`. */
  includeReservedScopes?: boolean | undefined
  /**
   * Secrets of 32 bytes or more that sessions are sealed with: the first one seals, all of them open. Needed where sessions are in cookies,
   * Redis or memory; sessions in `express-session` are sealed with what `appSecret` gives where there are none.
   */
  sealingKeys?: string | readonly string[] | undefined
  /** Another name for one sealing key, as in `@logto/next`. */
  cookieSecret?: string | undefined
  /** The name of the session's cookie. Default: one that no other application of the host has. */
  cookieName?: string | undefined
  /** How long a session lasts at most, in seconds. Default 14 d, from 60 s to 365 d. */
  sessionLifetime?: number | undefined
  /**
   * Where sessions are. Default: in `express-session` where `req.session` is there, and in sealed cookies otherwise. With `redis` any
   * number of processes share them, and refresh a token once.
   */
  sessions?: 'cookies' | 'express-session' | 'memory' | { redis: string; prefix?: string } | undefined
}

/** What a context is to hold beyond who is signed in. */
export interface GetContextOptions {
  /** Also an access token, for `resource` and `organizationId` if there are any. */
  getAccessToken?: boolean | undefined
  resource?: string | undefined
  organizationId?: string | undefined
  /** Also what the userinfo endpoint tells. */
  fetchUserInfo?: boolean | undefined
  /** Also a token of every organization of the user. */
  getOrganizationToken?: boolean | undefined
}

/** Where the sessions of one request are. */
export type Place = 'cookies' | 'storage' | 'memory' | 'redis'

const CONTEXT_OPTIONS = ['getAccessToken', 'resource', 'organizationId', 'fetchUserInfo', 'getOrganizationToken'] as const
const PLAIN = [
  'endpoint',
  'appId',
  'appSecret',
  'authRoutesPrefix',
  'scopes',
  'resources',
  'prompt',
  'includeReservedScopes',
  'cookieName',
  'sessionLifetime',
] as const
const KNOWN: readonly string[] = [...PLAIN, ...CONTEXT_OPTIONS, 'baseUrl', 'sealingKeys', 'cookieSecret', 'sessions']

/** Where redirect URIs are written out by the application, whatever its address is. */
const ANYWHERE = 'http://localhost'
/** Sets of options that are kept. A program has a few. */
const MAX_SETS = 1000
/** Addresses, and places, that one set of options is asked at. */
const MAX_ORIGINS = 8

const applications = new Map<string, NativeApplication>()

/** The same by the object that the options came in, which most applications have one of, and by place and origin. */
const ofConfig = new WeakMap<LogtoConfig, Map<string, NativeApplication>>()

/**
 * Checks what can be checked before there is a request.
 *
 * @throws {@link ConfigError}
 * @internal
 */
export function check(config: LogtoConfig): void {
  checkWords(config)
  const { sessions, baseUrl = ANYWHERE } = config
  if (sessions === 'cookies' || sessions === 'memory') applicationOf(config, sessions, baseUrl)
  else if (typeof sessions === 'object') applicationOf(config, 'redis', baseUrl)
  // Which place it will be, a request says.
  else applicationOf({ ...config, sealingKeys: keys(config) ?? '0'.repeat(32) }, 'memory', baseUrl)
}

/** What the native half would not miss. */
function checkWords(config: LogtoConfig): void {
  object('config', config, KNOWN)
  const { sessions } = config
  if (typeof sessions === 'object') {
    // An address that is `undefined` must not become another place.
    const { redis, prefix } = object('sessions', sessions, ['redis', 'prefix'])
    if (text('sessions.redis', redis) === '') throw wrong('sessions.redis', undefined, 'an address such as redis://127.0.0.1:6379')
    if (prefix !== undefined) text('sessions.prefix', prefix)
  } else word('sessions', sessions, ['cookies', 'express-session', 'memory'])
  for (const name of ['getAccessToken', 'fetchUserInfo', 'getOrganizationToken'] as const) {
    if (![undefined, true, false].includes(config[name])) throw wrong(name, config[name], 'true or false')
  }
  for (const name of ['resource', 'organizationId'] as const) if (config[name] !== undefined) text(name, config[name])
}

/**
 * The engine for these options. Requests with equal options share one, and what it remembers.
 *
 * @throws {@link ConfigError}
 * @internal
 */
export function application(config: LogtoConfig, place: Place, baseUrl: string = config.baseUrl ?? ANYWHERE): NativeApplication {
  let own = ofConfig.get(config)
  const key = `${place} ${baseUrl}`
  let found = own?.get(key)
  if (found !== undefined) return found
  found = applicationOf(config, place, baseUrl)
  if (own === undefined) ofConfig.set(config, (own = new Map()))
  // Each has sessions of its own; whoever asks under ever other names must not take those of others away.
  if (own.size >= MAX_ORIGINS) throw withoutBaseUrl()
  own.set(key, found)
  return found
}

function applicationOf(config: LogtoConfig, place: Place, baseUrl: string): NativeApplication {
  checkWords(config)
  const sealingKeys = keys(config)
  if (sealingKeys === undefined && (place === 'cookies' || place === 'memory')) {
    const hint = 'write a secret of 32 bytes or more, for example of `openssl rand -hex 32`, or put express-session in front'
    throw new ConfigError({ option: 'sealingKeys', problem: 'they are missing', hint })
  }
  const { sessions } = config
  const key = JSON.stringify({
    ...Object.fromEntries(PLAIN.map((name) => [name, config[name]])),
    sealingKeys,
    baseUrl,
    ...(place === 'storage' && { onServer: true }),
    ...(place === 'memory' && { inMemory: true }),
    ...(place === 'redis' && typeof sessions === 'object' && { redisUrl: sessions.redis, redisPrefix: sessions.prefix }),
  })
  let found = applications.get(key)
  if (found === undefined) {
    found = unwrap(createApplication(key))
    if (applications.size >= MAX_SETS) applications.delete(applications.keys().next().value!)
    applications.set(key, found)
  }
  return found
}

function keys({ sealingKeys, cookieSecret }: LogtoConfig): string | readonly string[] | undefined {
  if (sealingKeys === undefined) return cookieSecret
  return cookieSecret === undefined ? sealingKeys : [sealingKeys, cookieSecret].flat()
}

/** The options of a context, for the native half. @internal */
export function contextOptions(options: GetContextOptions): string {
  return JSON.stringify(Object.fromEntries(CONTEXT_OPTIONS.map((name) => [name, options[name]])))
}

/** Those of a context that is to hold who is signed in and nothing else. @internal */
export const NOTHING_MORE = contextOptions({})

const contexts = new WeakMap<LogtoConfig, string>()

/** Those of a configuration, which stay as they were at the first request. @internal */
export function contextOfConfig(config: LogtoConfig): string {
  let json = contexts.get(config)
  if (json === undefined) contexts.set(config, (json = contextOptions(config)))
  return json
}

/** The path below which the routes are. @internal */
export function prefixOf({ authRoutesPrefix = '/auth' }: LogtoConfig): string {
  return authRoutesPrefix.replace(/\/+$/, '')
}

/**
 * The origin that browsers know. In development the address that was asked for is good enough; elsewhere a request must not say where
 * tokens are sent, and behind a proxy a loopback address is nobody's.
 *
 * @internal
 */
export function originOf({ baseUrl }: LogtoConfig, header: (name: string) => unknown): string {
  if (baseUrl !== undefined) return baseUrl
  const host = header('host')
  const isProxied = ['forwarded', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-for'].some((name) => header(name) != null)
  const isDevelopment = process.env.NODE_ENV !== 'production' && !isProxied
  if (isDevelopment && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(String(host))) return `http://${host}`
  throw withoutBaseUrl()
}

function withoutBaseUrl(): ConfigError {
  const hint = 'write the origin that browsers know, such as https://app.example.com'
  return new ConfigError({ option: 'baseUrl', problem: 'it is missing', hint })
}
