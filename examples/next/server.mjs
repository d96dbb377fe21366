// `next start`, with the addresses of an issuer in its environment: `npm start`. README.md says how to point it at a Logto server.

import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { findIssuer } from './issuer.mjs'

const issuer = await findIssuer()
const next = createRequire(import.meta.url).resolve('next/dist/bin/next')
const server = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', process.env.PORT ?? '3000'], {
  cwd: import.meta.dirname,
  env: { ...process.env, LOGTO_URL: issuer.logtoUrl, LOGTO_AUDIENCE: issuer.audience },
  stdio: ['ignore', 'pipe', 'inherit'],
})
server.once('exit', (code) => {
  // Next.js reports a signal as an error; here it is how one stops.
  process.exitCode = server.killed ? 0 : (code ?? 1)
  issuer.stop()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.kill(signal))

// Next.js prints the address before it listens to it, and says later that it is ready.
let url
for await (const line of createInterface(server.stdout)) {
  url ??= line.match(/Local:\s+(http:\S+)/)?.[1]
  if (!line.includes('Ready in')) continue
  console.log(`listening on ${url}`)
  for (const command of issuer.commands(url)) console.log(command)
}
