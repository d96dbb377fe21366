// An API behind Logto: `npm start`. README.md says how to point it at a Logto server.

import { once } from 'node:events'
import { application } from './application.mjs'
import { findIssuer } from './issuer.mjs'

const issuer = await findIssuer()
const server = application(issuer).listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${server.address().port}`
console.log(`listening on ${url}`)
for (const line of issuer.commands(url)) console.log(line)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
    issuer.stop()
  })
}
