import type { Destination, NativeApplication, Refusal } from '../../native/index.js'
import { ConfigError } from '../auth_error.js'
import { object, optionalFunction, text } from '../option_checks.js'
import { type LogtoConfig, application, check } from './logto_config.js'
import { LogtoSession } from './logto_session.js'
import { granted } from './sign_in_error.js'
import { Jar, type Storage } from './storage.js'

/** How a {@link LogtoClient} reaches the browser and its session. */
export interface ClientAdapter {
  /** Where the browser's session is. */
  storage: Storage
  /** Sends the browser somewhere. */
  navigate: (url: string) => unknown
}

/** What a sign-in asks for. */
export interface SignInOptions {
  /** Where Logto sends the browser back to, all of it. It must be registered there. */
  redirectUri: string
  /** What `handleSignInCallback` returns: a path of the application. Default `/`. */
  postRedirectUri?: string | undefined
  /** Which page of Logto comes first. */
  firstScreen?: FirstScreen | undefined
  /** What users may identify themselves by. */
  identifiers?: ('email' | 'phone' | 'username')[] | undefined
  /** The user's name or address, if it is known. */
  loginHint?: string | undefined
  /** A social or enterprise provider to go to at once. */
  directSignIn?: { method: 'social' | 'sso'; target: string } | undefined
  /** A one-time token that Logto made for this user. */
  oneTimeToken?: string | undefined
  /** Further parameters. One of a name that is set already replaces it; what protects the flow cannot be replaced. */
  extraParams?: Record<string, string> | undefined
}

/** @internal */
export const SIGN_IN_OPTIONS: readonly string[] = [
  'redirectUri',
  'firstScreen',
  'identifiers',
  'loginHint',
  'directSignIn',
  'oneTimeToken',
  'extraParams',
]

/** Which page of Logto comes first. */
export type FirstScreen =
  | 'sign_in'
  | 'register'
  | 'reset_password'
  | 'identifier:sign_in'
  | 'identifier:register'
  | 'single_sign_on'

/**
 * Signs one browser in and out, over any storage and any framework, as `@logto/node` does.
 *
 * @example
 * const client = new LogtoClient(config, { storage: new ExpressStorage(req), navigate: (url) => res.redirect(url) })
 * await client.signIn('https://app.example.com/auth/sign-in-callback')
 */
export class LogtoClient extends LogtoSession {
  readonly #application: NativeApplication
  readonly #jar: Jar
  readonly #navigate: ClientAdapter['navigate']

  /** @throws {@link ConfigError} where an option is wrong. */
  constructor(config: LogtoConfig, { storage, navigate }: ClientAdapter) {
    check(config)
    for (const method of ['getItem', 'setItem', 'removeItem'] as const) {
      if (typeof storage?.[method] === 'function') continue
      throw new ConfigError({ option: 'storage', problem: `it has no ${method}`, hint: 'pass { getItem, setItem, removeItem }' })
    }
    const engine = application(config, 'storage')
    const jar = new Jar(storage)
    super({
      load: async () => granted(await engine.session(cookie(await jar.line()))),
      keep: (session) => jar.take(session.cookiesFor([])),
      canKeep: () => true,
    })
    this.#application = engine
    this.#jar = jar
    this.#navigate = optionalFunction('navigate', navigate)
  }

  /** Begins a sign-in, and sends the browser to Logto. */
  async signIn(options: SignInOptions | string): Promise<void> {
    const { postRedirectUri, ...asked } = typeof options === 'string' ? { redirectUri: options } : options
    object('options', asked, SIGN_IN_OPTIONS)
    text('redirectUri', asked.redirectUri)
    const json = JSON.stringify({ ...asked, returnTo: postRedirectUri })
    const to = await this.#step((line) => this.#application.signIn(line, json))
    await this.#navigate(to.location)
  }

  /**
   * Ends a sign-in. `callbackUrl` is all of what Logto sent the browser back to.
   *
   * @returns where the browser is to go, on the application's own origin.
   * @throws {@link SignInError} where it is not the answer to a sign-in of this browser, or Logto gave no identity.
   */
  async handleSignInCallback(callbackUrl: string): Promise<string> {
    const to = granted(await this.#application.handleCallback(cookie(await this.#jar.line()), text('callbackUrl', callbackUrl)))
    if (to.setCookies.length > 0) await this.#jar.renew()
    await this.#jar.take(to.setCookies)
    const { pathname, search, hash } = new URL(to.location)
    return pathname + search + hash
  }

  /** Signs the browser out: here at once, whatever Logto says, and then there. The address must be registered there. */
  async signOut(postLogoutRedirectUri?: string): Promise<void> {
    const to = await this.#step((line) => this.#application.signOut(line, postLogoutRedirectUri ?? null))
    await this.#navigate(to.location)
  }

  async #step(take: (lines: string) => Promise<Destination | Refusal>): Promise<Destination> {
    const to = granted(await take(cookie(await this.#jar.line())))
    await this.#jar.take(to.setCookies)
    return to
  }
}

/** As a header's line. */
function cookie(line: string): string {
  return line === '' ? '' : `cookie: ${line}\n`
}
