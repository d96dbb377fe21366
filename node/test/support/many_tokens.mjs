// A program that verifies distinct tokens: `many_tokens.mjs ALGORITHM TOTAL`. Prints its resident size in bytes, `before`
// when two fifths of them are verified and `after` all are.

import assert from 'node:assert/strict'
import { verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'

const AUDIENCE = 'https://api.example.com'
/** How many tokens are on their way at once. */
const AT_ONCE = 50

const [algorithm, total] = [process.argv[2], Number(process.argv[3])]
const issuer = await DevIssuer.start({ algorithm, resources: [{ indicator: AUDIENCE }] })
const options = { logtoUrl: issuer.logtoUrl, audience: AUDIENCE, tokenCacheSize: 1000 }
const warmUp = total * 0.4
await verify(0, warmUp)
const before = resident()
await verify(warmUp, total)
console.log(JSON.stringify({ before, after: resident() }))
await issuer.stop()

async function verify(from, to) {
  for (let user = from; user < to; user += AT_ONCE) {
    const tokens = Array.from({ length: AT_ONCE }, (_, index) => issuer.token({ subject: `user-${user + index}` }))
    const users = await Promise.all(tokens.map((token) => verifyAuth(token, options)))
    assert.equal(users[AT_ONCE - 1].userId, `user-${user + AT_ONCE - 1}`)
  }
}

function resident() {
  globalThis.gc()
  return process.memoryUsage.rss()
}
