// verifyAuth and verifyNextAuth: every shape of request, every option.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verifyAuth, verifyLogtoToken, verifyNextAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'
import { bringing, send, serve } from './support/http_exchange.mjs'
import { refuses, refusesOption } from './support/refusal.mjs'

const AUDIENCE = 'https://api.example.com'
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const NAME = 'logto_authtoken'

let issuer
let options
let alice
let bob
let expired
before(async () => {
  issuer = await DevIssuer.start()
  options = { logtoUrl: issuer.logtoUrl, audience: AUDIENCE }
  alice = issuer.token({ subject: 'alice' })
  bob = issuer.token({ subject: 'bob' })
  expired = issuer.token({ expiresAt: 1_700_000_000 })
})
after(() => issuer.stop())

const cookie = (token) => ({ cookie: `${NAME}=${token}` })
const bearer = (token) => ({ authorization: `Bearer ${token}` })

/** Who makes a request, asked in both ways; what is refused, by its code. */
async function whoMakes(request, more) {
  const found = await verifyAuth(request, { ...options, ...more }).then((auth) => auth.userId, (error) => error.code)
  const next = await verifyNextAuth(request, { ...options, ...more })
  assert.equal(next.success ? next.auth.userId : next.code, found)
  return found
}

describe('a request', () => {
  const next = (values) => ({ get: (name) => (name in values ? { name, value: values[name] } : undefined) })
  const shapes = () => [
    ['a token', alice, 'alice'],
    ['a Web Request with a header', new Request('http://localhost/', { headers: bearer(alice) }), 'alice'],
    ['a Web Request with a cookie', new Request('http://localhost/', { headers: cookie(alice) }), 'alice'],
    ['a Web Request with both', new Request('http://localhost/', { headers: { ...cookie(alice), ...bearer(bob) } }), 'alice'],
    ['a Web Request whose cookie is refused', new Request('http://localhost/', { headers: { ...cookie(expired), ...bearer(bob) } }), 'bob'],
    ['Headers', { headers: new Headers(bearer(alice)) }, 'alice'],
    ['Headers and the cookies of next/headers', { headers: new Headers(), cookies: next({ [NAME]: alice }) }, 'alice'],
    ['cookies whose get() answers with a string', { headers: {}, cookies: new Map([[NAME, alice]]) }, 'alice'],
    ['cookies whose get() answers with an object', { headers: {}, cookies: next({ [NAME]: alice }) }, 'alice'],
    ['cookies whose get() needs its object', { headers: {}, cookies: new (class { #value = alice; get() { return this.#value } })() }, 'alice'],
    ['a plain object of cookies', { headers: {}, cookies: { [NAME]: alice } }, 'alice'],
    ['cookies without a prototype', { headers: {}, cookies: Object.assign(Object.create(null), { [NAME]: alice }) }, 'alice'],
    ['cookies of another name', { headers: {}, cookies: { mine: alice } }, 'alice', { cookieName: 'mine' }],
    ['cookies, and a header without one', { headers: bearer(bob), cookies: { other: 'x' } }, 'bob'],
    ['a plain object of headers', { headers: bearer(alice) }, 'alice'],
    ['headers in odd case', { headers: { AuthoriZation: `Bearer ${alice}` } }, 'alice'],
    ['a cookie header in odd case', { headers: { COOKIE: `${NAME}=${alice}` } }, 'alice'],
    ['a header as a list of one', { headers: { authorization: [`Bearer ${alice}`] } }, 'alice'],
    ['cookie headers as a list', { headers: { cookie: ['a=1', `${NAME}=${alice}`] } }, 'alice'],
    ['headers without a prototype', { headers: Object.assign(Object.create(null), bearer(alice)) }, 'alice'],
    ['a header and a cookie that are called get', { headers: { get: 'x', ...bearer(bob) }, cookies: { get: 'x', [NAME]: alice } }, 'alice'],
    ['frozen', Object.freeze({ headers: Object.freeze(bearer(alice)) }), 'alice'],
    ['no cookies', { headers: bearer(alice), cookies: undefined }, 'alice'],
    ['null for cookies', { headers: bearer(alice), cookies: null }, 'alice'],
    ['null for headers that are not there', { headers: { ...bearer(alice), cookie: null, origin: null } }, 'alice'],
    ['null for headers of Node.js', { headers: { ...bearer(alice), cookie: null, host: null }, rawHeaders: [] }, 'alice'],
    ['null for all of them', { headers: { authorization: null, cookie: null } }, 'missing_token'],
    ['nothing in it', { headers: {} }, 'missing_token'],
    ['a Web Request with nothing in it', new Request('http://localhost/'), 'missing_token'],
    ['cookies that hold another type', { headers: {}, cookies: { [NAME]: 7 } }, 'missing_token'],
    ['cookies that hold a list', { headers: {}, cookies: { [NAME]: [alice] } }, 'missing_token'],
    ['cookies that hold an empty value', { headers: {}, cookies: { [NAME]: '' } }, 'missing_token'],
    ['two headers in a list', { headers: { authorization: [`Bearer ${alice}`, `Bearer ${alice}`] } }, 'invalid_request'],
    ['two headers that Headers joined', { headers: twice('authorization', `Bearer ${alice}`) }, 'invalid_request'],
    ['an empty token', '', 'malformed_token'],
    ['a token with a space before it', ` ${alice}`, 'malformed_token'],
    ['a token with its scheme', `Bearer ${alice}`, 'malformed_token'],
    ['a token with a NUL', `${alice}\0`, 'malformed_token'],
    ['a token outside ASCII', `${alice}é`, 'malformed_token'],
    ['a token with half a character', `${alice}\ud800`, 'malformed_token'],
    ['a huge token', 'x'.repeat(1_000_000), 'malformed_token'],
    ['a huge header', { headers: bearer('x'.repeat(1_000_000)) }, 'malformed_token'],
  ]
  it('is understood in every shape', async () => {
    for (const [shape, request, expected, more] of shapes()) assert.equal(await whoMakes(request, more), expected, shape)
  })

  it('is understood as Node.js gives it', async () => {
    const server = await serve(async (request, response) => response.end(String(await whoMakes(request))))
    for (const [headers, expected] of [
      [bringing({ bearer: alice }), 'alice'],
      [bringing({ cookie: alice, bearer: bob }), 'alice'],
      [['Cookie', 'a=1', 'Cookie', `${NAME}=${alice}`], 'alice'],
      [[...bringing({ bearer: alice }), ...bringing({ bearer: alice })], 'invalid_request'],
      [[...bringing({ cookie: alice }), 'authorization', 'Basic eDp5', 'AUTHORIZATION', 'Basic eDp5'], 'invalid_request'],
      [[], 'missing_token'],
    ]) {
      assert.equal((await send(server.url, { headers })).body, expected, headers.filter((_, index) => index % 2 === 0).join())
    }
    await server.stop()
  })

  it('cannot smuggle anything through the value of a cookie', async () => {
    const values = [
      `x; ${NAME}=${alice}`, `x;${NAME}=${alice}`, `x\r\nCookie: ${NAME}=${alice}`, `\r\nAuthorization: Bearer ${alice}`,
      `"; ${NAME}=${alice}`, `"${alice}`, `${alice}"`, `${alice};`, `${alice} `, ` ${alice}`, `${alice},`, `${alice}\0`, `${alice}\n`,
      `${alice}é`, `é${alice}`, `\u3000${alice}`, `${alice}%00`, '%', '\\', '💥', `guest_logto_authtoken=x`,
    ]
    for (const value of values) {
      for (const cookies of [{ [NAME]: value }, new Map([[NAME, value]]), next({ [NAME]: value })]) {
        assert.equal(await whoMakes({ headers: {}, cookies }), 'malformed_token', JSON.stringify(value))
        // Nor is another token hidden by it.
        assert.equal(await whoMakes({ headers: bearer(bob), cookies }), 'bob', JSON.stringify(value))
      }
    }
  })

  it('with a cookie that is half a character is refused as any other', async () => {
    for (const value of ['\ud800', `${alice}\udc00`]) {
      assert.equal(await whoMakes({ headers: {}, cookies: { [NAME]: value } }), 'malformed_token')
    }
  })

  it('cannot choose the guest\'s id by the value of a cookie', async () => {
    const id = '550e8400-e29b-41d4-a716-446655440000'
    for (const [value, known] of [[id, true], [id.toUpperCase(), true], [`${id};`, false], [`{${id}}`, false], [`${id}\r\nx`, false], ['é', false]]) {
      const result = await verifyNextAuth({ headers: {}, cookies: { guest_logto_authtoken: value } }, { ...options, allowGuest: true })
      assert.match(result.auth.guestId, UUID_V4)
      assert.deepEqual([result.auth.guestId === id, result.headers === undefined], [known, known], value)
    }
  })

  it('that is nothing of the kind is told as a mistake of the program', async () => {
    for (const wrong of [undefined, null, 7, true, {}, [], { headers: null }]) {
      for (const verify of [verifyAuth, verifyNextAuth]) {
        await assert.rejects(async () => verify(wrong, options), TypeError, JSON.stringify(wrong))
      }
    }
  })

  it('is not altered', async () => {
    const request = { headers: cookie(alice), cookies: undefined, method: 'GET' }
    const before = structuredClone(request)
    await verifyAuth(request, options)
    assert.deepEqual(request, before)
  })
})

describe('a request that changes something', () => {
  const host = { host: 'shop.example' }
  const cases = [
    ['no proof', {}, 'csrf_failed'],
    ['the browser\'s word', { 'sec-fetch-site': 'same-origin' }, 'alice'],
    ['the browser\'s word that the user typed it', { 'sec-fetch-site': 'none' }, 'alice'],
    ['the browser\'s word of a sibling site', { 'sec-fetch-site': 'same-site' }, 'csrf_failed'],
    ['the browser\'s word of another site', { 'sec-fetch-site': 'cross-site', ...host, origin: 'https://shop.example' }, 'csrf_failed'],
    ['its own origin', { ...host, origin: 'https://shop.example' }, 'alice'],
    ['its own origin in another case', { host: 'Shop.Example', origin: 'https://shop.example' }, 'alice'],
    ['another origin', { ...host, origin: 'https://evil.example' }, 'csrf_failed'],
    ['another port', { ...host, origin: 'https://shop.example:8443' }, 'csrf_failed'],
    ['an origin that begins alike', { ...host, origin: 'https://shop.example.evil' }, 'csrf_failed'],
    ['no origin that can be told', { ...host, origin: 'null' }, 'csrf_failed'],
    ['an origin and no host', { origin: 'https://shop.example' }, 'csrf_failed'],
    ['two words of the browser', { 'sec-fetch-site': ['same-origin', 'cross-site'] }, 'csrf_failed'],
  ]
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'post', 'PROPFIND', 'no method', '']) {
    it(`with ${JSON.stringify(method)} and a cookie needs a proof of where it comes from`, async () => {
      for (const [brings, headers, expected] of cases) {
        for (const request of [
          { method, headers: { ...cookie(alice), ...headers } },
          { method, headers, cookies: { [NAME]: alice } },
        ]) {
          assert.equal(await whoMakes(request), expected, brings)
          assert.equal(await whoMakes({ ...request, headers: { ...request.headers, ...bearer(bob) } }), expected === 'alice' ? 'alice' : 'bob', brings)
        }
        assert.equal(await whoMakes({ method, headers: { ...headers, ...bearer(bob) } }), 'bob', brings)
      }
    })
  }

  it('does not with GET, HEAD, OPTIONS and TRACE', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE', undefined]) {
      assert.equal(await whoMakes({ method, headers: { ...cookie(alice), 'sec-fetch-site': 'cross-site' } }), 'alice', method)
    }
  })

  it('as a Web Request too', async () => {
    const request = (headers) => new Request('https://shop.example/', { method: 'POST', headers: { ...cookie(alice), ...headers } })
    assert.equal(await whoMakes(request({})), 'csrf_failed')
    assert.equal(await whoMakes({ headers: new Headers({ ...cookie(alice), ...host, origin: 'https://shop.example' }), method: 'POST' }), 'alice')
  })

  it('neither acts for a guest nor changes who that is', async () => {
    const id = '550e8400-e29b-41d4-a716-446655440000'
    const request = { method: 'POST', headers: { cookie: `guest_logto_authtoken=${id}` } }
    const { auth, headers } = await verifyNextAuth(request, { ...options, allowGuest: true })
    assert.notEqual(auth.guestId, id)
    assert.equal(headers, undefined)
  })
})

describe('verifyNextAuth', () => {
  it('gives a new guest\'s cookie to send along', async () => {
    const request = new Request('https://shop.example/', { headers: { host: 'shop.example' } })
    const { success, auth, headers } = await verifyNextAuth(request, { ...options, allowGuest: true })
    assert.deepEqual([success, auth.isGuest, auth.userId], [true, true, null])
    assert.deepEqual(headers.getSetCookie(), [
      `guest_logto_authtoken=${auth.guestId}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000`,
    ])
  })

  it('gives no headers where there is nothing to send', async () => {
    assert.deepEqual(Object.keys(await verifyNextAuth({ headers: bearer(alice) }, options)), ['success', 'auth'])
  })

  it('tells a refusal with everything that an answer needs', async () => {
    const { headers, ...result } = await verifyNextAuth({ headers: bearer(alice) }, { ...options, requiredScope: 'admin' })
    assert.deepEqual(result, { success: false, error: 'the token lacks the scope: admin', code: 'missing_scope', status: 403 })
    assert(headers instanceof Headers)
    assert.match(headers.get('www-authenticate'), /error="insufficient_scope".*scope="admin"/)
    assert.equal(headers.get('cache-control'), 'no-store')
    const answer = Response.json({ error: result.error }, { status: result.status, headers })
    assert.match(answer.headers.get('content-type'), /^application\/json/)
  })

  it('throws what is not the request\'s fault', async () => {
    await refusesOption('audience', verifyNextAuth({ headers: {} }, { logtoUrl: issuer.logtoUrl }))
    const validateClaims = () => { throw new Error('broken') }
    await assert.rejects(verifyNextAuth({ headers: bearer(alice) }, { ...options, validateClaims }), { message: 'broken' })
  })
})

describe('verifyLogtoToken', () => {
  it('gives a user and never a guest', async () => {
    assert.equal((await verifyLogtoToken(alice, options)).userId, 'alice')
    await refuses('token_expired', verifyLogtoToken(expired, { ...options, allowGuest: true }))
    await refuses('malformed_token', verifyLogtoToken('', { ...options, allowGuest: true }))
  })

  it('rejects for missing options, and throws nothing', async () => {
    for (const wrong of [undefined, null]) await refusesOption('options', verifyLogtoToken(alice, wrong), `${wrong}`)
  })
})

describe('the options', () => {
  const second = (milliseconds) => new Date(milliseconds)
  it('say what the time is, and how far clocks may differ', async () => {
    const token = issuer.token({ issuedAt: 1_800_000_000, notBefore: 1_800_000_000, expiresAt: 1_800_000_100 })
    for (const [at, clockTolerance, expected] of [
      [1_799_999_999_000, undefined, 'token_not_yet_valid'],
      [1_800_000_000_000, undefined, 'alice'],
      [1_800_000_099_999, undefined, 'alice'],
      [1_800_000_100_000, undefined, 'token_expired'],
      [1_799_999_990_000, 10, 'alice'],
      [1_799_999_989_000, 10, 'token_not_yet_valid'],
      [1_800_000_109_999, 10, 'alice'],
      [1_800_000_110_000, 10, 'token_expired'],
      [1_800_000_100_000, 0.5, 'alice'],
      [1_800_000_100_500, 0.5, 'token_expired'],
      [1_800_000_399_999, 300, 'alice'],
    ]) {
      assert.equal(await whoMakes(token, { currentDate: second(at), clockTolerance }), expected, `${at} ± ${clockTolerance}`)
    }
  })

  it('name the algorithms', async () => {
    assert.equal(await whoMakes(alice, { algorithms: ['RS256', 'ES384'] }), 'alice')
    assert.equal(await whoMakes(alice, { algorithms: ['RS256'] }), 'unsupported_algorithm')
  })

  it('name several audiences, each of which will do', async () => {
    const both = issuer.token({ audience: ['https://a.example.com', 'https://b.example.com'] })
    for (const [audience, expected] of [
      ['https://a.example.com', 'alice'],
      [['https://c.example.com', 'https://b.example.com'], 'alice'],
      [['https://c.example.com'], 'invalid_audience'],
      ['https://a.example.com/', 'invalid_audience'],
    ]) {
      assert.equal(await whoMakes(both, { audience }), expected, `${audience}`)
    }
  })

  it('ask for scopes, whole ones, all or any', async () => {
    const token = issuer.token({ scope: 'read:products  write:products' })
    for (const [asked, expected] of [
      [{ requiredScope: 'read:products' }, 'alice'],
      [{ requiredScope: 'read' }, 'missing_scope'],
      [{ requiredScope: 'READ:products' }, 'missing_scope'],
      [{ requiredScopes: ['read:products', 'write:products'] }, 'alice'],
      [{ requiredScopes: ['read:products', 'admin'] }, 'missing_scope'],
      [{ requiredScopes: ['read:products', 'admin'], scopeMode: 'all' }, 'missing_scope'],
      [{ requiredScopes: ['read:products', 'admin'], scopeMode: 'any' }, 'alice'],
      [{ requiredScopes: ['admin', 'root'], scopeMode: 'any' }, 'missing_scope'],
      [{ requiredScope: 'read:products', requiredScopes: ['write:products'] }, 'alice'],
      [{ requiredScope: 'admin', requiredScopes: ['write:products'] }, 'missing_scope'],
    ]) {
      assert.equal(await whoMakes(token, asked), expected, JSON.stringify(asked))
    }
  })

  it('ask for roles, whole ones, in the claims that are named', async () => {
    const token = issuer.token({ claims: { roles: ['user', 'two words'], role: 'editor', 'https://x/roles': ['admin'] } })
    for (const [asked, expected] of [
      [{ requiredRoles: ['user'] }, 'alice'],
      [{ requiredRoles: ['user', 'editor'] }, 'alice'],
      [{ requiredRoles: ['two words'] }, 'alice'],
      [{ requiredRoles: ['two'] }, 'missing_role'],
      [{ requiredRoles: ['admin'] }, 'missing_role'],
      [{ requiredRoles: ['admin'], roleClaimKeys: ['https://x/roles'] }, 'alice'],
      [{ requiredRoles: ['user'], roleClaimKeys: ['https://x/roles'] }, 'missing_role'],
      [{ requiredRoles: ['user', 'admin'], roleClaimKeys: ['roles', 'https://x/roles'] }, 'alice'],
    ]) {
      assert.equal(await whoMakes(token, asked), expected, JSON.stringify(asked))
    }
  })

  it('say which organization', async () => {
    const inside = issuer.token({ organizationId: 'org_demo' })
    const own = issuer.token({ audience: 'urn:logto:organization:org_demo' })
    const none = { audience: undefined }
    for (const [token, asked, expected] of [
      [alice, {}, 'alice'],
      [inside, {}, 'wrong_organization'],
      [inside, { organization: 'org_demo' }, 'alice'],
      [inside, { organization: 'other' }, 'wrong_organization'],
      [inside, { organization: 'any' }, 'alice'],
      [inside, { organization: () => 'org_demo' }, 'alice'],
      [inside, { organization: () => 'other' }, 'wrong_organization'],
      // What the request brings is never the option's word for all of them.
      [inside, { organization: () => 'any' }, 'wrong_organization'],
      [inside, { organization: () => undefined }, 'invalid_request'],
      [inside, { organization: () => null }, 'invalid_request'],
      [inside, { organization: () => '' }, 'invalid_request'],
      [inside, { organization: () => 'a b' }, 'invalid_request'],
      [alice, { organization: 'org_demo' }, 'wrong_organization'],
      [alice, { organization: () => 'org_demo' }, 'wrong_organization'],
      [own, { ...none, organization: 'org_demo' }, 'alice'],
      [own, { ...none, organization: 'any' }, 'alice'],
      [own, { ...none, organization: () => 'org_demo' }, 'alice'],
      [own, { ...none, organization: () => 'other' }, 'wrong_organization'],
      [own, { ...none, organization: () => undefined }, 'invalid_request'],
      [own, {}, 'invalid_audience'],
    ]) {
      for (const round of ['new', 'remembered']) {
        const what = `${JSON.stringify(asked)} ${asked.organization}, ${round}`
        assert.equal(await whoMakes({ headers: bearer(token) }, asked), expected, what)
      }
    }
  })

  it('have functions that are given the request', async () => {
    const token = issuer.token({ organizationId: 'org_demo' })
    const request = { headers: { ...bearer(token), 'x-organization': 'org_demo' } }
    const seen = []
    const more = {
      organization: (given) => (seen.push(given), given.headers?.['x-organization'] ?? 'org_demo'),
      validateClaims: (payload, given) => (seen.push(given), payload.organization_id === 'org_demo'),
    }
    await verifyAuth(request, { ...options, ...more })
    assert.deepEqual(seen, [request, request])
    await verifyAuth(token, { ...options, ...more })
    assert.deepEqual(seen.slice(2), [token, token])
  })

  it('have a check of the application\'s own, which refuses with anything but true', async () => {
    for (const [answer, expected] of [[true, 'alice'], [false, 'claim_rejected'], [undefined, 'claim_rejected'], ['yes', 'claim_rejected'], [1, 'claim_rejected'], [null, 'claim_rejected'], [{}, 'claim_rejected']]) {
      for (const validateClaims of [() => answer, async () => answer]) {
        assert.equal(await whoMakes(alice, { validateClaims }), expected, JSON.stringify(answer))
        assert.equal(await whoMakes({ headers: cookie(alice) }, { validateClaims }), expected, JSON.stringify(answer))
      }
    }
  })

  it('may remember no token at all', async () => {
    for (const tokenCacheSize of [0, 1, 10_000_000]) {
      for (let round = 0; round < 3; round += 1) assert.equal(await whoMakes(alice, { tokenCacheSize }), 'alice')
    }
  })

  it('are the same with undefined members as without them', async () => {
    const names = [
      'cookieName', 'requiredScope', 'requiredScopes', 'scopeMode', 'requiredRoles', 'roleClaimKeys', 'organization', 'allowGuest',
      'guestCookieName', 'clockTolerance', 'algorithms', 'validateClaims', 'jwksCacheTtlMs', 'skipJwksCache', 'tokenCacheSize', 'currentDate',
    ]
    assert.equal(await whoMakes(alice, Object.fromEntries(names.map((name) => [name, undefined]))), 'alice')
  })

  it('are noticed when they change between two calls', async () => {
    const mine = { ...options, audience: [AUDIENCE], requiredScopes: ['read:products'], algorithms: ['ES384'] }
    const codeOf = () => verifyAuth(alice, mine).then(() => 'accepted', (error) => error.code)
    const steps = [
      ['nothing', () => {}, 'accepted'],
      ['an item of a list', () => (mine.requiredScopes[0] = 'admin'), 'missing_scope'],
      ['the item back', () => (mine.requiredScopes[0] = 'read:products'), 'accepted'],
      ['one more item', () => mine.requiredScopes.push('admin'), 'missing_scope'],
      ['the mode', () => (mine.scopeMode = 'any'), 'accepted'],
      ['the audience', () => (mine.audience[0] = 'https://other.example.com'), 'invalid_audience'],
      ['the audience as a text', () => (mine.audience = AUDIENCE), 'accepted'],
      ['the algorithms', () => (mine.algorithms = ['RS256']), 'unsupported_algorithm'],
      ['the algorithms are gone', () => delete mine.algorithms, 'accepted'],
      ['a check', () => (mine.validateClaims = () => false), 'claim_rejected'],
      ['another check', () => (mine.validateClaims = () => true), 'accepted'],
      ['the organization', () => (mine.organization = 'org_demo'), 'wrong_organization'],
      ['the organization as a function', () => (mine.organization = () => undefined), 'invalid_request'],
      ['no organization', () => (mine.organization = undefined), 'accepted'],
      ['the time', () => (mine.currentDate = new Date('2100-01-01')), 'token_expired'],
    ]
    for (const [what, change, expected] of steps) {
      change()
      assert.equal(await codeOf(), expected, what)
    }
  })

  it('are noticed when the time within the date changes', async () => {
    const mine = { ...options, currentDate: new Date('2100-01-01') }
    await refuses('token_expired', verifyAuth(alice, mine))
    mine.currentDate.setTime(Date.now())
    assert.equal((await verifyAuth(alice, mine)).userId, 'alice')
  })

  it('of two sets do not mix', async () => {
    const sets = Array.from({ length: 150 }, (_, index) => ({ ...options, requiredScope: index % 2 === 0 ? 'read:products' : `scope-${index}` }))
    for (let round = 0; round < 2; round += 1) {
      const found = await Promise.all(sets.map((set) => verifyAuth(alice, set).then(() => 'accepted', (error) => error.code)))
      assert(found.every((code, index) => code === (index % 2 === 0 ? 'accepted' : 'missing_scope')))
    }
  })

  it('that are wrong are named', async () => {
    for (const [name, values] of Object.entries(wrongOptions())) {
      for (const value of values) {
        const wrong = { ...options, requiredRoles: ['x'], [name]: value }
        const what = `${name}: ${JSON.stringify(value)}`
        const { hint } = await refusesOption(name, verifyAuth(alice, wrong), what)
        await refusesOption(name, verifyNextAuth({ headers: {} }, wrong), what)
        if (name !== 'allowGuest') await refusesOption(name, verifyLogtoToken(alice, wrong), what)
        // Having been told once changes nothing.
        assert.equal((await refusesOption(name, verifyAuth(alice, wrong), what)).hint, hint)
      }
    }
    assert.equal(await whoMakes(alice), 'alice')
  })

  it('that are functions where none is meant are named, and not taken for absent', async () => {
    for (const name of Object.keys(wrongOptions())) {
      if (['organization', 'validateClaims', 'currentDate'].includes(name)) continue
      for (const value of [() => 'admin', async () => ['admin'], Symbol('admin'), 10n]) {
        await refusesOption(name, verifyAuth(alice, { ...options, [name]: value }), `${name}: ${String(value)}`)
      }
    }
  })

  it('count wherever the object has them from', async () => {
    class Options {
      logtoUrl = options.logtoUrl
      audience = AUDIENCE
      get requiredScope() {
        return 'admin'
      }
    }
    const inherited = Object.assign(Object.create({ requiredScope: 'admin' }), options)
    for (const [kind, given] of [['a getter', new Options()], ['a prototype', inherited]]) {
      const found = await verifyAuth(alice, given).then(() => 'accepted', (error) => error.code ?? error.name)
      assert.notEqual(found, 'accepted', kind)
    }
  })

  it('that are missing are named', async () => {
    for (const verify of [verifyAuth, verifyNextAuth]) {
      for (const wrong of [undefined, null, 'x']) await refusesOption('options', verify({ headers: {} }, wrong), `${verify.name}, ${wrong}`)
    }
    await refusesOption('logtoUrl', verifyAuth(alice, { audience: AUDIENCE }))
    await refusesOption('logtoUrl', verifyAuth(alice, {}))
    await refusesOption('audience', verifyAuth(alice, { logtoUrl: issuer.logtoUrl }))
    await refusesOption('audience', verifyAuth(alice, { ...options, audience: undefined }))
  })

  it('that contradict each other are named', async () => {
    const more = { requiredScope: 'a', requiredScopes: ['b'], scopeMode: 'any' }
    await refusesOption('requiredScope', verifyAuth(alice, { ...options, ...more }))
  })

  it('that ask for roles in claims, but for no role, are a mistake', async () => {
    await refusesOption('roleClaimKeys', verifyAuth(alice, { ...options, roleClaimKeys: [] }))
  })

  it('that nobody knows are named, with those that are known', async () => {
    for (const name of ['requiredscope', 'issuer', 'allowGuests', 'onDenied']) {
      const { hint } = await refusesOption(name, verifyAuth(alice, { ...options, [name]: true }), name)
      assert.match(hint, /requiredScope/)
    }
  })

  it('are looked at anew whichever of them changes', async () => {
    const right = {
      ...options, cookieName: 'a', guestCookieName: 'b', requiredScope: 'read:products', requiredScopes: ['read:products'],
      scopeMode: 'all', requiredRoles: ['admin'], roleClaimKeys: ['roles'], organization: 'o1', allowGuest: true, clockTolerance: 5,
      algorithms: ['ES384'], validateClaims: () => true, jwksCacheTtlMs: 5000, skipJwksCache: false, tokenCacheSize: 10,
      currentDate: new Date(),
    }
    for (const [name, [wrong]] of Object.entries(wrongOptions())) {
      await verifyAuth('', right)
      await refusesOption(name, verifyAuth('', { ...right, [name]: wrong }))
    }
  })

  it('are not what the two halves of the package say to each other', async () => {
    await refusesOption('organizationFromRequest', verifyAuth(alice, { ...options, organizationFromRequest: true }))
  })
})

/** For every option, what it cannot be. */
function wrongOptions() {
  return {
    logtoUrl: [7, null, '', 'tenant', 'http://tenant.logto.app', 'ftp://tenant.logto.app', 'https://tenant.logto.app/oidc', 'https://tenant.logto.app/oidc/', 'https://tenant.logto.app?x=1', 'https://tenant.logto.app#x', 'https://user:password@tenant.logto.app'],
    audience: [7, null, {}, '', [], [''], [AUDIENCE, 7], ['a b'], 'urn:logto:organization:o1'],
    cookieName: [7, null, '', 'a b', 'a=b', 'a;b', 'é', 'a\r\nb'],
    guestCookieName: [7, null, '', 'a b', 'a=b', 'a;b'],
    requiredScope: [7, null, [], ['read:products'], '', ' ', 'read write'],
    requiredScopes: [7, null, {}, [], [''], ['read write'], [7], [null]],
    scopeMode: [7, null, true, '', 'some', 'ALL'],
    requiredRoles: [7, null, {}, [], [''], [7]],
    roleClaimKeys: [7, null, {}, [], [''], [7]],
    organization: [7, null, true, {}, '', 'a b'],
    allowGuest: [1, 0, null, 'true', {}],
    clockTolerance: ['5', null, -1, Number.NaN, Infinity, 301, {}],
    algorithms: [7, null, [], ['HS256'], ['none'], ['es384'], [7], {}],
    validateClaims: [true, null, 'x', {}, []],
    jwksCacheTtlMs: ['5', null, -1, Number.NaN, Infinity, 86_400_001, {}],
    skipJwksCache: [1, null, 'true', {}],
    tokenCacheSize: ['5', null, -1, 1.5, Number.NaN, Infinity, 10_000_001, {}],
    currentDate: [7, null, '2026-01-01', new Date(Number.NaN), {}],
  }
}

/** Headers with a line twice. */
function twice(name, line) {
  const headers = new Headers()
  headers.append(name, line)
  headers.append(name, line)
  return headers
}
