import type { IncomingMessage } from 'node:http'
import { ConfigError } from '../auth_error.js'
import type { Storage } from './storage.js'

interface HasSession {
  session?: Record<string, unknown> | null | undefined
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

  /** Looked up each time: a sign-in makes a new one. */
  #session(): Record<string, unknown> {
    const { session } = this.#request
    if (typeof session === 'object' && session !== null) return session
    const hint = "put app.use(session({ … })) of 'express-session' in front, or write sessions: 'cookies'"
    throw new ConfigError({ option: 'sessions', problem: 'the request has no session', hint })
  }
}
