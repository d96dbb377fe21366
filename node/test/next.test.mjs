// A production build of Next.js, over HTTP: `next build && next start` of examples/next.

import assert from 'node:assert/strict'
import { exec } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { DevIssuer } from 'logto-authkit/testing'
import { bringing, send } from './support/http_exchange.mjs'
import { Example } from './support/neighbour.mjs'
import { assertDenied } from './support/refusal.mjs'

const AUDIENCE = 'https://api.example.com'
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let issuer
let example
let url
let alice
let bob
let expired
before(async () => {
  issuer = await DevIssuer.start()
  alice = sign({ subject: 'alice' })
  bob = sign({ subject: 'bob' })
  expired = sign({ subject: 'carol', expiresAt: 1_700_000_000 })
  example = new Example('next', 'npm run prestart')
  const environment = { LOGTO_URL: issuer.logtoUrl, LOGTO_AUDIENCE: AUDIENCE }
  url = (await example.start(environment, /^listening on /)).url
})
after(async () => {
  example?.stop()
  await issuer.stop()
})

const sign = (more) => issuer.token({ audience: AUDIENCE, scope: 'read:products', ...more })
const ask = (path, headers, method) => send(url + path, { headers, method })

/** Every way to bring a token, and who the request is from. */
const bringers = () => [
  ['a cookie', bringing({ cookie: alice }), 'alice'],
  ['a cookie among others', ['Cookie', `a=b; logto_authtoken=${alice}; c=d`], 'alice'],
  ['a header', bringing({ bearer: alice }), 'alice'],
  ['both, of which the cookie counts', bringing({ cookie: alice, bearer: bob }), 'alice'],
  ['both, of which the cookie is refused', bringing({ cookie: expired, bearer: bob }), 'bob'],
]

/** Expects a refusal with its status, headers and body. */
function assertRefused(answer, code) {
  assertDenied(answer, code)
  const { error, ...rest } = answer.json
  assert.deepEqual(rest, { code })
  assert(error.length > 0)
}

describe('a route handler', () => {
  it('knows who is asking', async () => {
    for (const [name, headers, userId] of bringers()) {
      const { status, json } = await ask('/api/me', headers)
      assert.deepEqual([status, json], [200, { userId, scopes: ['read:products'] }], name)
    }
  })

  it('refuses everybody else', async () => {
    const [{ kid }] = issuer.jwks().keys
    for (const [code, headers] of [
      ['missing_token', []],
      ['token_expired', bringing({ cookie: expired })],
      ['malformed_token', bringing({ bearer: 'x' })],
      ['invalid_signature', bringing({ bearer: sign({ foreignKey: true, header: { kid } }) })],
      ['invalid_audience', bringing({ bearer: sign({ audience: 'https://another.example.com' }) })],
    ]) {
      assertRefused(await ask('/api/me', headers), code)
    }
  })

  it('asks for scopes', async () => {
    const reads = { bearer: alice }
    assert.deepEqual((await ask('/api/products', bringing(reads))).json, { products: ['tea', 'coffee'] })
    assertRefused(await ask('/api/products', bringing({ bearer: sign({ scope: 'read:products-of-others' }) })), 'missing_scope')
    assertRefused(await ask('/api/products', bringing(reads), 'POST'), 'missing_scope')
  })

  it('does not take a cookie for a change without proof of where the request comes from', async () => {
    const writes = bringing({ cookie: sign({ scope: 'write:products' }) })
    assertRefused(await ask('/api/products', writes, 'POST'), 'csrf_failed')
    assertRefused(await ask('/api/products', [...writes, 'Sec-Fetch-Site', 'cross-site'], 'POST'), 'csrf_failed')
    const { status, json } = await ask('/api/products', [...writes, 'Sec-Fetch-Site', 'same-origin'], 'POST')
    assert.deepEqual([status, json], [400, { error: 'name is missing' }])
  })

  it('has the organization from its path', async () => {
    const member = bringing({ bearer: sign({ organizationId: 'org_demo' }) })
    assert.equal((await ask('/api/organizations/org_demo/products', member)).json.organization, 'org_demo')
    for (const [id, headers] of [['other', member], ['org_demo', bringing({ bearer: alice })]]) {
      assertRefused(await ask(`/api/organizations/${id}/products`, headers), 'wrong_organization')
    }
  })

  it('gives a guest an id that stays', async () => {
    const first = await ask('/api/visitors')
    const [cookie] = first.setCookies.map((line) => line.split(';')[0])
    assert.match(first.json.guestId, UUID_V4)
    assert.equal(cookie, `guest_logto_authtoken=${first.json.guestId}`)
    const second = await ask('/api/visitors', ['Cookie', cookie])
    assert.deepEqual([second.json, second.setCookies], [first.json, []])
    assert.deepEqual((await ask('/api/visitors', bringing({ bearer: alice }))).json, { userId: 'alice' })
  })
})

describe('proxy', () => {
  it('tells the route handlers who is asking', async () => {
    for (const [name, headers, user] of bringers()) {
      const { status, json } = await ask('/api/reports', headers)
      assert.deepEqual([status, json.for], [200, user], name)
    }
  })

  it('lets nobody else pass', async () => {
    assertRefused(await ask('/api/reports', []), 'missing_token')
    assertRefused(await ask('/api/reports', bringing({ cookie: expired })), 'token_expired')
    assertRefused(await ask('/api/reports', bringing({ bearer: sign({ scope: 'write:products' }) })), 'missing_scope')
  })

  it('is not talked out of it by headers', async () => {
    const claimed = ['X-User-Id', 'mallory']
    assert.equal((await ask('/api/reports', [...claimed, ...bringing({ bearer: alice })])).json.for, 'alice')
    assertRefused(await ask('/api/reports', claimed), 'missing_token')
    const inside = 'proxy:proxy:proxy:proxy:proxy:middleware:middleware:middleware:middleware:middleware'
    assertRefused(await ask('/api/reports', ['X-Middleware-Subrequest', inside]), 'missing_token')
  })
})

describe('a server component', () => {
  it('shows who is asking', async () => {
    for (const [name, headers, user] of bringers()) {
      const { status, body } = await ask('/', headers)
      assert.equal(status, 200, name)
      assert.match(body, new RegExp(`<dt>User</dt><dd>${user}</dd>`), name)
    }
  })

  it('shows that nobody is', async () => {
    for (const headers of [[], bringing({ cookie: expired }), bringing({ bearer: 'x' })]) {
      const { status, body } = await ask('/', headers)
      assert.equal(status, 200)
      assert.match(body, /Nobody brings a token/)
      assert.doesNotMatch(body, /<dt>/)
    }
  })
})

it('an issuer that is down and holds no keys for us is a 503 everywhere, and no guest', async () => {
  const silent = await DevIssuer.start()
  silent.goDown()
  const server = await example.start({ LOGTO_URL: silent.logtoUrl, LOGTO_AUDIENCE: AUDIENCE }, /^listening on /)
  const headers = bringing({ bearer: silent.token({ audience: AUDIENCE }) })
  for (const path of ['/api/me', '/api/visitors', '/api/reports']) {
    assertRefused(await send(server.url + path, { headers }), 'keys_unavailable')
  }
  assert.deepEqual(await server.end('SIGTERM'), [0, null])
  await silent.stop()
})

it('without a Logto server it has an issuer of its own, and prints requests that work when they are copied', async () => {
  const { lines, end } = await example.start({}, /\/api\/visitors$/)
  assert.match(lines[0], /^listening on http:\/\/127\.0\.0\.1:\d+$/)
  const answers = []
  assert.match(lines[1], /^sign in as alice/)
  for (const line of lines.slice(2)) {
    assert.match(line, /^curl /)
    const { stdout } = await promisify(exec)(line.replace('curl', 'curl -s --noproxy "*" -w "\\n%{http_code}"'))
    answers.push(stdout)
  }
  assert.deepEqual(answers.map((answer) => answer.slice(-3)), Array(6).fill('200'))
  assert.match(answers[0], /<dd>alice<\/dd>/)
  assert.match(answers[3], /"for":"alice"/)
  assert.match(answers[5], /set-cookie: guest_logto_authtoken=/i)
  assert.deepEqual(await end('SIGINT'), [0, null])
})
