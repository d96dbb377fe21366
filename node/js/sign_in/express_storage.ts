import type { IncomingMessage } from 'node:http'
import { ConfigError } from '../auth_error.js'
import type { Storage } from './storage.js'

interface HasSession {
  session?: (Record<string, unknown> & { regenerate?: (done: (error: unknown) => void) => void }) | null | undefined
}

/** The session that `express-session`, or something like it, has put into a request. */
export class ExpressStorage implements Storage {
  readonly #request: HasSession

  /** @throws {@link ConfigError} where the request has no session. */
  constructor(request: IncomingMessage) {
    this.#request = request as HasSession
    this.#session()
  }

  getItem(key: string): string | null {
    const value = this.#session()[key]
    return typeof value === 'string' ? value : null
  }

  setItem(key: string, value: string): void {
    this.#session()[key] = value
  }

  removeItem(key: string): void {
    delete this.#session()[key]
  }

  /** A new session, where what makes sessions can. */
  async renew(): Promise<void> {
    const session = this.#session()
    if (typeof session.regenerate !== 'function') return
    await new Promise<void>((resolve, reject) => {
      session.regenerate!((error) => (error ? reject(error) : resolve()))
    })
  }

  /** Looked up each time: a sign-in makes a new one. */
  #session(): NonNullable<HasSession['session']> {
    const { session } = this.#request
    if (typeof session === 'object' && session !== null) return session
    const hint = "put app.use(session({ … })) of 'express-session' in front, or write sessions: 'cookies'"
    throw new ConfigError({ option: 'sessions', problem: 'the request has no session', hint })
  }
}
