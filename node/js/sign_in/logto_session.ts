import type { NativeSession } from '../../native/index.js'
import { type GetContextOptions, contextOptions } from './logto_config.js'
import { granted } from './sign_in_error.js'

/** Who is signed in, and what was asked for. */
export interface LogtoContext {
  /** Whether somebody is signed in. An issuer that fails does not change it. */
  isAuthenticated: boolean
  /** The claims of the ID token. */
  claims?: IdTokenClaims
  /** The access token that was asked for. */
  accessToken?: string
  /** The scopes of the access token; of the sign-in where none was asked for. */
  scopes?: string[]
  /** What the userinfo endpoint told. */
  userInfo?: Record<string, unknown> & { sub: string }
  /** The tokens of organizations, by id. */
  organizationTokens?: Record<string, string>
  /** Why a token of an organization is missing, by id: one failure does not take the others along. */
  organizationErrors?: Record<string, ContextError>
  /** Why something that was asked for is missing. */
  error?: ContextError
}

/** Why something is missing in a {@link LogtoContext}. */
export interface ContextError {
  code: string
  status: number
  message: string
  /** After how many seconds another attempt makes sense. */
  retryAfter: number | null
}

/** The claims of an ID token (OpenID Connect Core §2), and whatever else Logto writes into it. */
export interface IdTokenClaims {
  iss: string
  sub: string
  aud: string | string[]
  exp: number
  iat: number
  name?: string | null
  username?: string | null
  picture?: string | null
  email?: string | null
  email_verified?: boolean
  phone_number?: string | null
  phone_number_verified?: boolean
  organizations?: string[]
  organization_roles?: string[]
  roles?: string[]
  [claim: string]: unknown
}

/** How a session is found when it is needed, and where what has changed goes. @internal */
export interface SessionSource {
  load(): Promise<NativeSession>
  keep(session: NativeSession): Promise<void>
  /** Whether what changes still reaches its place. */
  canKeep(): boolean
}

/** The session of one browser: who is signed in, and the way to tokens. */
export class LogtoSession {
  readonly #source: SessionSource

  /** @internal */
  constructor(source: SessionSource) {
    this.#source = source
  }

  /** Whether somebody is signed in. */
  async isAuthenticated(): Promise<boolean> {
    return (await this.#source.load()).isAuthenticated
  }

  /** Who is signed in, and what else is asked for. What cannot be had is missing and named in `error`; it signs nobody out. */
  async getContext(options: GetContextOptions = {}): Promise<LogtoContext> {
    const session = await this.#source.load()
    if (options.getAccessToken || options.fetchUserInfo || options.getOrganizationToken) this.#assertKept(session)
    const context = JSON.parse(await session.context(contextOptions(options))) as LogtoContext
    await this.#source.keep(session)
    return context
  }

  /**
   * A token for an API resource, inside an organization if one is given; without either the opaque token of the sign-in. It is good for
   * another minute at least: a new one is asked for where it would not be, once however many requests need it.
   *
   * @throws {@link SignInError} where nobody is signed in, the issuer refuses, or it cannot be reached.
   */
  async getAccessToken(resource?: string, organizationId?: string): Promise<string> {
    const session = await this.#source.load()
    const known = granted(session.knownAccessToken(resource ?? null, organizationId ?? null))
    if (known !== null) return known.token
    this.#assertKept(session)
    try {
      return granted(await session.accessToken(resource ?? null, organizationId ?? null)).token
    } finally {
      await this.#source.keep(session)
    }
  }

  /** The claims of {@link getAccessToken}'s token, which must be a JWT: ask for a resource. */
  async getAccessTokenClaims(resource?: string, organizationId?: string): Promise<Record<string, unknown>> {
    const token = await this.getAccessToken(resource, organizationId)
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  }

  /** A token for an organization itself. */
  async getOrganizationToken(organizationId: string): Promise<string> {
    return this.getAccessToken(undefined, organizationId)
  }

  /** The ID token. It is for this application alone, and no token to call an API with. */
  async getIdToken(): Promise<string | null> {
    return (await this.#source.load()).idToken
  }

  /** @throws {@link SignInError} where nobody is signed in. */
  async getIdTokenClaims(): Promise<IdTokenClaims> {
    const session = await this.#source.load()
    const { claims } = session
    if (claims !== null) return JSON.parse(claims)
    // Says so.
    granted(await session.accessToken(null, null))
    throw new TypeError('a session without an ID token')
  }

  /** What the userinfo endpoint tells of the user: more than the ID token does. */
  async fetchUserInfo(): Promise<Record<string, unknown> & { sub: string }> {
    const session = await this.#source.load()
    if (granted(session.knownAccessToken(null, null)) === null) this.#assertKept(session)
    try {
      return JSON.parse(granted(await session.userInfo()))
    } finally {
      await this.#source.keep(session)
    }
  }

  /** Forgets the access tokens: the next one is asked for. */
  async clearAccessToken(): Promise<void> {
    const session = await this.#source.load()
    if (!session.isAuthenticated) return
    this.#assertKept(session)
    granted(await session.clearAccessTokens())
    await this.#source.keep(session)
  }

  /** Forgets the whole session, and ends its grant. Who is signed in at Logto stays so: see `signOut`. */
  async clearAllTokens(): Promise<void> {
    const session = await this.#source.load()
    this.#assertKept(session)
    granted(await session.forget())
    await this.#source.keep(session)
  }

  /** A refresh token that was used and whose successor does not reach the browser would sign the user out. */
  #assertKept(session: NativeSession): void {
    if (this.#source.canKeep() || !session.isAuthenticated) return
    throw new Error('the head of the answer is written, and cannot take the cookies of the session any more: ask before that')
  }
}
