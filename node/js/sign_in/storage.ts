/** Where sessions are kept for one browser, as in `@logto/node`: one text under one name. */
export interface Storage {
  getItem(key: string): Promise<string | null | undefined> | string | null | undefined
  setItem(key: string, value: string): Promise<void> | void
  removeItem(key: string): Promise<void> | void
  /** Puts the browser's session under an id that nobody has seen. Called when somebody has signed in. */
  renew?(): Promise<void> | void
}

/** The one name. */
const KEY = 'logto'

/**
 * The cookies that the engine would give a browser, kept in a storage instead.
 *
 * @internal
 */
export class Jar {
  readonly #storage: Storage

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** As in a `Cookie` header. */
  async line(): Promise<string> {
    const text = await this.#storage.getItem(KEY)
    return typeof text === 'string' ? text : ''
  }

  /** After a sign-in: what is there stays, under another id, so that no id from before is worth anything. */
  async renew(): Promise<void> {
    if (this.#storage.renew === undefined) return
    const kept = await this.line()
    await this.#storage.renew()
    await this.take(kept === '' ? [] : kept.split('; '))
  }

  /** What `Set-Cookie` headers say. */
  async take(setCookies: readonly string[]): Promise<void> {
    if (setCookies.length === 0) return
    const cookies = new Map((await this.line()).split('; ').filter(Boolean).map(split))
    for (const header of setCookies) {
      const [name, value] = split(header.split(';', 1)[0]!)
      cookies.delete(name)
      if (value !== '') cookies.set(name, value)
    }
    const line = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    await (line === '' ? this.#storage.removeItem(KEY) : this.#storage.setItem(KEY, line))
  }
}

function split(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}
