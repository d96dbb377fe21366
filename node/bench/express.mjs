// An Express 5 route over HTTP: three processes, the server, the load, and this one, which starts both.

import { fork } from 'node:child_process'
import { median } from './compare.mjs'
import { AUDIENCE, Subject } from './subject.mjs'

const TURNS = 5
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
  const servers = {}
  for (const [name, { kind, options }] of Object.entries(kinds)) {
    servers[name] = await start('./express_server.mjs', { kind, options, logtoUrl: subject.logtoUrl, audience: AUDIENCE })
  }
  const found = Object.fromEntries(Object.keys(kinds).map((name) => [name, { rates: [], tails: [] }]))
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [name, { tokens }] of Object.entries(kinds)) {
      const load = await start('./load.mjs', { port: servers[name].answer.port, tokens, connections: CONNECTIONS })
      found[name].rates.push(load.answer.rate)
      found[name].tails.push(load.answer.p99)
    }
  }
  for (const { child } of Object.values(servers)) child.kill()
  await subject.stop()
  const ratio = (name, base) => median(found[name].rates.map((rate, turn) => rate / found[base].rates[turn]))
  const row = (path, name, base, atLeast) => ({
    path,
    figure:
      `${median(found[name].rates).toFixed(0)} / ${median(found[base].rates).toFixed(0)} = ${ratio(name, base).toFixed(2)}` +
      `; p99 ${median(found[name].tails).toFixed(1)} ms / ${median(found[base].tails).toFixed(1)} ms`,
    target: atLeast === undefined ? '–' : `≥ ${atLeast}`,
    met: atLeast === undefined || ratio(name, base) >= atLeast,
  })
  return [
    row('Express 5, remembered tokens, against the bare route (requests per second)', 'remembered', 'bare', 0.9),
    row('Express 5, every token new, against a `jose` middleware', 'new', 'jose', 1.6),
    row('Express 5, every token new, against `express-oauth2-jwt-bearer`', 'new', 'bearer', undefined),
  ]
}

/** Starts a process, gives it its work, and waits for what it says first. */
function start(file, work) {
  const child = fork(new URL(file, import.meta.url))
  child.send(work)
  return new Promise((resolve, reject) => {
    child.once('message', (answer) => resolve({ child, answer }))
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
  })
}
