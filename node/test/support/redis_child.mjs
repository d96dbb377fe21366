// Programs that a test starts, on ports of its choice, and that end with it at the latest.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

const running = new Set()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
// The test runner ends a file so, which then has no `exit`.
process.once('SIGTERM', () => process.exit(143))

/** A program that says nothing for so long will not say it, in milliseconds. */
const PATIENCE = 60_000

export class Child {
  #process

  /** Starts a program, and resolves when it writes a line like `ready`. From then on it keeps no test from ending. */
  static async start(command, args, ready, { cwd, env } = {}) {
    const child = new Child()
    const program = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    child.#process = program
    running.add(program)
    program.once('exit', () => running.delete(program))
    const deadline = setTimeout(() => program.kill('SIGKILL'), PATIENCE)
    let errors = ''
    program.stderr.setEncoding('utf8').on('data', (text) => (errors += text))
    try {
      await new Promise((resolve, reject) => {
        createInterface({ input: program.stdout }).on('line', (line) => ready.test(line) && resolve())
        program.once('error', reject)
        program.once('close', (code, signal) => reject(new Error(`${command} has ended with ${code ?? signal}: ${errors}`)))
      })
    } finally {
      clearTimeout(deadline)
    }
    for (const handle of [program, program.stdout, program.stderr]) handle.unref()
    return child
  }

  /** Ends it, and resolves when it has ended. */
  async end(signal = 'SIGKILL') {
    const program = this.#process
    if (program.exitCode !== null || program.signalCode !== null) return
    program.ref()
    const ended = once(program, 'exit')
    program.kill(signal)
    await ended
  }

  /** Sends a signal that does not end it. */
  signal(signal) {
    this.#process.kill(signal)
  }
}

/** A free port of 127.0.0.1, below those that the kernel gives to connections: nobody takes it while nothing listens there. */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (error) {
      if (error.code === 'EADDRINUSE') continue
      throw error
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
