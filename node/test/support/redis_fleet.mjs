// Several processes of one application, in Node.js and in Rust, that share a Redis; and the issuer that knows them.

import { fileURLToPath } from 'node:url'
import { DevIssuer } from 'logto-authkit/testing'
import { Person } from './person.mjs'
import { Child, freePort } from './redis_child.mjs'
import { startRustExample } from './rust_example.mjs'
import { API, SEALING_KEY, SECRET } from './sign_in_world.mjs'

const application = fileURLToPath(new URL('redis_application.mjs', import.meta.url))

const START = {
  node: (env) => Child.start(process.execPath, [application], /^listening on /, { env }),
  rust: startRustExample,
}

export class Fleet {
  #children = []

  /**
   * @param kinds - `node` or `rust`, for each process.
   * @param logoutAt - the number of the process that the issuer tells of a logout.
   */
  static async start(redis, kinds, { logoutAt } = {}) {
    const fleet = new Fleet()
    /** The addresses of the processes. */
    fleet.urls = []
    for (const _ of kinds) fleet.urls.push(`http://127.0.0.1:${await freePort()}`)
    fleet.issuer = await DevIssuer.start({
      resources: [{ indicator: API, scopes: ['read:products'] }],
      roles: [{ name: 'reader', grants: [{ resource: API, scopes: ['read:products'] }] }],
      users: [{ username: 'alice', password: 'alice', id: 'user_alice', name: 'Alice Example', roles: ['reader'] }],
      applications: [
        {
          kind: 'web',
          id: 'web',
          secret: SECRET,
          redirect_uris: fleet.urls.map((url) => `${url}/auth/sign-in-callback`),
          post_logout_redirect_uris: fleet.urls.map((url) => `${url}/`),
          ...(logoutAt !== undefined && { backchannel_logout_uri: `${fleet.urls[logoutAt]}/auth/backchannel-logout` }),
        },
      ],
    })
    try {
      for (const [index, kind] of kinds.entries()) await fleet.#add(START[kind], fleet.urls[index], redis)
    } catch (error) {
      await fleet.stop()
      throw error
    }
    return fleet
  }

  async #add(start, url, redis) {
    const env = {
      PORT: new URL(url).port,
      LOGTO_URL: this.issuer.logtoUrl,
      LOGTO_APP_ID: 'web',
      LOGTO_APP_SECRET: SECRET,
      BASE_URL: url,
      SEALING_KEY,
      REDIS_URL: redis.url,
    }
    this.#children.push(await start(env))
  }

  /** Somebody whose cookies go to every process: cookies do not depend on ports (RFC 6265 §8.5). */
  person() {
    const person = new Person()
    const cookies = new Map()
    for (const url of this.urls) person.cookies.set(new URL(url).host, cookies)
    return person
  }

  async stop() {
    await Promise.all([this.issuer.stop(), ...this.#children.map((child) => child.end())])
  }
}
