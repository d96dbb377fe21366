// The same cases as the Rust engine, through the addon and the whole of the JavaScript half.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'

// A token with an unknown `kid` makes the engine ask the issuer, which here does not exist: nothing is to leave this machine.
process.env.HTTPS_PROXY = 'http://127.0.0.1:9'
const { AuthError, ConfigError, invalidateJwksCache, primeJwksCache, verifyAuth } = await import('logto-authkit/server')

const folder = new URL('../../conformance/', import.meta.url)
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, folder), 'utf8')) }))
  .filter(({ cases }) => cases !== undefined)

/** The verdict on a case: `accepted`, or the code of the refusal. */
async function verdict({ token, policy, now }) {
  const { requiredClaims, ...options } = policy
  const text = typeof token === 'string' ? token : token.concat.map(textOf).join('')
  const claims = Object.entries(requiredClaims ?? {})
  const withClaims = {
    validateClaims: (payload) => claims.every(([name, value]) => isDeepStrictEqual(payload[name], value)),
  }
  try {
    const auth = await verifyAuth(text, {
      ...options,
      ...(claims.length > 0 ? withClaims : {}),
      tokenCacheSize: 16,
      currentDate: new Date(Math.round(now * 1000)),
    })
    return { code: 'accepted', auth }
  } catch (error) {
    assert(error instanceof AuthError, `${error}`)
    return { code: error.code }
  }
}

function textOf(piece) {
  return typeof piece === 'string' ? piece : piece.repeat.repeat(piece.times)
}

/** Publishes a key set. One without any usable key counts as a failed fetch, so that there are none. */
function publish(logtoUrl, keySet) {
  invalidateJwksCache(logtoUrl)
  try {
    primeJwksCache(logtoUrl, keySet)
    return true
  } catch (error) {
    assert(error instanceof ConfigError, `${error}`)
    return false
  }
}

describe('conformance', () => {
  let seen = 0
  for (const { name, keySets, cases } of files) {
    it(name, async () => {
      for (const case_ of cases) {
        seen += 1
        const isUsable = publish(case_.policy.logtoUrl, keySets[case_.keySet])
        const expected = !isUsable && case_.expect === 'unknown_key' ? 'keys_unavailable' : case_.expect
        const { code, auth } = await verdict(case_)
        assert.equal(code, expected, case_.name)
        if (case_.subject !== undefined) assert.equal(auth.userId, case_.subject, case_.name)
        if (case_.scopes !== undefined) {
          assert.deepEqual((auth.payload.scope ?? '').split(' ').filter(Boolean), case_.scopes, case_.name)
        }
        if (code === 'accepted') assert.equal((await verdict(case_)).code, 'accepted', `${case_.name}, from memory`)
      }
    })
  }
  it('all of them were there', () => assert(seen > 1000, `${seen} cases`))
})
