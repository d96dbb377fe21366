// One million verifications of distinct tokens: the process stays as large as it is after the first ones.

import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'

const TOTAL = Number(process.env.MEMORY_TOKENS ?? 60_000)
/** How many tokens are on their way at once. */
const AT_ONCE = 64
/** The caches are full by then, and whatever grows, grows. */
const WARM_UP = Math.ceil(TOTAL / 3)
const ALLOWED_GROWTH = 24 * 1024 * 1024

let issuer
before(async () => {
  issuer = await DevIssuer.start({ algorithm: 'ES256', resources: [{ indicator: 'https://api.example.com' }] })
})
after(() => issuer.stop())

it(`${TOTAL} distinct tokens leave no memory behind`, async () => {
  const options = { logtoUrl: issuer.logtoUrl, audience: 'https://api.example.com', tokenCacheSize: 1000 }
  let done = 0
  let base = 0
  while (done < TOTAL) {
    const batch = Array.from({ length: AT_ONCE }, (_, index) => issuer.token({ subject: `user-${done + index}` }))
    const users = await Promise.all(batch.map((token) => verifyAuth(token, options)))
    assert.equal(users.at(-1).userId, `user-${done + AT_ONCE - 1}`)
    done += AT_ONCE
    if (base === 0 && done >= WARM_UP) base = resident()
  }
  const grown = resident() - base
  console.log(`resident ${(base / 1e6).toFixed(1)} MB after ${WARM_UP}, ${(grown / 1e6).toFixed(1)} MB more after ${done}`)
  assert(grown < ALLOWED_GROWTH, `${grown} bytes more`)
})

function resident() {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}
