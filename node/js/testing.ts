/**
 * A development issuer in this process that behaves like a Logto server: test an application without one. Not for production.
 *
 * @module
 */
import { type NativeIssuer, invalidateJwksCache, startIssuer } from '../native/index.js'
import type { Algorithm } from './verify_auth_options.js'

/** What an issuer knows. Without it, it knows one of everything: see {@link DevIssuer.start}. */
export interface DevIssuerConfig {
  /** The port on 127.0.0.1. Default 0: a free one. */
  port?: number
  /** The algorithm of the first key. Default `ES384`. */
  algorithm?: Algorithm
  resources?: { indicator: string; scopes?: string[]; access_token_seconds?: number }[]
  roles?: { name: string; grants?: { resource: string; scopes: string[] }[] }[]
  users?: ({ username: string; password: string; id?: string; roles?: string[] } & Record<string, unknown>)[]
  applications?: ({
    kind: 'web' | 'spa' | 'machine'
    id: string
    secret?: string
    redirect_uris?: string[]
    post_logout_redirect_uris?: string[]
    backchannel_logout_uri?: string
    roles?: string[]
  } & Record<string, unknown>)[]
  organizations?: ({ id: string; name: string } & Record<string, unknown>)[]
}

/** A token to sign. Left alone it is a good one: of the first user, for the first resource, with all of its scopes, for an hour. */
export interface TokenOptions {
  subject?: string
  audience?: string | string[]
  /** Separated by spaces. */
  scope?: string
  clientId?: string
  organizationId?: string
  issuer?: string
  /** Seconds since 1970, as are the other points in time. */
  issuedAt?: number
  expiresAt?: number
  /** Seconds from `issuedAt`. */
  expiresIn?: number
  notBefore?: number
  /** Further claims, or other values for those above. */
  claims?: Record<string, unknown>
  /** Claims to leave out. */
  withoutClaims?: string[]
  /** Header members, or other values for `alg`, `typ` and `kid`. */
  header?: Record<string, unknown>
  withoutHeader?: string[]
  /** Signs with a key that the issuer does not publish. */
  foreignKey?: boolean
}

/** An endpoint that can misbehave. */
export type FaultEndpoint =
  | 'discovery'
  | 'jwks'
  | 'authorize'
  | 'token'
  | 'userinfo'
  | 'introspection'
  | 'revocation'
  | 'endSession'
  | 'all'

/** A way to misbehave. It lasts until another one takes its place. */
export type Fault =
  | { kind: 'none' | 'hang' | 'html' | 'empty' | 'empty-key-set' | 'wrong-json' | 'drop-connection' }
  | { kind: 'status'; status: number }
  | { kind: 'retry-after'; status: number; seconds: number }
  | { kind: 'latency'; milliseconds: number }
  | { kind: 'huge-body'; bytes: number }
  | { kind: 'slow-drip'; bytesPerChunk: number; intervalMs: number }
  | { kind: 'redirect'; location: string }
  | { kind: 'many-keys'; count: number }

/** How often each endpoint was asked. */
export interface Counters {
  discovery: number
  jwks: number
  jwksNotModified: number
  authorize: number
  token: number
  tokenAuthorizationCode: number
  tokenRefresh: number
  tokenClientCredentials: number
  userinfo: number
  introspection: number
  revocation: number
  endSession: number
}

/**
 * An OpenID Connect issuer on a free port of 127.0.0.1.
 *
 * @example
 * const issuer = await DevIssuer.start()
 * const options = { logtoUrl: issuer.logtoUrl, audience: 'https://api.example.com' }
 * const auth = await verifyAuth(issuer.token({ scope: 'read:products' }), options)
 * await issuer.stop()
 */
export class DevIssuer {
  readonly #native: NativeIssuer

  private constructor(native: NativeIssuer) {
    this.#native = native
  }

  /**
   * Starts an issuer.
   *
   * Without a configuration it knows the resource `https://api.example.com` with the scopes `read:products` and `write:products`,
   * the user `alice` with the password `alice`, the applications `demo-web`, `demo-spa` and `demo-machine` (secret `demo-secret`),
   * and the organization `org_demo`.
   *
   * @throws where the port is taken, or the configuration contradicts itself.
   */
  static async start(config?: DevIssuerConfig): Promise<DevIssuer> {
    return DevIssuer.#start(config, false)
  }

  /**
   * Starts an issuer that knows one of everything, as without a configuration, and what is given besides.
   *
   * @example
   * const own = { kind: 'web', id: 'my-app', secret: 'my-secret', redirect_uris: ['http://localhost:3000/auth/sign-in-callback'] }
   * const issuer = await DevIssuer.demo({ applications: [own] })
   */
  static async demo(more: DevIssuerConfig = {}): Promise<DevIssuer> {
    return DevIssuer.#start(more, true)
  }

  static async #start(config: DevIssuerConfig | undefined, withExample: boolean): Promise<DevIssuer> {
    const native = await startIssuer(config === undefined ? null : JSON.stringify(config), withExample)
    // Another issuer may have had this port before; its keys are not this one's.
    invalidateJwksCache(native.logtoUrl)
    return new DevIssuer(native)
  }

  /** The address to give to the application under test as `logtoUrl`. */
  get logtoUrl(): string {
    return this.#native.logtoUrl
  }

  /** The key set as it is published. */
  jwks(): { keys: object[] } {
    return JSON.parse(this.#native.jwks())
  }

  /** Signs a token, right or wrong. Nothing is checked, because the wrong tokens are the point. */
  token(options: TokenOptions = {}): string {
    return this.#native.token(JSON.stringify(options))
  }

  /** Signs with a new key from now on. The previous one stays published. */
  rotateKeys(algorithm: Algorithm = 'ES384'): void {
    this.#native.rotateKeys(algorithm)
  }

  /** Publishes the previous key no more, and says whether there was one. */
  dropPreviousKey(): boolean {
    return this.#native.dropPreviousKey()
  }

  /** Makes an endpoint misbehave. */
  setFault(endpoint: FaultEndpoint, fault: Fault): void {
    this.#native.setFault(endpoint, JSON.stringify(fault))
  }

  /** Behaves again. */
  clearFaults(): void {
    this.#native.clearFaults()
  }

  /** Closes connections without an answer, as a server that is down. */
  goDown(): void {
    this.#native.goDown()
  }

  /** Answers again. */
  comeBack(): void {
    this.#native.comeBack()
  }

  /** How often each endpoint was asked since the start or {@link resetCounters}. */
  counters(): Counters {
    return JSON.parse(this.#native.counters())
  }

  /** Begins to count at zero. */
  resetCounters(): void {
    this.#native.resetCounters()
  }

  /** Stops, and resolves when the port is free again. */
  async stop(): Promise<void> {
    await this.#native.stop()
  }
}
