// Tokens of an issuer that nobody here wrote.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { invalidateJwksCache, jwksStatus, requireScopes, verifyAuth } from 'logto-authkit/server'
import { OidcProvider } from './support/oidc_provider.mjs'
import { refuses } from './support/refusal.mjs'

const ORGANIZATION = '8kzczmmn03u2'

for (const alg of ['ES384', 'RS256', 'EdDSA']) {
  describe(`oidc-provider that signs with ${alg}`, () => {
    let provider
    let options
    before(async () => {
      provider = await OidcProvider.start({ alg })
      options = { logtoUrl: provider.logtoUrl, audience: provider.ready.resource }
    })
    after(() => provider.stop())

    it('publishes keys that verify its token, with one request for them', async () => {
      const token = await provider.token({ resource: provider.ready.resource, scope: 'read:products' })
      const { client_id } = provider.ready.clients.machine
      for (const round of ['new', 'remembered']) {
        const auth = await verifyAuth(token, options)
        assert.deepEqual([auth.userId, auth.payload.client_id, auth.isAuthenticated], [client_id, client_id, true], round)
        assert.equal(auth.payload.iss, provider.ready.issuer)
        requireScopes(auth, 'read:products')
        assert.throws(() => requireScopes(auth, 'write:products'), { code: 'missing_scope' })
      }
      assert.equal(await provider.fetches(), 1)
    })

    it('gives tokens for one resource that are worth nothing for another', async () => {
      const token = await provider.token()
      await refuses('invalid_audience', verifyAuth(token, { ...options, audience: 'https://second.example.com' }))
      await verifyAuth(token, { ...options, audience: ['https://second.example.com', options.audience] })
    })

    it('gives tokens that expire', async () => {
      const token = await provider.token()
      const { exp } = (await verifyAuth(token, options)).payload
      const at = (seconds, more) => verifyAuth(token, { ...options, ...more, currentDate: new Date(seconds * 1000) })
      await at(exp - 1)
      await refuses('token_expired', at(exp))
      await at(exp, { clockTolerance: 1 })
    })

    it('gives an organization its own tokens', async () => {
      const { logtoUrl, audience } = options
      const own = await provider.token({ organization_id: ORGANIZATION })
      const inside = await provider.token({ resource: audience, organization_id: ORGANIZATION })
      for (const [token, verification] of [
        [own, { organization: ORGANIZATION }],
        [own, { organization: 'any' }],
        [own, { organization: () => ORGANIZATION }],
        [inside, { audience, organization: ORGANIZATION }],
        [inside, { audience, organization: 'any' }],
        [inside, { audience, organization: () => ORGANIZATION }],
      ]) {
        await verifyAuth(token, { logtoUrl, ...verification })
      }
      await refuses('wrong_organization', verifyAuth(inside, options))
      await refuses('wrong_organization', verifyAuth(inside, { ...options, organization: 'q7f4xn2m1b0z' }))
      await refuses('wrong_organization', verifyAuth(own, { logtoUrl, organization: () => 'q7f4xn2m1b0z' }))
      await refuses('wrong_organization', verifyAuth(await provider.token(), { ...options, organization: ORGANIZATION }))
    })
  })
}

describe('oidc-provider', () => {
  let provider
  let options
  before(async () => {
    provider = await OidcProvider.start()
    options = { logtoUrl: provider.logtoUrl, audience: provider.ready.resource }
  })
  after(() => provider.stop())

  it('rotates its keys and nobody who has a published one is refused', async () => {
    const first = await provider.token()
    await verifyAuth(first, options)
    await provider.tell('rotate', { alg: 'RS256', keepPrevious: true })
    for (const token of [await provider.token(), first]) await verifyAuth(token, options)
    assert.equal(await provider.fetches(), 2)
    assert.equal(jwksStatus(provider.logtoUrl).keys, 2)
  })

  it('withdraws a key and its tokens are refused once the new keys are known', async () => {
    const withdrawn = await provider.token()
    await verifyAuth(withdrawn, options)
    await provider.tell('rotate', { alg: 'ES384', keepPrevious: false })
    invalidateJwksCache(provider.logtoUrl)
    await verifyAuth(await provider.token(), options)
    await refuses('unknown_key', verifyAuth(withdrawn, options))
  })

  it('goes down and comes back, which only those without keys notice', async () => {
    const token = await provider.token()
    const another = await provider.token()
    await verifyAuth(token, options)
    await provider.tell('down')
    for (const one of [token, another]) await verifyAuth(one, options)
    invalidateJwksCache(provider.logtoUrl)
    const error = await refuses('keys_unavailable', verifyAuth(token, options))
    assert.equal(error.headers['retry-after'], String(error.retryAfter))
    await refuses('keys_unavailable', verifyAuth(another, { ...options, allowGuest: true }))
    await provider.tell('up')
    invalidateJwksCache(provider.logtoUrl)
    await verifyAuth(token, options)
  })
})
