// The samples of the documents that this package is a drop-in for, with only the import, the addresses and the place of the result
// changed: `console` is watched, `app` is real, and what stands in the documents as `requestObject` is one.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, beforeEach, describe, it } from 'node:test'
import express from 'express'
import {
  clearJwksCache,
  createExpressAuthMiddleware,
  hasRole,
  hasScopes,
  invalidateJwksCache,
  requireRole,
  requireScopes,
  verifyAuth,
  verifyNextAuth,
} from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'
import { bringing, send, serve } from './support/http_exchange.mjs'
import { neighbour } from './support/neighbour.mjs'

const AUDIENCE = 'your-api-resource-identifier'
const SECONDARY = 'your-secondary-resource'
const { NextRequest, NextResponse } = createRequire(`${neighbour('examples/next')}/package.json`)('next/server')

let issuer
let logtoUrl
let token
before(async () => {
  issuer = await DevIssuer.start()
  logtoUrl = issuer.logtoUrl
})
after(() => issuer.stop())
beforeEach(() => {
  token = sign()
})

const sign = (more) => issuer.token({ subject: 'alice', audience: AUDIENCE, scope: 'some_scope', ...more })

describe('Express', () => {
  let server
  before(async () => {
    const app = express()

    const authMiddleware = createExpressAuthMiddleware({
      logtoUrl,
      audience: [AUDIENCE, SECONDARY], // string or string[]
      cookieName: 'logto_authtoken', // optional, defaults to 'logto_authtoken'
      requiredScope: 'some_scope', // optional
    })
    // Use in your Express routes
    app.get('/protected', authMiddleware, (req, res) => {
      // req.auth contains the authenticated user info
      res.json({
        message: 'Hello authenticated user!',
        userId: req.auth.userId,
        isAuthenticated: req.auth.isAuthenticated,
      })
    })

    server = await serve(app)
  })
  after(() => server.stop())

  it('greets a user, by cookie, by header and for either resource', async () => {
    for (const headers of [bringing({ cookie: token }), bringing({ bearer: token }), bringing({ bearer: sign({ audience: SECONDARY }) })]) {
      const { status, json } = await send(`${server.url}/protected`, { headers })
      assert.deepEqual([status, json], [200, { message: 'Hello authenticated user!', userId: 'alice', isAuthenticated: true }])
    }
  })

  it('greets nobody else', async () => {
    for (const [headers, expected] of [
      [[], 401],
      [bringing({ bearer: sign({ audience: 'another' }) }), 401],
      [bringing({ bearer: sign({ scope: 'some_scope_or_other' }) }), 403],
    ]) {
      assert.equal((await send(`${server.url}/protected`, { headers })).status, expected)
    }
  })
})

describe('a route handler', () => {
  async function GET(request) {
    const authResult = await verifyNextAuth(request, {
      logtoUrl,
      audience: AUDIENCE, // or ['api-audience', 'fallback-audience']
      cookieName: 'logto_authtoken', // optional
      requiredScope: 'some_scope', // optional
    })
    if (!authResult.success) {
      return Response.json({ error: authResult.error }, { status: 401 })
    }
    return Response.json({
      message: 'Hello authenticated user!',
      userId: authResult.auth.userId,
      payload: authResult.auth.payload,
    })
  }

  it('greets a user', async () => {
    for (const headers of [{ cookie: `logto_authtoken=${token}` }, { authorization: `Bearer ${token}` }]) {
      const answer = await GET(new Request('https://app.example.com/api/protected', { headers }))
      const { message, userId, payload } = await answer.json()
      assert.deepEqual([answer.status, message, userId, payload.aud], [200, 'Hello authenticated user!', 'alice', AUDIENCE])
    }
  })

  it('greets nobody else', async () => {
    const answer = await GET(new Request('https://app.example.com/api/protected'))
    assert.equal(answer.status, 401)
    assert.equal(typeof (await answer.json()).error, 'string')
  })
})

describe('middleware.js', () => {
  const environment = { ...process.env }
  before(() => Object.assign(process.env, { LOGTO_URL: logtoUrl, LOGTO_AUDIENCE: AUDIENCE }))
  after(() => {
    process.env = environment
  })

  async function middleware(request) {
    // Only apply to API routes that need authentication
    if (request.nextUrl.pathname.startsWith('/api/protected')) {
      const authResult = await verifyNextAuth(request, {
        logtoUrl: process.env.LOGTO_URL,
        audience: process.env.LOGTO_AUDIENCE,
      })
      if (!authResult.success) {
        return NextResponse.json({ error: 'Unauthorized' }, { status: 401 })
      }
      // Add auth info to headers for the API route
      const response = NextResponse.next()
      response.headers.set('x-user-id', authResult.auth.userId)
      return response
    }
  }

  it('lets a user pass and nobody else', async () => {
    const ask = (path, headers) => middleware(new NextRequest(`https://app.example.com${path}`, { headers }))
    assert.equal(await ask('/public', {}), undefined)
    assert.equal((await ask('/api/protected/x', {})).status, 401)
    for (const headers of [{ cookie: `logto_authtoken=${token}` }, { authorization: `Bearer ${token}` }]) {
      assert.equal((await ask('/api/protected/x', headers)).headers.get('x-user-id'), 'alice')
    }
  })
})

describe('generic use', () => {
  /** The sample, with what it prints as its result. */
  async function printed(requestObject) {
    const lines = []
    const console = { log: (...words) => lines.push(words), error: (...words) => lines.push(words) }
    // Verify with token string, or with request object
    try {
      const auth = await verifyAuth(requestObject, {
        logtoUrl,
        audience: AUDIENCE,
      })
      console.log('User ID:', auth.userId)
    } catch (error) {
      console.error('Auth failed:', error.message)
    }
    return lines
  }

  it('verifies a token', async () => {
    assert.deepEqual(await printed(token), [['User ID:', 'alice']])
    const [[failed, message]] = await printed('your-jwt-token')
    assert.deepEqual([failed, typeof message], ['Auth failed:', 'string'])
  })

  it('verifies a request object', async () => {
    for (const request of [
      { headers: { authorization: `Bearer ${token}` } },
      { headers: {}, cookies: { logto_authtoken: token } },
      { headers: { cookie: `logto_authtoken=${token}` } },
      { headers: new Headers({ authorization: `Bearer ${token}` }) },
      { headers: new Headers(), cookies: { get: (name) => (name === 'logto_authtoken' ? { name, value: token } : undefined) } },
    ]) {
      assert.deepEqual(await printed(request), [['User ID:', 'alice']])
    }
    assert.equal((await printed({ headers: {}, cookies: {} }))[0][0], 'Auth failed:')
  })

  it('asks for scopes', async () => {
    async function sample(request) {
      const auth = await verifyAuth(request, {
        logtoUrl,
        audience: AUDIENCE,
      })
      if (!hasScopes(auth, ['read:reports', 'write:reports'], { mode: 'any' })) {
        throw new Error('Forbidden')
      }
      requireScopes(auth, ['read:reports', 'write:reports'])
    }
    await sample(sign({ scope: 'read:reports write:reports' }))
    await assert.rejects(sample(sign({ scope: 'read' })), { message: 'Forbidden' })
    await assert.rejects(sample(sign({ scope: 'read:reports' })), { name: 'AuthError', message: /write:reports/ })
  })

  it('asks for a role', async () => {
    async function sample(request) {
      const auth = await verifyAuth(request, {
        logtoUrl,
        audience: AUDIENCE,
      })
      if (!hasRole(auth, 'admin')) {
        throw new Error('Forbidden')
      }
      requireRole(auth, 'admin')
      return [hasRole(auth.payload, 'admin'), hasRole(auth, 'admin', { claimKeys: ['https://example.com/roles'] })]
    }
    for (const claims of [{ roles: ['admin'] }, { role: 'admin' }]) assert.deepEqual(await sample(sign({ claims })), [true, false])
    await assert.rejects(sample(sign({ claims: { roles: ['user'] } })), { message: 'Forbidden' })
  })

  it('controls the cache of keys', async () => {
    issuer.resetCounters()
    clearJwksCache()
    const auth = await verifyAuth(token, {
      logtoUrl,
      audience: AUDIENCE,
      jwksCacheTtlMs: 60_000,
    })
    invalidateJwksCache(logtoUrl)
    await verifyAuth(token, { logtoUrl, audience: AUDIENCE })
    clearJwksCache()
    await verifyAuth(token, { logtoUrl, audience: AUDIENCE })
    await verifyAuth(token, { logtoUrl, audience: AUDIENCE, skipJwksCache: true })
    assert.deepEqual([auth.userId, issuer.counters().jwks], ['alice', 4])
  })
})

describe('the context', () => {
  it('of a user has the documented members', async () => {
    const auth = await verifyAuth(token, { logtoUrl, audience: AUDIENCE })
    assert.deepEqual([auth.userId, auth.isAuthenticated, auth.payload.sub], ['alice', true, 'alice'])
  })

  it('of a guest has the documented shape', async () => {
    for (const request of [{ headers: {} }, { headers: { authorization: 'Bearer x.y.z' } }]) {
      const { guestId, guestReason, ...context } = await verifyAuth(request, { logtoUrl, audience: AUDIENCE, allowGuest: true })
      assert.deepEqual(context, { userId: null, isAuthenticated: false, payload: null, isGuest: true })
      assert.match(guestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.equal(typeof guestReason, 'string')
    }
  })

  it('of a guest keeps the id of the documented cookie', async () => {
    const guestId = '550e8400-e29b-41d4-a716-446655440000'
    const cookies = { guest_logto_authtoken: guestId }
    assert.equal((await verifyAuth({ headers: {}, cookies }, { logtoUrl, audience: AUDIENCE, allowGuest: true })).guestId, guestId)
  })

  it('is none where the documents list an error', async () => {
    const [{ kid }] = issuer.jwks().keys
    for (const [scenario, request, more] of [
      ['no token found', { headers: {} }],
      ['invalid JWT format', 'x'],
      ['signature verification failed', sign({ foreignKey: true, header: { kid } })],
      ['token expired', sign({ expiresAt: 1_700_000_000 })],
      ['invalid issuer', sign({ issuer: 'https://other.example.com/oidc' })],
      ['invalid audience', sign({ audience: 'another' })],
      ['not before', sign({ notBefore: 4_000_000_000 })],
      ['missing scope', sign({ scope: 'another' }), { requiredScope: 'some_scope' }],
    ]) {
      await assert.rejects(verifyAuth(request, { logtoUrl, audience: AUDIENCE, ...more }), { name: 'AuthError' }, scenario)
    }
  })
})
