// Sign-in with Express: `npm start`. README.md says how to point it at a Logto server.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { application } from './application.mjs'
import { findIssuer } from './issuer.mjs'

const server = createServer().listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${server.address().port}`
const { stop, ...logto } = await findIssuer(url)
server.on('request', application(logto))
console.log(`listening on ${url}`)
console.log('sign in as alice, with the password alice')

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
    stop()
  })
}
