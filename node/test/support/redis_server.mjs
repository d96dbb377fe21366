// A real `redis-server` on a free loopback port, with a folder of its own.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, freePort } from './redis_child.mjs'

export class RedisServer {
  #port
  #folder
  #child

  static async start() {
    const server = await RedisServer.notYetStarted()
    try {
      await server.restart()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** One whose address is known, and where nothing listens before `restart`. */
  static async notYetStarted() {
    const server = new RedisServer()
    server.#port = await freePort()
    server.#folder = await mkdtemp(join(tmpdir(), 'logto-authkit-redis-'))
    return server
  }

  get url() {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** Starts it on the same port, with what its append-only file holds. */
  async restart() {
    const options = { bind: '127.0.0.1', port: this.#port, dir: this.#folder, save: '', appendonly: 'yes', appendfsync: 'always' }
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    this.#child = await Child.start('redis-server', args, /Ready to accept connections/)
  }

  /** Ends it as a crash does. */
  async kill() {
    await this.#child?.end()
  }

  /** It keeps its connections and answers nothing, until `resume`. */
  pause() {
    this.#child.signal('SIGSTOP')
  }

  resume() {
    this.#child.signal('SIGCONT')
  }

  async stop() {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
