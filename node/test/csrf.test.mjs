// CSRF tokens, for clients that do not say where a request comes from.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import express5 from 'express'
import express4 from 'express4'
import {
  CSRF_COOKIE_NAME,
  CSRF_HEADER_NAME,
  buildAuthCookieHeader,
  buildCsrfCookieHeader,
  createCsrfMiddleware,
  createExpressAuthMiddleware,
  generateCsrfToken,
  verifyCsrfToken,
} from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'
import { send, serve } from './support/http_exchange.mjs'
import { refusesOption } from './support/refusal.mjs'

const secret = 'a secret of at least thirty-two bytes'
const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE']
const SAFE = ['GET', 'HEAD', 'OPTIONS']

const issue = (sessionId, more) => generateCsrfToken({ secret, sessionId, ...more })

describe('a token', () => {
  it('is good for its session and its secret alone', () => {
    const token = issue('alice')
    for (const [sessionId, by, expected] of [
      ['alice', secret, true],
      ['bob', secret, false],
      ['', secret, false],
      ['alice ', secret, false],
      ['alice', `${secret}.`, false],
    ]) {
      assert.equal(verifyCsrfToken(token, { secret: by, sessionId }), expected, `${sessionId} ${by}`)
    }
  })

  it('is another one each time', () => {
    const tokens = Array.from({ length: 100 }, () => issue('alice'))
    assert.equal(new Set(tokens).size, tokens.length)
    assert(tokens.every((token) => verifyCsrfToken(token, { secret, sessionId: 'alice' })))
  })

  it('that was changed anywhere is none', () => {
    const token = issue('alice')
    for (let index = 0; index < token.length; index += 1) {
      const changed = token.slice(0, index) + (token[index] === '0' ? '1' : '0') + token.slice(index + 1)
      assert.equal(verifyCsrfToken(changed, { secret, sessionId: 'alice' }), false, `${index}`)
    }
    for (const wrong of [null, undefined, '', 'x', 7, {}, [token], token.slice(1), `${token}00`, ` ${token}`, '0'.repeat(token.length), `${token}\ud800`]) {
      assert.equal(verifyCsrfToken(wrong, { secret, sessionId: 'alice' }), false, String(wrong))
    }
  })

  it('binds sessions of every spelling', () => {
    for (const sessionId of ['', 'é', '💥', 'x'.repeat(10_000), 'a\0b', 'a;b']) {
      assert.equal(verifyCsrfToken(issue(sessionId), { secret, sessionId }), true)
    }
    // The session begins where the random part ends: none can be moved into the other.
    assert.equal(verifyCsrfToken(issue('a'), { secret, sessionId: '' }), false)
  })

  it('needs a secret that nobody guesses', async () => {
    for (const wrong of [undefined, null, '', 'short', 'x'.repeat(31), 7, Buffer.alloc(32)]) {
      const binding = { secret: wrong, sessionId: 'alice' }
      await refusesOption('secret', () => generateCsrfToken(binding), String(wrong))
      await refusesOption('secret', () => verifyCsrfToken(issue('alice'), binding), String(wrong))
      await refusesOption('secret', () => createCsrfMiddleware({ secret: wrong }), String(wrong))
    }
  })

  it('needs a session', async () => {
    for (const wrong of [undefined, null, 7, {}]) {
      await refusesOption('sessionId', () => generateCsrfToken({ secret, sessionId: wrong }), String(wrong))
    }
  })
})

describe('the cookie', () => {
  it('can be read by the page, and goes to this site alone', () => {
    const token = issue('alice')
    const line = `${token}; SameSite=Strict; Secure; Path=/`
    assert.equal(CSRF_COOKIE_NAME, 'logto_csrf_token')
    assert.equal(CSRF_HEADER_NAME, 'x-csrf-token')
    assert.equal(buildCsrfCookieHeader(token), `${CSRF_COOKIE_NAME}=${line}`)
    assert.equal(buildCsrfCookieHeader(token, { cookieName: '__Host-csrf' }), `__Host-csrf=${line}`)
    assert.equal(buildCsrfCookieHeader(token, { forLoopback: true }), `${CSRF_COOKIE_NAME}=${token}; SameSite=Strict; Path=/`)
  })

  it('holds a token and nothing else', async () => {
    for (const wrong of ['', 'x', 'x; Domain=evil.example', `${issue('alice')}; HttpOnly`]) {
      await refusesOption('token', () => buildCsrfCookieHeader(wrong), wrong)
    }
    for (const cookieName of ['', 'a b', 'a;b', 'a=b', 'a\r\nb']) {
      await refusesOption('cookieName', () => buildCsrfCookieHeader(issue('alice'), { cookieName }), cookieName)
      await refusesOption('cookieName', () => createCsrfMiddleware({ secret, cookieName }), cookieName)
    }
  })
})

describe('buildAuthCookieHeader', () => {
  for (const [options, expected] of [
    [undefined, 'logto_authtoken=a.b.c; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=604800'],
    [{ cookieName: 'mine' }, 'mine=a.b.c; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=604800'],
    [{ maxAge: 60, sameSite: 'lax' }, 'logto_authtoken=a.b.c; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60'],
    [{ sameSite: 'Strict', path: '/api' }, 'logto_authtoken=a.b.c; HttpOnly; SameSite=Strict; Secure; Path=/api; Max-Age=604800'],
    [{ domain: 'example.com' }, 'logto_authtoken=a.b.c; HttpOnly; SameSite=Strict; Secure; Path=/; Domain=example.com; Max-Age=604800'],
    [{ forLoopback: true }, 'logto_authtoken=a.b.c; HttpOnly; SameSite=Strict; Path=/; Max-Age=604800'],
  ]) {
    it(`stores a token: ${JSON.stringify(options) ?? 'by default'}`, () => {
      assert.equal(buildAuthCookieHeader('a.b.c', options), expected)
      const [name] = expected.split('=')
      const removed = buildAuthCookieHeader(null, options)
      assert.match(removed, new RegExp(`^${name}=; HttpOnly; .*Max-Age=0$`))
    })
  }

  it('refuses what is no token', async () => {
    for (const token of ['', 'a;b', 'a b', 'a\r\nSet-Cookie: x=y', 'a,b', '"a"', 'é', 'x'.repeat(4096)]) {
      await refusesOption('token', () => buildAuthCookieHeader(token), token.slice(0, 20))
    }
  })

  it('does not take a token that is missing by mistake for a wish to remove the cookie', async () => {
    for (const token of ['', undefined]) await refusesOption('token', () => buildAuthCookieHeader(token), `${token}`)
  })

  it('names wrong options', async () => {
    for (const [name, values] of Object.entries({
      cookieName: ['', 'a b', 7], maxAge: [-1, '60', Number.NaN, Infinity], sameSite: ['none', 'x', 7],
      path: [7], domain: [7], forLoopback: [1, 'yes'], httpOnly: [false],
    })) {
      for (const value of values) await refusesOption(name, () => buildAuthCookieHeader('a.b.c', { [name]: value }), `${name}: ${value}`)
    }
  })
})

it('buildAuthCookieHeader names a wrong path and a wrong domain as they are written', async () => {
  for (const [name, values] of Object.entries({ path: ['x', '/a;b', ''], domain: ['', 'a;b'] })) {
    for (const value of values) await refusesOption(name, () => buildAuthCookieHeader('a.b.c', { [name]: value }), `${name}: ${value}`)
  }
})

for (const [name, express] of [['Express 4', express4], ['Express 5', express5]]) {
  describe(`the middleware on ${name}`, () => {
    const sessionId = (request) => request.get('x-session')

    /** Sends a request to a route behind the middleware. */
    async function ask(options, { method = 'GET', headers = [] } = {}) {
      const application = express()
      application.set('env', 'test')
      application.use(createCsrfMiddleware({ secret, sessionId, ...options }))
      application.use((_request, response) => response.cookie('own', '1').send('ok'))
      application.use((error, _request, response, _next) => response.status(500).json({ thrown: error.message }))
      const server = await serve(application)
      try {
        return await send(server.url, { method, headers })
      } finally {
        await server.stop()
      }
    }

    const sending = ({ session = 'alice', cookie, header, headerName = 'X-CSRF-Token', cookieName = CSRF_COOKIE_NAME }) => [
      ...(session === null ? [] : ['X-Session', session]),
      ...(cookie === undefined ? [] : ['Cookie', `a=1; ${cookieName}=${cookie}; b=2`]),
      ...(header === undefined ? [] : [headerName, header]),
    ]

    it('gives a page a token', async () => {
      for (const method of SAFE) {
        const { status, setCookies } = await ask({}, { method, headers: sending({}) })
        assert.equal(status, 200)
        const [line, own] = setCookies
        assert.match(line, /^logto_csrf_token=[0-9a-f]{96}; SameSite=Strict; Secure; Path=\/$/)
        assert.match(own, /^own=1/)
        assert(verifyCsrfToken(line.slice(line.indexOf('=') + 1, line.indexOf(';')), { secret, sessionId: 'alice' }))
      }
      const [loopback] = (await ask({ forLoopback: true, cookieName: 'mine' }, { headers: sending({}) })).setCookies
      assert.match(loopback, /^mine=[0-9a-f]{96}; SameSite=Strict; Path=\/$/)
    })

    it('leaves a page the token that it has, and replaces one that is not its own', async () => {
      const isGiven = async (cookie) => (await ask({}, { headers: sending({ cookie }) })).setCookies.length > 1
      assert.equal(await isGiven(issue('alice')), false)
      for (const other of [issue('bob'), 'x', '', issue('alice', { secret: `${secret}.` })]) assert.equal(await isGiven(other), true, other)
    })

    it('gives none to whom it does not know', async () => {
      for (const options of [{ sessionId: () => undefined }, { sessionId: () => null }]) {
        const { status, setCookies } = await ask(options)
        assert.deepEqual([status, setCookies.length], [200, 1])
      }
    })

    it('asks for the token when something is to be changed', async () => {
      const [token, another, foreign] = [issue('alice'), issue('alice'), issue('bob')]
      const tampered = token.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
      for (const method of UNSAFE) {
        for (const [what, brings, admitted] of [
          ['in cookie and header', { cookie: token, header: token }, true],
          ['in neither', {}, false],
          ['in the cookie alone', { cookie: token }, false],
          ['in the header alone', { header: token }, false],
          ['two of the same session', { cookie: token, header: another }, false],
          ['of another session', { cookie: foreign, header: foreign }, false],
          ['of another session in the header', { cookie: token, header: foreign }, false],
          ['tampered', { cookie: tampered, header: tampered }, false],
          ['empty', { cookie: '', header: '' }, false],
          ['that an attacker made up', { cookie: 'x', header: 'x' }, false],
          ['for whom nobody knows', { session: null, cookie: token, header: token }, false],
          ['of another case', { cookie: token.toUpperCase(), header: token }, false],
        ]) {
          const answer = await ask({}, { method, headers: sending(brings) })
          assert.equal(answer.status, admitted ? 200 : 403, `${method}, ${what}`)
          if (admitted) continue
          assert.equal(answer.json.code, 'csrf_failed', what)
          assert.deepEqual([answer.headers['cache-control'], answer.headers['content-type']], ['no-store', 'application/json'])
          assert.deepEqual(answer.setCookies, [], what)
        }
      }
    })

    it('takes a header and a cookie of other names', async () => {
      const token = issue('alice')
      const options = { headerName: 'X-My-Token', cookieName: 'mine' }
      const request = (more) => ({ method: 'POST', headers: sending({ cookie: token, header: token, ...more }) })
      assert.equal((await ask(options, request({ headerName: 'x-my-TOKEN', cookieName: 'mine' }))).status, 200)
      assert.equal((await ask(options, request({ headerName: 'X-CSRF-Token', cookieName: 'mine' }))).status, 403)
      assert.equal((await ask(options, request({ headerName: 'X-My-Token' }))).status, 403)
    })

    it('finds a cookie after another one of a like name', async () => {
      const token = issue('alice')
      for (const cookie of [`x${CSRF_COOKIE_NAME}=x; ${CSRF_COOKIE_NAME}=${token}`, `${CSRF_COOKIE_NAME}2=x;${CSRF_COOKIE_NAME}=${token}`]) {
        const headers = ['X-Session', 'alice', 'X-CSRF-Token', token, 'Cookie', cookie]
        assert.equal((await ask({}, { method: 'POST', headers })).status, 200, cookie)
      }
    })

    it('lets onDenied answer', async () => {
      for (const onDenied of [
        (error, _request, response) => response.writeHead(418).end(error.code),
        async (error, _request, response) => response.writeHead(418).end(error.code),
      ]) {
        const { status, body } = await ask({ onDenied }, { method: 'POST', headers: sending({}) })
        assert.deepEqual([status, body], [418, 'csrf_failed'])
      }
      for (const onDenied of [() => { throw new Error('broken') }, async () => { throw new Error('broken') }]) {
        const { status, json } = await ask({ onDenied }, { method: 'POST', headers: sending({}) })
        assert.deepEqual([status, json], [500, { thrown: 'broken' }])
      }
    })

    it('passes on that sessionId gives no text', async () => {
      for (const method of ['GET', 'POST']) {
        const passedOn = await new Promise((resolve) => {
          const middleware = createCsrfMiddleware({ secret, sessionId: () => 7 })
          middleware({ method, headers: { cookie: `${CSRF_COOKIE_NAME}=x` } }, {}, resolve)
        })
        assert(passedOn instanceof Error, method)
      }
    })

    it('passes on what sessionId throws', async () => {
      for (const method of ['GET', 'POST']) {
        const { status, json } = await ask({ sessionId: () => { throw new Error('broken') } }, { method })
        assert.deepEqual([status, json], [500, { thrown: 'broken' }])
      }
    })
  })
}

it('createCsrfMiddleware names wrong options when it is called', async () => {
  for (const [name, values] of Object.entries({
    cookieName: [7, null, ''], headerName: [7, null, '', 'a b'], sessionId: ['alice', null], onDenied: [true, null], forLoopback: [1, 'yes'], sessionID: [() => 'x'],
  })) {
    for (const value of values) await refusesOption(name, () => createCsrfMiddleware({ secret, [name]: value }), `${name}: ${String(value)}`)
  }
  await refusesOption('options', () => createCsrfMiddleware())
})

describe('behind the auth middleware', () => {
  let issuer
  let server
  before(async () => {
    issuer = await DevIssuer.start()
    const application = express5()
    const options = { logtoUrl: issuer.logtoUrl, audience: 'https://api.example.com', allowGuest: true }
    application.use(createExpressAuthMiddleware(options), createCsrfMiddleware({ secret }))
    application.use((request, response) => response.json(request.auth))
    server = await serve(application)
  })
  after(() => Promise.all([issuer.stop(), server.stop()]))

  it('a token is the user\'s, and the guest\'s', async () => {
    const tokenOf = ({ setCookies }) => setCookies.map((line) => line.match(/^logto_csrf_token=([^;]*)/)?.[1]).find(Boolean)
    const bearer = (subject) => ['Authorization', `Bearer ${issuer.token({ subject })}`]
    const alice = tokenOf(await send(server.url, { headers: bearer('alice') }))
    assert(verifyCsrfToken(alice, { secret, sessionId: 'alice' }))
    const brings = ['Cookie', `${CSRF_COOKIE_NAME}=${alice}`, 'X-CSRF-Token', alice]
    assert.equal((await send(server.url, { method: 'POST', headers: [...bearer('alice'), ...brings] })).status, 200)
    assert.equal((await send(server.url, { method: 'POST', headers: [...bearer('bob'), ...brings] })).status, 403)
    const visit = await send(server.url)
    assert(verifyCsrfToken(tokenOf(visit), { secret, sessionId: visit.json.guestId }))
  })
})
