// The claims of tokens that come back: told by a number, copied from what was parsed once, and always those of the token.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'

const AUDIENCE = 'https://api.example.com'
/** Enough for a token to be met, remembered, and told by its number. */
const OFTEN = 6
/** More than are held at a time: they crowd each other out. */
const CROWD = 3000

let issuer
let options
before(async () => {
  // Quick to sign and to verify.
  issuer = await DevIssuer.start({ algorithm: 'EdDSA' })
  options = { logtoUrl: issuer.logtoUrl, audience: AUDIENCE }
})
after(() => issuer.stop())

const claimsIn = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())

describe('remembered claims', () => {
  it('are the token\'s own, of every kind, at every use', async () => {
    const odd = { '': 1, 'ключ': 'значение', list: [1, [2, { three: 3 }], null], object: { a: { b: [] } }, no: null, yes: true, 12: 'x' }
    const claims = { ...odd, ...JSON.parse('{"__proto__": {"polluted": true}, "constructor": "c", "toString": [1]}') }
    const token = issuer.token({ claims })
    for (let use = 0; use < OFTEN; use += 1) {
      const { payload } = await verifyAuth(token, options)
      assert.deepEqual(payload, claimsIn(token))
      assert.equal(JSON.stringify(payload), JSON.stringify(claimsIn(token)))
      assert.deepEqual(Object.getOwnPropertyDescriptor(payload, '__proto__').value, { polluted: true })
      assert.equal(payload.polluted, undefined)
    }
  })

  it('can be changed by whoever got them, and by nobody for anybody else', async () => {
    const token = issuer.token({ claims: { roles: ['reader'], profile: { names: ['Alice'] } } })
    for (let use = 0; use < OFTEN; use += 1) {
      const { userId, payload } = await verifyAuth(token, options)
      assert.deepEqual(payload, claimsIn(token))
      payload.roles.push('admin')
      payload.profile.names[0] = 'Mallory'
      payload.sub = 'mallory'
      delete payload.aud
      assert.equal(userId, claimsIn(token).sub)
    }
  })

  it(`are never another user's, with ${CROWD} users in turn`, async () => {
    const tokens = Array.from({ length: CROWD }, (_, index) => issuer.token({ subject: `user-${index}` }))
    for (let round = 0; round < OFTEN; round += 1) {
      const users = await Promise.all(tokens.map((token) => verifyAuth(token, options)))
      users.forEach(({ userId, payload }, index) => {
        assert.equal(userId, `user-${index}`)
        assert.equal(payload.sub, userId)
      })
    }
  })

  it('are read afresh under every set of options', async () => {
    const token = issuer.token({ claims: { roles: ['reader'] } })
    for (let use = 0; use < OFTEN; use += 1) {
      for (const more of [{}, { tokenCacheSize: 0 }, { allowGuest: true }, { clockTolerance: 5 }]) {
        assert.deepEqual((await verifyAuth(token, { ...options, ...more })).payload, claimsIn(token))
      }
      await assert.rejects(verifyAuth(token, { ...options, requiredRoles: ['admin'] }), { code: 'missing_role' })
      await assert.rejects(verifyAuth(token, { ...options, currentDate: new Date('2100-01-01') }), { code: 'token_expired' })
    }
  })
})
