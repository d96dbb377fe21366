// Verifications of distinct tokens: the process stays as large as it is after the first ones.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'

const AUDIENCE = 'https://api.example.com'
/** How many tokens are on their way at once. */
const AT_ONCE = 50
const ALLOWED_GROWTH = 8 * 1024 * 1024

describe('distinct tokens leave no memory behind', () => {
  for (const [algorithm, where, total] of [
    ['EdDSA', 'on the JavaScript thread', 1_000_000],
    ['ES384', 'on other threads', 50_000],
  ]) {
    it(`${total} of ${algorithm}, which are verified ${where}`, async (test) => {
      const issuer = await DevIssuer.start({ algorithm, resources: [{ indicator: AUDIENCE }] })
      test.after(() => issuer.stop())
      const options = { logtoUrl: issuer.logtoUrl, audience: AUDIENCE, tokenCacheSize: 1000 }
      const warmUp = total * 0.4
      await verify(issuer, options, 0, warmUp)
      const before = resident()
      await verify(issuer, options, warmUp, total)
      const growth = resident() - before
      test.diagnostic(`${(before / 1e6).toFixed(1)} MB after ${warmUp}, ${(growth / 1e6).toFixed(1)} MB more after all`)
      assert(growth < ALLOWED_GROWTH, `${growth} bytes more`)
    })
  }
})

async function verify(issuer, options, from, to) {
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
