// An issuer whose key set arrives when the test says so: what is slow in life is an event here.

import { once } from 'node:events'
import { invalidateJwksCache } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'
import { serve } from './http_exchange.mjs'

/** Publishes the keys of a development issuer under an address of its own, one answer at a time. */
export class GatedIssuer {
  #signer
  #server
  #waiting = []
  #arrivals = new EventTarget()
  #isOpen = false
  /** How many requests for the keys have arrived. */
  requests = 0

  static async start() {
    const issuer = new GatedIssuer()
    issuer.#signer = await DevIssuer.start()
    issuer.#server = await serve((_request, response) => issuer.#arrive(response))
    // The port may be the one of an issuer that has been stopped, and whose keys are still held.
    invalidateJwksCache(issuer.logtoUrl)
    return issuer
  }

  get logtoUrl() {
    return this.#server.url
  }

  /** The issuer behind it, which holds the keys. */
  get signer() {
    return this.#signer
  }

  token(options = {}) {
    return this.#signer.token({ issuer: `${this.logtoUrl}/oidc`, ...options })
  }

  /** Resolves when so many requests have arrived. */
  async hasBeenAsked(times) {
    while (this.requests < times) await once(this.#arrivals, 'arrival')
  }

  /** Answers every request that waits, and those that come, until {@link close}. */
  open() {
    this.#isOpen = true
    for (const response of this.#waiting.splice(0)) this.#answer(response)
  }

  /** Lets requests wait. */
  close() {
    this.#isOpen = false
  }

  async stop() {
    await this.#server.stop()
    await this.#signer.stop()
  }

  #arrive(response) {
    this.requests += 1
    if (this.#isOpen) this.#answer(response)
    else this.#waiting.push(response)
    this.#arrivals.dispatchEvent(new Event('arrival'))
  }

  #answer(response) {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(this.#signer.jwks()))
  }
}
