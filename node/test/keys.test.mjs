// The issuer's keys: cached, refreshed, dropped, and fetched without holding anybody up.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import {
  clearJwksCache,
  invalidateJwksCache,
  jwksStatus,
  primeJwksCache,
  verifyAuth,
} from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'
import { GatedIssuer } from './support/gated_issuer.mjs'
import { refuses, refusesOption } from './support/refusal.mjs'

const AUDIENCE = 'https://api.example.com'
const AT_ONCE = 200
/** Their median counts: a busy machine holds up some of them, checks that are made on this thread all. */
const ROUNDS = 15
/** A check on the thread pool never blocks the event loop. */
const LONGEST_DELAY_MS = 20

let issuer
let options
beforeEach(async () => {
  issuer = await DevIssuer.start()
  // Its port may be the one of an issuer that an earlier test has stopped, and whose keys are still held.
  clearJwksCache()
  options = { logtoUrl: issuer.logtoUrl, audience: AUDIENCE }
})
afterEach(() => issuer.stop())

const fetches = () => issuer.counters().jwks
const newToken = (more) => issuer.token(more)

describe('keys', () => {
  it('are fetched once for all sets of options and all tokens', async () => {
    for (const more of [{}, { requiredScope: 'read:products' }, { allowGuest: true }, { tokenCacheSize: 0 }]) {
      for (let index = 0; index < 3; index += 1) await verifyAuth(newToken(), { ...options, ...more })
    }
    assert.equal(fetches(), 1)
  })

  it(`are fetched once for ${AT_ONCE} first requests at the same time`, async () => {
    const tokens = Array.from({ length: AT_ONCE }, (_, index) => newToken({ subject: `user-${index}` }))
    const users = await Promise.all(tokens.map((token) => verifyAuth(token, options)))
    assert.deepEqual(users.map(({ userId }) => userId), tokens.map((_, index) => `user-${index}`))
    assert.equal(fetches(), 1)
  })

  it('are fetched once for strangers with unknown keys, who soon hear no without the issuer being asked', async () => {
    await verifyAuth(newToken(), options)
    const strangers = Array.from({ length: AT_ONCE }, (_, index) => newToken({ header: { kid: `unknown-${index}` } }))
    await Promise.all(strangers.map((token) => refuses('unknown_key', verifyAuth(token, options))))
    assert(fetches() <= 2, `${fetches()} requests`)
  })

  it('are not fetched for what cannot be a good token', async () => {
    for (const token of [
      '', 'x', 'x.y.z', newToken({ header: { alg: 'none' } }), newToken({ expiresAt: 1 }), newToken({ audience: 'other' }),
      newToken({ issuer: 'https://other.example.com/oidc' }), newToken({ header: { typ: 'JWT' } }),
    ]) {
      await assert.rejects(verifyAuth(token, options), { name: 'AuthError' })
    }
    assert.equal(fetches(), 0)
  })

  it('rotate without anybody noticing', async () => {
    const first = newToken()
    await verifyAuth(first, options)
    issuer.rotateKeys('RS256')
    const next = newToken()
    for (const token of [next, first, next]) await verifyAuth(token, options)
    assert.equal(fetches(), 2)
    assert.equal(jwksStatus(issuer.logtoUrl).keys, 2)
  })

  for (const remembered of [true, false]) {
    it(`that were withdrawn verify nothing from then on, ${remembered ? 'remembered' : 'new'} tokens alike`, async () => {
      const [withdrawn, published] = [newToken(), newToken()]
      await verifyAuth(remembered ? withdrawn : published, options)
      issuer.rotateKeys('ES384')
      assert.equal(issuer.dropPreviousKey(), true)
      await verifyAuth(newToken(), options)
      for (let again = 0; again < 3; again += 1) await refuses('unknown_key', verifyAuth(withdrawn, options))
      assert.equal(fetches(), 2)
    })
  }

  for (const algorithm of ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA']) {
    it(`verify ${algorithm}`, async () => {
      issuer.rotateKeys(algorithm)
      const token = newToken()
      assert.equal((await verifyAuth(token, { ...options, algorithms: [algorithm] })).userId, 'alice')
      const other = algorithm === 'ES384' ? 'RS256' : 'ES384'
      await refuses('unsupported_algorithm', verifyAuth(token, { ...options, algorithms: [other] }))
    })
  }
})

describe('an issuer that is down', () => {
  it('is not missed while its keys are held, by remembered and by new tokens', async () => {
    const remembered = newToken()
    await verifyAuth(remembered, options)
    issuer.goDown()
    await verifyAuth(remembered, options)
    await verifyAuth(newToken(), options)
    await refuses('invalid_signature', verifyAuth(newToken({ foreignKey: true, header: { kid: issuer.jwks().keys[0].kid } }), options))
    assert.equal(jwksStatus(issuer.logtoUrl).ready, true)
  })

  it('leads to 503 and to when another attempt makes sense', async () => {
    issuer.goDown()
    for (const more of [{}, { allowGuest: true }, { skipJwksCache: true }, { validateClaims: () => true }]) {
      const error = await refuses('keys_unavailable', verifyAuth(newToken(), { ...options, ...more }))
      assert(error.retryAfter >= 1 && error.retryAfter <= 30, `${error.retryAfter}`)
      assert.equal(error.headers['retry-after'], String(error.retryAfter))
      assert.equal(error.wwwAuthenticate, undefined)
    }
  })

  it('is left alone for a while after it failed', async () => {
    issuer.setFault('jwks', { kind: 'status', status: 500 })
    for (let again = 0; again < 20; again += 1) await refuses('keys_unavailable', verifyAuth(newToken(), options))
    assert.equal(fetches(), 1)
  })

  it('is asked again at once after its keys were dropped', async () => {
    issuer.goDown()
    await refuses('keys_unavailable', verifyAuth(newToken(), options))
    issuer.comeBack()
    invalidateJwksCache(issuer.logtoUrl)
    await verifyAuth(newToken(), options)
  })

  const faults = [
    { kind: 'status', status: 404 }, { kind: 'status', status: 500 }, { kind: 'retry-after', status: 503, seconds: 5 },
    { kind: 'html' }, { kind: 'empty' }, { kind: 'empty-key-set' }, { kind: 'wrong-json' }, { kind: 'drop-connection' },
    { kind: 'huge-body', bytes: 2 ** 21 }, { kind: 'many-keys', count: 101 },
    { kind: 'redirect', location: 'https://example.com/' },
  ]
  for (const fault of faults) {
    it(`because of ${JSON.stringify(fault)} leads to 503, and with keys in hand to nothing`, async () => {
      const token = newToken()
      issuer.setFault('jwks', fault)
      await refuses('keys_unavailable', verifyAuth(token, options))
      issuer.clearFaults()
      invalidateJwksCache(issuer.logtoUrl)
      await verifyAuth(token, options)
      issuer.setFault('jwks', fault)
      await refuses('unknown_key', verifyAuth(newToken({ foreignKey: true }), options))
      await verifyAuth(token, options)
      await verifyAuth(newToken(), options)
    })
  }
})

it('a development issuer that starts where another one was is not taken for it', async () => {
  const config = { resources: [{ indicator: AUDIENCE }] }
  const first = await DevIssuer.start(config)
  const own = { logtoUrl: first.logtoUrl, audience: AUDIENCE }
  await verifyAuth(first.token(), own)
  // A stranger's key uses up what the engine may ask for unknown keys.
  await refuses('unknown_key', verifyAuth(first.token({ foreignKey: true }), own))
  await first.stop()
  const second = await DevIssuer.start({ ...config, port: Number(new URL(first.logtoUrl).port) })
  try {
    assert.equal(second.logtoUrl, first.logtoUrl)
    await verifyAuth(second.token({ subject: 'alice' }), own)
  } finally {
    await second.stop()
  }
})

describe('an issuer that is slow', () => {
  let slow
  let own
  beforeEach(async () => {
    slow = await GatedIssuer.start()
    own = { logtoUrl: slow.logtoUrl, audience: AUDIENCE }
  })
  afterEach(() => slow.stop())

  it('makes those wait who need it, together, and nobody else', async () => {
    const waiting = Array.from({ length: 20 }, () => verifyAuth(slow.token(), own))
    await slow.hasBeenAsked(1)
    await verifyAuth(newToken(), options)
    slow.open()
    assert.equal((await Promise.all(waiting)).length, 20)
    assert.equal(slow.requests, 1)
  })

  it('is asked for new keys while the old ones still serve', async () => {
    const short = { ...own, jwksCacheTtlMs: 1 }
    slow.open()
    await verifyAuth(slow.token(), short)
    slow.close()
    await age(slow.logtoUrl, 2)
    for (let again = 0; again < 10; again += 1) await verifyAuth(slow.token(), short)
    await slow.hasBeenAsked(2)
    assert.equal(slow.requests, 2)
    // Others of the same issuer find the keys fresh enough.
    await verifyAuth(slow.token(), own)
    assert.equal(slow.requests, 2)
  })

  it('is asked before every answer with a jwksCacheTtlMs of 0', async () => {
    slow.open()
    const always = { ...own, jwksCacheTtlMs: 0 }
    const token = slow.token()
    for (let round = 1; round <= 3; round += 1) {
      await verifyAuth(token, always)
      assert.equal(slow.requests, round)
    }
    slow.close()
    const waiting = verifyAuth(token, always)
    await slow.hasBeenAsked(4)
    slow.open()
    await waiting
  })
})

describe('skipJwksCache', () => {
  it('asks the issuer each time', async () => {
    const token = newToken()
    for (let round = 1; round <= 3; round += 1) {
      await verifyAuth(token, { ...options, skipJwksCache: true })
      assert.equal(fetches(), round)
    }
  })

  it('leaves nothing behind that others would use', async () => {
    const token = newToken()
    await verifyAuth(token, { ...options, skipJwksCache: true })
    assert.equal(jwksStatus(issuer.logtoUrl).ready, false)
    await verifyAuth(token, options)
    assert.equal(fetches(), 2)
  })

  it('neither reads nor evicts what others use', async () => {
    const token = newToken()
    await verifyAuth(token, options)
    issuer.rotateKeys('ES384')
    issuer.dropPreviousKey()
    await refuses('unknown_key', verifyAuth(token, { ...options, skipJwksCache: true }))
    await verifyAuth(token, options)
    issuer.goDown()
    await refuses('keys_unavailable', verifyAuth(token, { ...options, skipJwksCache: true }))
    await verifyAuth(token, options)
    assert.equal(jwksStatus(issuer.logtoUrl).ready, true)
  })
})

describe('the cache controls', () => {
  it('tell whether keys are there, without fetching them', async () => {
    assert.deepEqual(jwksStatus(issuer.logtoUrl), { ready: false, keys: 0 })
    await verifyAuth(newToken(), options)
    const { ready, keys, ageMs } = jwksStatus(issuer.logtoUrl)
    assert.deepEqual([ready, keys], [true, 1])
    assert(ageMs >= 0 && ageMs < 60_000, `${ageMs}`)
    await age(issuer.logtoUrl, ageMs + 1)
    assert.equal(fetches(), 1)
  })

  it('drop the keys of one issuer or of all', async () => {
    const other = await DevIssuer.start()
    clearJwksCache()
    const otherOptions = { ...options, logtoUrl: other.logtoUrl }
    const both = () => Promise.all([verifyAuth(newToken(), options), verifyAuth(other.token(), otherOptions)])
    await both()
    for (const [drop, expected] of [
      [() => invalidateJwksCache(issuer.logtoUrl), [2, 1]],
      [() => invalidateJwksCache(`${other.logtoUrl}/`), [2, 2]],
      [() => clearJwksCache(), [3, 3]],
      [() => invalidateJwksCache('https://unknown.example.com'), [3, 3]],
    ]) {
      drop()
      await both()
      assert.deepEqual([fetches(), other.counters().jwks], expected)
    }
    await other.stop()
  })

  it('drop them for remembered tokens too', async () => {
    const token = newToken()
    await verifyAuth(token, options)
    issuer.rotateKeys('ES384')
    issuer.dropPreviousKey()
    await verifyAuth(token, options)
    invalidateJwksCache(issuer.logtoUrl)
    await refuses('unknown_key', verifyAuth(token, options))
  })

  it('hold keys from elsewhere, parsed or as text', async () => {
    for (const jwks of [issuer.jwks(), JSON.stringify(issuer.jwks())]) {
      invalidateJwksCache(issuer.logtoUrl)
      primeJwksCache(issuer.logtoUrl, jwks)
      await verifyAuth(newToken(), options)
    }
    assert.equal(fetches(), 0)
  })

  it('replace keys by those that are primed', async () => {
    const token = newToken()
    await verifyAuth(token, options)
    issuer.rotateKeys('ES384')
    issuer.dropPreviousKey()
    primeJwksCache(issuer.logtoUrl, issuer.jwks())
    await verifyAuth(newToken(), options)
    issuer.goDown()
    await refuses('unknown_key', verifyAuth(token, options))
  })

  it('name what they cannot use', async () => {
    for (const wrong of ['', 'tenant', 'ftp://tenant.logto.app', 'https://tenant.logto.app/oidc', 'http://tenant.logto.app']) {
      for (const control of [invalidateJwksCache, jwksStatus, (url) => primeJwksCache(url, issuer.jwks())]) {
        await refusesOption('logtoUrl', () => control(wrong), wrong)
      }
    }
    for (const jwks of [{ keys: [] }, {}, { keys: [{ kty: 'oct', k: 'AAAA' }] }, '', '[]', 'keys']) {
      await refusesOption('jwks', () => primeJwksCache(issuer.logtoUrl, jwks), JSON.stringify(jwks))
    }
    assert.equal(jwksStatus(issuer.logtoUrl).ready, false)
  })

  it('name what is no address and no key set at all', async () => {
    for (const wrong of [undefined, null, 7, {}]) {
      for (const control of [invalidateJwksCache, jwksStatus, (url) => primeJwksCache(url, issuer.jwks())]) {
        await refusesOption('logtoUrl', () => control(wrong), String(wrong))
      }
    }
    for (const wrong of [undefined, null, 7]) {
      await refusesOption('jwks', () => primeJwksCache(issuer.logtoUrl, wrong), String(wrong))
    }
  })
})

describe('the event loop', () => {
  it(`is held up for less than ${LONGEST_DELAY_MS} ms by ${AT_ONCE} ES384 signatures at once`, async () => {
    await verifyAuth(newToken(), options)
    const delays = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const tokens = Array.from({ length: AT_ONCE }, (_, index) => newToken({ subject: `user-${round}-${index}` }))
      // Nothing but what is measured may have to be cleaned up.
      globalThis.gc?.()
      delays.push(await longestDelay(() => Promise.all(tokens.map((token) => verifyAuth(token, options)))))
    }
    const text = delays.map((delay) => delay.toFixed(1)).join(', ')
    console.log(`longest delay of the event loop: ${text} ms`)
    const median = delays.sort((a, b) => a - b)[(ROUNDS - 1) / 2]
    assert(median < LONGEST_DELAY_MS, `${text} ms`)
    assert.equal(fetches(), 1)
  })
})

/** The longest time between two turns of the event loop while `work` is done, its first step included. */
async function longestDelay(work) {
  let longest = 0
  let last = performance.now()
  let isDone = false
  const tick = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!isDone) setImmediate(tick)
  }
  await new Promise(setImmediate)
  last = performance.now()
  const working = work().finally(() => (isDone = true))
  setImmediate(tick)
  await working
  await new Promise(setImmediate)
  return longest
}

/** Turns the event loop until the keys are so old. */
async function age(logtoUrl, milliseconds) {
  while (jwksStatus(logtoUrl).ageMs < milliseconds) await new Promise(setImmediate)
}
