// npm's `oidc-provider`, the engine inside Logto, in a process of its own: testing/oidc-provider/README.md has the protocol.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { neighbour } from './neighbour.mjs'

export class OidcProvider {
  #process
  #lines

  /** Starts a provider; `options` are those of testing/oidc-provider/options.mjs. */
  static async start(options = {}) {
    const provider = new OidcProvider()
    const settings = { cwd: neighbour('testing/oidc-provider'), stdio: ['pipe', 'pipe', 'ignore'] }
    provider.#process = spawn(process.execPath, ['server.mjs', JSON.stringify(options)], settings)
    provider.#lines = createInterface({ input: provider.#process.stdout })[Symbol.asyncIterator]()
    /** What the provider says of itself: addresses, clients, resources, organizations, users. */
    provider.ready = await provider.#answer()
    return provider
  }

  get logtoUrl() {
    return this.ready.logto_url
  }

  /** Gives a command and returns the answer. */
  async tell(cmd, details = {}) {
    this.#process.stdin.write(`${JSON.stringify({ cmd, ...details })}\n`)
    const answer = await this.#answer()
    assert.equal(answer.ok, true, `${cmd}: ${answer.error}`)
    return answer
  }

  /** How often the keys have been asked for. */
  async fetches() {
    const { counters } = await this.tell('counters')
    return counters['/oidc/jwks'] ?? 0
  }

  /** A token by client credentials, as a machine asks for it. */
  async token(parameters = { resource: this.ready.resource }) {
    const { client_id, client_secret } = this.ready.clients.machine
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret, ...parameters })
    const answer = await (await fetch(`${this.ready.issuer}/token`, { method: 'POST', body })).json()
    assert.equal(typeof answer.access_token, 'string', JSON.stringify(answer))
    return answer.access_token
  }

  async stop() {
    const ended = once(this.#process, 'exit')
    this.#process.stdin.end()
    await ended
  }

  async #answer() {
    const { value } = await this.#lines.next()
    assert(value !== undefined, 'the provider has ended')
    return JSON.parse(value)
  }
}
