// An Express 5 route over HTTP: three processes, the server, the load, and this one, which starts both.

import { once } from 'node:events'
import { Turns, start } from './rows.mjs'
import { AUDIENCE, Subject } from './subject.mjs'

const TURNS = 15
const CONNECTIONS = 32

export async function expressRows() {
  const subject = await Subject.start('ES384')
  const few = subject.tokens(CONNECTIONS)
  const many = subject.tokens(4000)
  const kinds = {
    bare: { kind: 'bare', tokens: few },
    remembered: { kind: 'ours', tokens: few, options: {} },
    // Every token counts as new: none is remembered, and there are more of them than connections.
    new: { kind: 'ours', tokens: many, options: { tokenCacheSize: 0 } },
    jose: { kind: 'jose', tokens: many },
    bearer: { kind: 'bearer', tokens: many },
  }
  const turns = new Turns(Object.keys(kinds))
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const name of inTurn(Object.keys(kinds), turn)) {
      const { kind, tokens, options } = kinds[name]
      // Another process every time: how its code was compiled and laid out makes up to 3 %.
      const server = await start('./express_server.mjs', { kind, options, logtoUrl: subject.logtoUrl, audience: AUDIENCE })
      const headers = tokens.map((token) => `Authorization: Bearer ${token}`)
      const load = await start('./load.mjs', { port: server.answer.port, headers, connections: CONNECTIONS })
      turns.add(name, load.answer)
      server.child.kill()
      await once(server.child, 'exit')
    }
  }
  await subject.stop()
  return [
    turns.row('Express 5, remembered tokens, against the bare route (requests per second)', 'remembered', 'bare', 0.9),
    turns.row('Express 5, every token new, against a `jose` middleware', 'new', 'jose', 1.6),
    turns.row('Express 5, every token new, against `express-oauth2-jwt-bearer`', 'new', 'bearer', undefined),
  ]
}

/** Each turn begins with another one. */
function inTurn(names, turn) {
  const first = turn % names.length
  return [...names.slice(first), ...names.slice(0, first)]
}
