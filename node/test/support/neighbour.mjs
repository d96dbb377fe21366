// The folders beside this package that its tests need: the examples, and the issuer that nobody here wrote.

import { execSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const repository = new URL('../../../', import.meta.url)

/** The path of a folder, with what it depends on installed: in a fresh clone it is not. */
export function neighbour(name) {
  const folder = new URL(`${name}/`, repository)
  const path = fileURLToPath(folder)
  if (!existsSync(new URL('node_modules/.package-lock.json', folder))) {
    execSync('npm ci --ignore-scripts', { cwd: path, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  return path
}

/** An example of the repository, which several processes may run at once. */
export class Example {
  #folder
  #running = []

  /** @param prepare - what comes before its start, beyond the installation. */
  constructor(name, prepare) {
    this.#folder = neighbour(`examples/${name}`)
    if (prepare !== undefined) {
      const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
      execSync(prepare, { cwd: this.#folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
    }
  }

  /** Starts it on a free port, and returns its address and what it says until a line ends like this. */
  async start(environment, lastLine) {
    const { LOGTO_URL: _, LOGTO_AUDIENCE: __, ...env } = process.env
    const options = { cwd: this.#folder, env: { ...env, PORT: '0', ...environment }, stdio: ['ignore', 'pipe', 'inherit'] }
    const example = spawn(process.execPath, ['server.mjs'], options)
    this.#running.push(example)
    const lines = []
    for await (const line of createInterface({ input: example.stdout })) {
      lines.push(line)
      if (lastLine.test(line)) break
    }
    return { lines, url: lines[0].slice('listening on '.length), end: (signal) => end(example, signal) }
  }

  /** Ends whatever still runs. */
  stop() {
    for (const example of this.#running) if (example.exitCode === null) example.kill('SIGTERM')
  }
}

async function end(example, signal) {
  example.kill(signal)
  return once(example, 'exit')
}
