// The Express middleware, over HTTP, on Express 4 and 5.

import assert from 'node:assert/strict'
import { exec } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import express5 from 'express'
import express4 from 'express4'
import { AuthError, createExpressAuthMiddleware } from 'logto-authkit/express'
import { invalidateJwksCache, verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'
import { GatedIssuer } from './support/gated_issuer.mjs'
import { bringing, send, serve, start } from './support/http_exchange.mjs'
import { Example } from './support/neighbour.mjs'
import { assertDenied, ERRORS, refusesOption } from './support/refusal.mjs'

const AUDIENCE = 'https://api.example.com'
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let issuer
let silent
let alice
let bob
let expired
const unhandled = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))

before(async () => {
  issuer = await DevIssuer.start()
  silent = await DevIssuer.start()
  silent.goDown()
  alice = issuer.token({ subject: 'alice' })
  bob = issuer.token({ subject: 'bob' })
  expired = issuer.token({ subject: 'carol', expiresAt: 1_700_000_000 })
})
after(async () => {
  await Promise.all([issuer.stop(), silent.stop()])
  assert.deepEqual(unhandled, [], 'every rejection was handled')
})

/** The middleware for the issuer, with further options. */
function auth(options) {
  return createExpressAuthMiddleware({ logtoUrl: issuer.logtoUrl, audience: AUDIENCE, ...options })
}

for (const [name, express] of [['Express 4', express4], ['Express 5', express5]]) {
  /** Serves an application for as long as `use` takes, which is given its address. */
  async function withApplication(prepare, use) {
    const application = express()
    application.set('env', 'test')
    prepare(application)
    // Whatever reaches `next(error)` shows as a 500 with its message.
    application.use((error, _request, response, _next) => response.status(500).json({ thrown: error.message }))
    const { stop, ...server } = await serve(application)
    try {
      return await use(server)
    } finally {
      await stop()
    }
  }

  /** What a route behind a middleware answers. */
  function answerOf(middleware, request, path = '/') {
    return withApplication(
      (application) => application.use(middleware, whoAmI),
      ({ url }) => send(url + path, request),
    )
  }

  describe(name, () => {
    describe('finds the token', () => {
      const cases = () => [
        ['in the cookie', ['Cookie', `logto_authtoken=${alice}`], 'alice'],
        ['in the header', ['Authorization', `Bearer ${alice}`], 'alice'],
        ['in a header whose scheme is spelt otherwise', ['authorization', `bEARER   ${alice} `], 'alice'],
        ['in the cookie before the header', bringing({ cookie: alice, bearer: bob }), 'alice'],
        ['in the header when the cookie is refused', bringing({ cookie: expired, bearer: bob }), 'bob'],
        ['in the header when the cookie is empty', bringing({ cookie: '', bearer: bob }), 'bob'],
        ['in the cookie beside one of others with a letter of its own', ['Cookie', `a=é; logto_authtoken=${alice}; b=ü`], 'alice'],
        ['in the cookie when the header is of another scheme', ['Cookie', `logto_authtoken=${alice}`, 'Authorization', 'Basic eDp5'], 'alice'],
        ['among other cookies', ['Cookie', `a=1; logto_authtoken=${alice}; b=2`], 'alice'],
        ['in the second of two Cookie headers', ['Cookie', 'a=1', 'Cookie', `logto_authtoken=${alice}`], 'alice'],
        ['in the first of two cookies of its name', ['Cookie', `logto_authtoken=${alice}; logto_authtoken=${bob}`], 'alice'],
        ['in a cookie in quotes', ['Cookie', `logto_authtoken="${alice}"`], 'alice'],
        ['beside a cookie outside ASCII', ['Cookie', `name=Jos\u00e9; logto_authtoken=${alice}`], 'alice'],
        ['beside a cookie that is no pair', ['Cookie', `; ;=;x; logto_authtoken=${alice}`], 'alice'],
        ['in a cookie of another name only when told so', ['Cookie', `my_token=${alice}`], 'alice', { cookieName: 'my_token' }],
      ]
      it('in every place where it may be', async () => {
        for (const [where, headers, user, options] of cases()) {
          const { status, json } = await answerOf(auth(options), { headers })
          assert.deepEqual([status, json.userId], [200, user], where)
        }
      })

      it('nowhere else', async () => {
        for (const [where, path, headers] of [
          ['the query', `/?access_token=${alice}&logto_authtoken=${alice}`, []],
          ['another cookie', '/', ['Cookie', `xlogto_authtoken=${alice}; logto_authtoken2=${alice}`]],
          ['another header', '/', ['X-Authorization', `Bearer ${alice}`]],
          ['another scheme', '/', ['Authorization', `Token ${alice}`]],
        ]) {
          const { status, json } = await answerOf(auth(), { headers }, path)
          assert.deepEqual([status, json.code], [401, 'missing_token'], where)
        }
      })
    })

    it('sets the whole context of a user', async () => {
      const { json } = await answerOf(auth(), { headers: bringing({ bearer: alice }) })
      const { payload, ...rest } = json
      assert.deepEqual(rest, { userId: 'alice', isAuthenticated: true, isGuest: false })
      assert.deepEqual(payload, JSON.parse(Buffer.from(alice.split('.')[1], 'base64url')))
    })

    it('answers every refusal with the status, the headers and the body of the table', async () => {
      const seen = new Set()
      for (const { code, headers, method, options } of refusals()) {
        const answer = await answerOf(auth(options), { headers, method })
        assertRefused(answer, code)
        const brought = headers.join(' ').match(/eyJ[\w.-]+/g) ?? []
        for (const token of brought) assert(!JSON.stringify([answer.headers, answer.body]).includes(token), code)
        seen.add(code)
      }
      // Only a route without the middleware could be misconfigured, and this middleware finds that when it is made.
      assert.deepEqual(Object.keys(ERRORS).filter((code) => !seen.has(code)), ['misconfigured'])
    })

    it('names the scopes that a route asks for', async () => {
      const options = { requiredScopes: ['read:products', 'delete:products'] }
      const { headers, json } = await answerOf(auth(options), { headers: bringing({ bearer: alice }) })
      assert.match(headers['www-authenticate'], /, scope="read:products delete:products"$/)
      assert.match(json.message, /delete:products/)
      assert(!json.message.includes('read:products'), json.message)
    })

    it('answers HEAD as GET, without a body', async () => {
      const refused = await answerOf(auth(), { method: 'HEAD' })
      assert.deepEqual([refused.status, refused.body], [401, ''])
      assert.equal(refused.headers['www-authenticate'], 'Bearer realm="api"')
      assert.equal(refused.headers['content-type'], 'application/json')
      const admitted = await answerOf(auth(), { method: 'HEAD', headers: bringing({ cookie: alice }) })
      assert.deepEqual([admitted.status, admitted.body], [200, ''])
    })

    describe('guests', () => {
      const guests = () => auth({ allowGuest: true })

      it('are given a random id in a cookie, and keep it', async () => {
        await withApplication(
          (application) => application.use(guests(), whoAmI),
          async ({ url }) => {
            const first = await send(url)
            assert.equal(first.status, 200)
            const { guestId, ...context } = first.json
            assert.match(guestId, UUID_V4)
            assert.deepEqual(context, {
              userId: null, isAuthenticated: false, payload: null, isGuest: true, guestReason: 'no_token',
            })
            assert.deepEqual(first.setCookies.map(attributes), [
              { cookie: `guest_logto_authtoken=${guestId}`, httponly: true, samesite: 'Lax', path: '/', 'max-age': '31536000' },
            ])
            const again = await send(url, { headers: ['Cookie', `guest_logto_authtoken=${guestId}`] })
            assert.deepEqual([again.json.guestId, again.setCookies], [guestId, []])
            assert.notEqual((await send(url)).json.guestId, guestId)
          },
        )
      })

      it('get a Secure cookie wherever the host is not loopback', async () => {
        for (const headers of [['Host', 'shop.example.com'], ['Host', 'localhost.example.com'], ['Host', '10.0.0.1:3000']]) {
          const { setCookies } = await answerOf(guests(), { headers })
          assert.equal(attributes(setCookies[0]).secure, true, headers.join(' '))
        }
      })

      it('get a Secure cookie behind a proxy, which may name a loopback address as the host', async () => {
        for (const header of ['Forwarded', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto']) {
          const { setCookies } = await answerOf(guests(), { headers: ['Host', '127.0.0.1:3000', header, 'https'] })
          assert.equal(attributes(setCookies[0]).secure, true, header)
        }
      })

      it('bring an id that is none and are given another', async () => {
        for (const id of ['', 'x', '550e8400e29b41d4a716446655440000', '"><script>', `${'0'.repeat(35)}é`]) {
          const { json, setCookies } = await answerOf(guests(), { headers: ['Cookie', `guest_logto_authtoken=${id}`] })
          assert.match(json.guestId, UUID_V4, id)
          assert.equal(setCookies.length, 1, id)
        }
      })

      it('are those with a refused token, which is told as the reason', async () => {
        for (const { code, headers, method, options } of refusals()) {
          if (['missing_token', 'invalid_request', 'csrf_failed', 'keys_unavailable'].includes(code)) continue
          const { status, json } = await answerOf(auth({ ...options, allowGuest: true }), { headers, method })
          assert.deepEqual([status, json.isGuest, json.guestReason], [200, true, code], code)
        }
      })

      it('are not made of what cannot be judged', async () => {
        for (const { code, headers, method, options } of refusals()) {
          if (!['invalid_request', 'csrf_failed', 'keys_unavailable'].includes(code)) continue
          assertRefused(await answerOf(auth({ ...options, allowGuest: true }), { headers, method }), code)
        }
      })

      it('have the name of their cookie from the options', async () => {
        const { json, setCookies } = await answerOf(auth({ allowGuest: true, guestCookieName: '__Host-visitor' }))
        assert.deepEqual(attributes(setCookies[0]).cookie, `__Host-visitor=${json.guestId}`)
        assert.equal(attributes(setCookies[0]).secure, true)
      })
    })

    describe('keeps out requests that another site may have sent', () => {
      const unsafe = ['POST', 'PUT', 'PATCH', 'DELETE']
      it('with an unsafe method and no proof of the same origin', async () => {
        for (const method of unsafe) {
          for (const [sent, admitted] of [
            [[], false],
            [['Sec-Fetch-Site', 'same-origin'], true],
            [['Sec-Fetch-Site', 'none'], true],
            [['Sec-Fetch-Site', 'same-site'], false],
            [['Sec-Fetch-Site', 'cross-site', 'Origin', 'https://shop.example', 'Host', 'shop.example'], false],
            [['Origin', 'https://shop.example', 'Host', 'shop.example'], true],
            [['Origin', 'https://evil.example', 'Host', 'shop.example'], false],
            [['Origin', 'null', 'Host', 'shop.example'], false],
          ]) {
            const { status } = await answerOf(auth(), { method, headers: [...bringing({ cookie: alice }), ...sent] })
            assert.equal(status, admitted ? 200 : 403, `${method} ${sent.join(' ')}`)
          }
        }
      })

      it('which a header with a token proves, as no page can add it', async () => {
        for (const method of unsafe) {
          const { status, json } = await answerOf(auth(), { method, headers: bringing({ cookie: alice, bearer: bob }) })
          assert.deepEqual([status, json.userId], [200, 'bob'], method)
        }
      })

      it('that open a WebSocket', async () => {
        // A GET that pages of every origin can send (RFC 6455 §10.2). Express sees it where an upgrade is not handled.
        const headers = [...bringing({ cookie: alice }), 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==', 'Origin', 'https://evil.example']
        assertRefused(await answerOf(auth(), { headers }), 'csrf_failed')
      })
    })

    describe('onDenied', () => {
      for (const [kind, onDenied] of [
        ['sync', (error, _request, response) => response.writeHead(418).end(error.code)],
        ['async', async (error, _request, response) => {
          await new Promise(setImmediate)
          response.writeHead(418).end(error.code)
        }],
      ]) {
        it(`${kind}, answers in place of the middleware`, async () => {
          const middleware = auth({ onDenied })
          for (const [headers, code] of [[[], 'missing_token'], [bringing({ bearer: expired }), 'token_expired']]) {
            const { status, body, headers: answered } = await answerOf(middleware, { headers })
            assert.deepEqual([status, body, answered['www-authenticate']], [418, code, undefined])
          }
        })
      }

      it('is given the error, the request and the response', async () => {
        let given
        const onDenied = (error, request, response, next) => {
          given = { error, path: request.path, next }
          response.status(error.status).setHeaders(new Headers(error.headers)).end(error.body)
        }
        assertRefused(await answerOf(auth({ onDenied }), {}, '/some/path'), 'missing_token')
        assert(given.error instanceof AuthError)
        assert.deepEqual([given.path, typeof given.next], ['/some/path', 'function'])
      })

      it('may let the request go on', async () => {
        const onDenied = (_error, request, _response, next) => {
          request.auth = { userId: 'nobody' }
          next()
        }
        assert.equal((await answerOf(auth({ onDenied }))).json.userId, 'nobody')
      })

      for (const [kind, onDenied] of [
        ['throws', () => { throw new Error('broken') }],
        ['rejects', async () => { throw new Error('broken') }],
        ['calls next with an error', (_error, _request, _response, next) => next(new Error('broken'))],
      ]) {
        it(`that ${kind} leads to next(error)`, async () => {
          const { status, json } = await answerOf(auth({ onDenied }))
          assert.deepEqual([status, json], [500, { thrown: 'broken' }])
        })
      }
    })

    describe('functions among the options', () => {
      const brings = () => ({ headers: bringing({ bearer: alice }) })
      const throwing = () => { throw new Error('broken') }

      it('that throw lead to next(error), also for guests', async () => {
        for (const options of [
          { organization: throwing },
          { validateClaims: throwing },
          { validateClaims: async () => throwing() },
          { validateClaims: throwing, allowGuest: true },
        ]) {
          for (const again of ['new', 'remembered']) {
            const { status, json } = await answerOf(auth(options), brings())
            assert.deepEqual([status, json], [500, { thrown: 'broken' }], again)
          }
        }
      })

      it('validateClaims refuses with anything but true', async () => {
        for (const answer of [false, undefined, null, 1, 'yes']) {
          for (const validateClaims of [() => answer, async () => answer]) {
            assertRefused(await answerOf(auth({ validateClaims }), brings()), 'claim_rejected')
            const { json } = await answerOf(auth({ validateClaims, allowGuest: true }), brings())
            assert.deepEqual([json.isGuest, json.guestReason], [true, 'claim_rejected'])
          }
        }
      })

      it('validateClaims is given the payload and the request', async () => {
        const validateClaims = ({ sub }, request) => sub === 'alice' && request.get('x-tenant') === 'acme'
        const middleware = auth({ validateClaims })
        const { headers } = brings()
        assert.equal((await answerOf(middleware, { headers: [...headers, 'X-Tenant', 'acme'] })).status, 200)
        assert.equal((await answerOf(middleware, { headers })).status, 403)
      })

      it('validateClaims keeps a guest who is known', async () => {
        const id = '550e8400-e29b-41d4-a716-446655440000'
        const headers = ['Cookie', `logto_authtoken=${alice}; guest_logto_authtoken=${id}`]
        const { json, setCookies } = await answerOf(auth({ validateClaims: () => false, allowGuest: true }), { headers })
        assert.deepEqual([json.guestId, setCookies], [id, []])
      })

      it('validateClaims is not asked about guests and refused tokens', async () => {
        const asked = []
        const validateClaims = (payload) => asked.push(payload.sub) > 0
        for (const headers of [[], bringing({ bearer: expired })]) {
          await answerOf(auth({ validateClaims, allowGuest: true }), { headers })
          await answerOf(auth({ validateClaims }), { headers })
        }
        assert.deepEqual(asked, [])
      })

      it('organization takes the organization from the request', async () => {
        const member = bringing({ bearer: issuer.token({ organizationId: 'org_demo' }) })
        const prepare = (application) =>
          application.get('/organizations/:id', auth({ organization: (request) => request.params.id }), whoAmI)
        await withApplication(prepare, async ({ url }) => {
          for (const round of ['new', 'remembered']) {
            assert.equal((await send(`${url}/organizations/org_demo`, { headers: member })).status, 200, round)
            assertRefused(await send(`${url}/organizations/other`, { headers: member }), 'wrong_organization')
            assertRefused(await send(`${url}/organizations/org_demo`, brings()), 'wrong_organization')
          }
        })
      })

      it('organization that finds none asks for one', async () => {
        const member = bringing({ bearer: issuer.token({ organizationId: 'org_demo' }) })
        for (const found of [undefined, null, '']) {
          for (const headers of [member, brings().headers]) {
            assertRefused(await answerOf(auth({ organization: () => found }), { headers }), 'invalid_request')
          }
        }
      })
    })

    it('needs no cookie parser, and gets along with one', async () => {
      // As cookie-parser does it: decoded, and without the prototype's own names.
      const parse = (request, _response, next) => {
        const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='))
        request.cookies = Object.assign(Object.create(null), Object.fromEntries(pairs))
        next()
      }
      for (const parsers of [[], [parse]]) {
        const middleware = [...parsers, auth({ allowGuest: true })]
        const id = '550e8400-e29b-41d4-a716-446655440000'
        assert.equal((await answerOf(middleware, { headers: bringing({ cookie: alice }) })).json.userId, 'alice')
        assert.equal((await answerOf(middleware, { headers: ['Cookie', `guest_logto_authtoken=${id}`] })).json.guestId, id)
        assert.equal((await answerOf(middleware)).json.isGuest, true)
      }
    })

    it('takes the Authorization header as the application has left it', async () => {
      const edit = (change) => (request, _response, next) => {
        change(request.headers)
        next()
      }
      const lifted = edit((headers) => (headers.authorization = `Bearer ${alice}`))
      assert.equal((await answerOf([lifted, auth()])).json.userId, 'alice')
      assert.equal((await answerOf([lifted, auth()], { headers: bringing({ bearer: bob }) })).json.userId, 'alice')
      const dropped = edit((headers) => delete headers.authorization)
      assertRefused(await answerOf([dropped, auth()], { headers: bringing({ bearer: alice }) }), 'missing_token')
    })

    it('protects a router wherever it is mounted', async () => {
      const prepare = (application) => {
        const [inner, outer] = [express.Router(), express.Router()]
        inner.get('/', auth({ requiredScope: 'write:products' }), whoAmI)
        outer.use('/inner', inner)
        outer.get('/', whoAmI)
        application.use('/outer', auth(), outer)
        application.get('/open', (_request, response) => response.send('open'))
      }
      await withApplication(prepare, async ({ url }) => {
        const reader = bringing({ bearer: issuer.token({ scope: 'read:products' }) })
        const writer = bringing({ bearer: alice })
        const found = []
        for (const path of ['/open', '/outer', '/outer/', '/outer/inner', '/outer/nowhere']) {
          for (const headers of [[], reader, writer]) found.push((await send(url + path, { headers })).status)
        }
        assert.deepEqual(found, [200, 200, 200, 401, 200, 200, 401, 200, 200, 401, 403, 200, 401, 404, 404])
      })
    })

    it('keeps the cookies that the application sets', async () => {
      const prepare = (application) => {
        application.use((_request, response, next) => {
          response.cookie('before', '1')
          next()
        })
        application.use(auth({ allowGuest: true }))
        application.use((_request, response) => response.cookie('after', '2').send('ok'))
      }
      await withApplication(prepare, async ({ url }) => {
        const { setCookies } = await send(url)
        assert.deepEqual(setCookies.map((line) => line.split('=')[0]), ['before', 'guest_logto_authtoken', 'after'])
      })
    })

    it('does not take what a later handler throws for a denial', async () => {
      for (const fails of [() => { throw new AuthError(denial()) }, () => { throw new Error('later') }]) {
        const prepare = (application) => application.get('/', auth({ tokenCacheSize: 8 }), fails)
        await withApplication(prepare, async ({ url }) => {
          for (const round of ['new', 'remembered']) {
            const { status, json } = await send(url, { headers: bringing({ bearer: alice }) })
            assert.deepEqual([status, json], [500, { thrown: 'later' }], round)
          }
        })
      }
    })

    it('survives a client that goes away while the issuer is slow', async (t) => {
      const slow = await GatedIssuer.start()
      t.after(() => slow.stop())
      const reached = []
      const middleware = auth({ logtoUrl: slow.logtoUrl })
      const [arrived, closed] = [[], []]
      const prepare = (application) => {
        application.use((request, response, next) => {
          arrived.push(request.url)
          response.once('close', () => closed.push(request.url))
          next()
        })
        application.use(middleware, (request, response) => {
          reached.push(request.auth.userId)
          response.send('ok')
        })
      }
      await withApplication(prepare, async ({ url }) => {
        for (const [path, token] of [['/good', slow.token()], ['/bad', slow.token({ foreignKey: true })]]) {
          const request = start(url + path, { headers: bringing({ bearer: token }) })
          const gone = new Promise((resolve) => request.on('error', () => {}).on('close', resolve))
          await slow.hasBeenAsked(1)
          while (!arrived.includes(path)) await new Promise(setImmediate)
          request.destroy()
          await gone
        }
        while (closed.length < arrived.length) await new Promise(setImmediate)
        slow.open()
        const { status } = await send(url, { headers: bringing({ bearer: slow.token({ subject: 'later' }) }) })
        assert.equal(status, 200)
        assert.equal(slow.requests, 1)
        assert(reached.includes('later'))
      })
    })

    it('answers nothing twice when a deadline has answered meanwhile', async (t) => {
      const slow = await GatedIssuer.start()
      t.after(() => slow.stop())
      for (const allowGuest of [true, false]) {
        slow.close()
        invalidateJwksCache(slow.logtoUrl)
        const [asked, token] = [slow.hasBeenAsked(slow.requests + 1), slow.token({ foreignKey: true })]
        const middleware = auth({ logtoUrl: slow.logtoUrl, allowGuest })
        let goneOn = 0
        const prepare = (application) => application.use((request, response) => {
          asked.then(() => response.status(504).end())
          middleware(request, response, (error) => (goneOn += error === undefined ? 1 : Number.NaN))
        })
        await withApplication(prepare, async ({ url }) => {
          const { status, setCookies } = await send(url, { headers: bringing({ bearer: token }) })
          assert.deepEqual([status, setCookies], [504, []])
          slow.open()
          // Asked in the same way, after the middleware, and so answered after it.
          await verifyAuth(slow.token(), { logtoUrl: slow.logtoUrl, audience: AUDIENCE, allowGuest })
          await new Promise(setImmediate)
          assert.equal(goneOn, allowGuest ? 1 : 0)
        })
      }
    })
  })

  it(`${name}: a thousand requests at once are told apart`, async () => {
    const users = Array.from({ length: 1000 }, (_, index) => `user-${index}`)
    const prepare = (application) => application.use(auth(), whoAmI)
    await withApplication(prepare, async ({ url }) => {
      for (let from = 0; from < users.length; from += 100) {
        const some = users.slice(from, from + 100)
        const answers = await Promise.all(
          some.map((subject) => send(url, { headers: bringing({ bearer: issuer.token({ subject }) }) })),
        )
        assert.deepEqual(answers.map(({ json }) => json.userId), some)
      }
    })
  })
}

describe('createExpressAuthMiddleware', () => {
  it('names a wrong option when it is called, not at the first request', async () => {
    const right = { logtoUrl: 'https://tenant.logto.app', audience: AUDIENCE }
    for (const [option, options] of [
      ['logtoUrl', {}],
      ['logtoUrl', { ...right, logtoUrl: 'https://tenant.logto.app/oidc' }],
      ['audience', { logtoUrl: right.logtoUrl }],
      ['cookieName', { ...right, cookieName: 'a b' }],
      ['requiredScope', { ...right, requiredScope: '' }],
      ['validateClaims', { ...right, validateClaims: true }],
      ['allowGuests', { ...right, allowGuests: true }],
    ]) {
      await refusesOption(option, () => createExpressAuthMiddleware(options), JSON.stringify(options))
    }
  })

  it('names options that are missing altogether', async () => {
    for (const options of [undefined, null]) await refusesOption('options', () => createExpressAuthMiddleware(options))
  })

  it('names an onDenied that is no function', async () => {
    const right = { logtoUrl: 'https://tenant.logto.app', audience: AUDIENCE }
    for (const onDenied of ['redirect', null, true]) {
      await refusesOption('onDenied', () => createExpressAuthMiddleware({ ...right, onDenied }), String(onDenied))
    }
  })

  it('is done with its options once it has them', async () => {
    const options = { logtoUrl: issuer.logtoUrl, audience: [AUDIENCE] }
    const middleware = createExpressAuthMiddleware(options)
    options.audience[0] = 'https://other.example.com'
    options.logtoUrl = silent.logtoUrl
    const server = await serve((request, response) => middleware(request, response, () => response.end(request.auth.userId)))
    assert.equal((await send(server.url, { headers: bringing({ bearer: alice }) })).body, 'alice')
    await server.stop()
  })

  it('works on a plain Node.js server', async () => {
    const middleware = auth()
    const server = await serve((request, response) => middleware(request, response, () => response.end(request.auth.userId)))
    assert.equal((await send(server.url, { headers: bringing({ cookie: alice }) })).body, 'alice')
    assertRefused(await send(server.url), 'missing_token')
    await server.stop()
  })
})

describe('examples/express', () => {
  const run = promisify(exec)
  let example
  let embedded
  before(async () => {
    example = new Example('express')
    embedded = await example.start({}, /\/api\/visitors$/)
  })
  after(() => example.stop())

  it('says where it listens', () => assert.match(embedded.lines[0], /^listening on http:\/\/127\.0\.0\.1:\d+$/))

  it('prints requests that work when they are copied', async () => {
    const answers = []
    for (const line of embedded.lines.slice(1)) {
      assert.match(line, /^curl /)
      answers.push((await run(line.replace('curl', 'curl -s --noproxy "*" -w "\\n%{http_code}"'))).stdout)
    }
    assert.deepEqual(answers.map((answer) => answer.slice(-3)), ['200', '200', '201', '200', '200'])
    assert.match(answers[0], /"userId":"alice"/)
    assert.match(answers[2], /cocoa/)
    assert.match(answers[4], /set-cookie: guest_logto_authtoken=/i)
  })

  it('refuses who may not come in', async () => {
    const { lines, url } = embedded
    const [user, member] = [lines[1], lines[4]].map((line) => line.match(/Bearer ([\w.-]+)/)[1])
    assertRefused(await send(`${url}/api/me`), 'missing_token')
    assertRefused(await send(`${url}/api/products`, { method: 'POST' }), 'missing_token')
    assertRefused(await send(`${url}/api/products`, { method: 'POST', headers: bringing({ cookie: user }) }), 'csrf_failed')
    for (const [id, bearer] of [['other', member], ['org_demo', user]]) {
      assertRefused(await send(`${url}/api/organizations/${id}/products`, { headers: bringing({ bearer }) }), 'wrong_organization')
    }
  })

  it('takes the Logto server that the environment names, and asks for the scopes of its routes', async () => {
    const environment = { LOGTO_URL: issuer.logtoUrl, LOGTO_AUDIENCE: 'https://products.example.com' }
    const { url, end } = await example.start(environment, /^listening on /)
    const brings = (scope) => ({ headers: bringing({ bearer: issuer.token({ audience: environment.LOGTO_AUDIENCE, scope }) }) })
    assert.equal((await send(`${url}/api/products`, brings('read:products'))).status, 200)
    assertRefused(await send(`${url}/api/products`, brings('write:products')), 'missing_scope')
    assertRefused(await send(`${url}/api/products`, { method: 'POST', ...brings('read:products') }), 'missing_scope')
    assertRefused(await send(`${url}/api/me`, { headers: bringing({ bearer: alice }) }), 'invalid_audience')
    assert.deepEqual(await end('SIGTERM'), [0, null])
  })

  it('stops when it is told to', async () => assert.deepEqual(await embedded.end('SIGINT'), [0, null]))
})

function whoAmI(request, response) {
  response.json(request.auth)
}

/** Every request that is refused, one for each code and more where there are several ways. */
function refusals() {
  const bearer = (options) => bringing({ bearer: issuer.token(options) })
  const [{ kid }] = issuer.jwks().keys
  return [
    { code: 'missing_token', headers: [] },
    { code: 'missing_token', headers: ['Authorization', 'Basic eDp5'] },
    { code: 'missing_token', headers: ['Cookie', 'logto_authtoken='] },
    { code: 'invalid_request', headers: [...bearer(), ...bearer()] },
    { code: 'invalid_request', headers: [...bearer(), 'authorization', 'Basic eDp5'] },
    { code: 'invalid_request', headers: ['Authorization', 'Bearer'] },
    { code: 'invalid_request', headers: ['Authorization', 'Bearer '] },
    { code: 'invalid_request', headers: [...bringing({ cookie: alice }), ...bearer(), ...bearer()] },
    { code: 'malformed_token', headers: ['Authorization', 'Bearer x.y.z'] },
    { code: 'malformed_token', headers: ['Authorization', `Bearer ${alice},${bob}`] },
    { code: 'malformed_token', headers: bringing({ cookie: 'x' }) },
    { code: 'unsupported_algorithm', headers: bearer({ header: { alg: 'none' } }) },
    { code: 'unsupported_algorithm', headers: bearer({ header: { alg: 'HS256' } }) },
    { code: 'unsupported_algorithm', headers: bearer(), options: { algorithms: ['RS256'] } },
    { code: 'wrong_token_type', headers: bearer({ header: { typ: 'JWT' } }) },
    { code: 'invalid_claims', headers: bearer({ withoutClaims: ['exp'] }) },
    { code: 'invalid_issuer', headers: bearer({ issuer: 'https://other.example.com/oidc' }) },
    { code: 'invalid_audience', headers: bearer({ audience: 'https://other.example.com' }) },
    { code: 'token_expired', headers: bringing({ bearer: expired }) },
    { code: 'token_expired', headers: bringing({ cookie: expired }) },
    { code: 'token_not_yet_valid', headers: bearer({ notBefore: 4_000_000_000 }) },
    { code: 'unknown_key', headers: bearer({ foreignKey: true }) },
    { code: 'invalid_signature', headers: bearer({ foreignKey: true, header: { kid } }) },
    { code: 'wrong_organization', headers: bearer({ organizationId: 'org_demo' }) },
    { code: 'missing_scope', headers: bearer({ scope: 'read:products:all' }), options: { requiredScope: 'read:products' } },
    { code: 'missing_role', headers: bearer(), options: { requiredRoles: ['admin'] } },
    { code: 'claim_rejected', headers: bearer(), options: { validateClaims: () => false } },
    { code: 'csrf_failed', method: 'POST', headers: bringing({ cookie: alice }) },
    {
      code: 'keys_unavailable',
      headers: bringing({ bearer: silent.token() }),
      options: { logtoUrl: silent.logtoUrl },
    },
  ]
}

/** That an answer is the table's for a code. */
function assertRefused({ status, headers, body }, code) {
  assertDenied({ status, headers }, code)
  if (body === '') return
  const { message, ...rest } = JSON.parse(body)
  assert.deepEqual(rest, { error: ERRORS[code].title, code })
  assert(message.length > 0)
  assert.equal(headers['content-length'], String(Buffer.byteLength(body)))
}

/** A `Set-Cookie` line in parts. */
function attributes(line) {
  const [cookie, ...rest] = line.split('; ')
  const entries = rest.map((part) => part.split('=')).map(([name, value = true]) => [name.toLowerCase(), value])
  return { cookie, ...Object.fromEntries(entries) }
}

function denial() {
  return { code: 'missing_scope', status: 403, message: 'later', body: '{}', headers: [] }
}
