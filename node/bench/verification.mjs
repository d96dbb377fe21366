// Verifications inside one process.

import { compare } from './compare.mjs'
import { Subject } from './subject.mjs'

const CALLS = 96
const ROUNDS = 15
const REMEMBERED_CALLS = 20_000

export async function verificationRows() {
  return [...(await es384()), ...(await others())]
}

async function es384() {
  const subject = await Subject.start('ES384')
  const rows = [
    row('ES384, new token, one after another, against `jose`', 0.33, await newTokens(subject, subject.verifyWithJose, 1)),
    row('ES384, new token, 32 at a time, against `jose`', 0.38, await newTokens(subject, subject.verifyWithJose, 32)),
    row('ES384, new token, against `fast-jwt` with a static key', undefined, await newTokens(subject, subject.verifyWithFastJwt, 1)),
    row('ES384, new token, against `jsonwebtoken` with a static key', undefined, await newTokens(subject, subject.verifyWithJsonwebtoken, 1)),
    row('ES384, remembered token, against `fast-jwt` from its cache', 0.6, await remembered(subject)),
  ]
  await subject.stop()
  return rows
}

async function others() {
  const rows = []
  for (const algorithm of ['RS256', 'ES256']) {
    const subject = await Subject.start(algorithm)
    const name = `${algorithm}, new token, one after another, against \`jose\``
    rows.push(row(name, 0.45, await newTokens(subject, subject.verifyWithJose, 1)))
    await subject.stop()
  }
  return rows
}

/** Every call has a token that nobody has seen before. */
function newTokens(subject, theirs, atOnce) {
  const tokens = subject.tokens(CALLS * (ROUNDS + 1))
  const side = (verify) => async (round) => {
    for (let call = 0; call < CALLS; call += atOnce) {
      const batch = tokens.slice(round * CALLS + call, round * CALLS + call + atOnce)
      if (atOnce === 1) await verify(batch[0])
      else await Promise.all(batch.map(verify))
    }
  }
  return compare(CALLS, side(subject.verify), side(theirs), ROUNDS)
}

async function remembered(subject) {
  const tokens = subject.tokens(64)
  for (const token of tokens) await subject.verify(token)
  const side = (verify) => async () => {
    for (let call = 0; call < REMEMBERED_CALLS; call += 1) await verify(tokens[call % tokens.length])
  }
  return compare(REMEMBERED_CALLS, side(subject.verify), side(subject.verifyWithFastJwtCache), ROUNDS)
}

function row(path, atMost, { ours, theirs, ratio }) {
  return {
    path,
    figure: `${ours.toFixed(1)} µs / ${theirs.toFixed(1)} µs = ${ratio.toFixed(2)}`,
    target: atMost === undefined ? '–' : `≤ ${atMost}`,
    met: atMost === undefined || ratio <= atMost,
  }
}
