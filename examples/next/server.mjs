// `next start`, with the addresses of an issuer in its environment: `npm start`. README.md says how to point it at a Logto server.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { findIssuer } from './issuer.mjs'

const port = Number(process.env.PORT ?? 3000) || (await freePort())
const url = `http://127.0.0.1:${port}`
const issuer = await findIssuer(url)
const next = createRequire(import.meta.url).resolve('next/dist/bin/next')
const server = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', String(port)], {
  cwd: import.meta.dirname,
  env: { COOKIE_SECRET: randomBytes(32).toString('hex'), BASE_URL: url, ...process.env, ...issuer.environment },
  stdio: ['ignore', 'pipe', 'inherit'],
})
server.once('exit', (code) => {
  // Next.js reports a signal as an error; here it is how one stops.
  process.exitCode = server.killed ? 0 : (code ?? 1)
  issuer.stop()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.kill(signal))

// Next.js prints the address before it listens to it, and says later that it is ready.
for await (const line of createInterface(server.stdout)) {
  if (!line.includes('Ready in')) continue
  console.log(`listening on ${url}`)
  for (const command of issuer.commands(url)) console.log(command)
}

/** Logto has to know the address before the server listens to it. */
async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}
