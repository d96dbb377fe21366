// A Redis of the benchmark's own, which keeps nothing on the disk.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Starts a `redis-server` on a free loopback port, and resolves when it accepts connections. */
export async function startRedis() {
  const port = await freePort()
  const options = ['--bind', '127.0.0.1', '--port', `${port}`, '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    let said = ''
    server.stdout.setEncoding('utf8').on('data', (text) => {
      said += text
      if (said.includes('Ready to accept connections')) resolve()
    })
    server.once('error', (cause) => reject(new Error('the benchmark needs redis-server: apt-get install redis-server', { cause })))
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)))
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      server.kill()
      await once(server, 'exit')
    },
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
