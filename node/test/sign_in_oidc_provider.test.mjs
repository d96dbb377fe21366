// Sign-in with an issuer that nobody here wrote.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import express from 'express'
import session from 'express-session'
import { handleAuthRoutes, withLogto } from 'logto-authkit/express'
import { verifyAuth } from 'logto-authkit/server'
import { serve } from './support/http_exchange.mjs'
import { OidcProvider } from './support/oidc_provider.mjs'
import { Person } from './support/person.mjs'

const ALICE = { username: 'alice', password: 'correct horse' }
const ALICE_ID = 'bc1qcbjxphwr'
const PARALLEL = 40
const ROUNDS = 3

describe('oidc-provider', () => {
  let app
  let server
  let provider
  before(async () => {
    server = await serve((request, response) => app(request, response))
    provider = await OidcProvider.start({
      redirectUris: [`${server.url}/auth/sign-in-callback`],
      postLogoutRedirectUris: [`${server.url}/`],
    })
  })
  after(async () => {
    await server?.stop()
    await provider?.stop()
  })
  beforeEach(() => {
    app = express().set('env', 'test')
  })

  function config(more) {
    const { client_id, client_secret } = provider.ready.clients.web
    return { appId: client_id, appSecret: client_secret, endpoint: provider.logtoUrl, baseUrl: server.url, ...more }
  }

  it('signs in the sample of the documents, which says hello, and signs it out', async () => {
    const sample = config()
    app.use(
      session({
        secret: 'keyboard cat',
        cookie: { maxAge: 14 * 24 * 60 * 60 * 1000 },
        resave: false,
        saveUninitialized: false,
      }),
    )
    app.use(handleAuthRoutes(sample))
    app.get('/', withLogto(sample), (request, response) => {
      response.setHeader('content-type', 'text/html')
      if (request.user.isAuthenticated) {
        return response.end(`<div>Hello, ${request.user.claims.name}. <a href="/auth/sign-out">Sign Out</a></div>`)
      }
      response.end('<div><a href="/auth/sign-in">Sign In</a></div>')
    })

    const person = new Person()
    const home = `${server.url}/`
    assert.match((await person.visit(home)).text, /Sign In/)
    const page = await person.signIn(`${server.url}/auth/sign-in`, ALICE)
    assert.equal(page.url, home)
    assert.match(page.text, /Hello, Alice Example/)
    assert.match((await person.visit(home)).text, /Hello, Alice Example/)
    const { body } = await person.json(`${server.url}/auth/user`)
    assert.equal(body.claims.sub, ALICE_ID)

    const out = await person.signOut(`${server.url}/auth/sign-out`)
    assert.equal(out.url, home)
    assert.match(out.text, /Sign In/)
    // And at the issuer: it asks again who it is.
    const again = await person.visit(`${server.url}/auth/sign-in`)
    assert.match(again.text, /name="password"/)
  })

  for (const sessions of ['express-session', 'cookies', 'memory']) {
    it(`ends no grant when ${PARALLEL} requests need a new token at once, though it forgives no second use: ${sessions}`, async () => {
      const { resource } = provider.ready
      const options = config({ sessions, sealingKeys: 'thirty-two random bytes, or more of them', resources: [resource] })
      if (sessions === 'express-session') app.use(session({ secret: 'keyboard cat', resave: true, saveUninitialized: false }))
      app.use(handleAuthRoutes(options), withLogto(options))
      app.get('/', (request, response) => response.json(request.user))
      app.get('/token', async (request, response) => response.json({ token: await request.logto.getAccessToken(resource) }))
      app.get('/expire', async (request, response) => {
        await request.logto.clearAccessToken()
        response.json({})
      })

      const person = new Person()
      await person.signIn(`${server.url}/auth/sign-in`, ALICE)
      const requests = async () => (await provider.tell('counters')).counters['/oidc/token']
      for (let round = 1; round <= ROUNDS; round += 1) {
        assert.equal((await person.json(`${server.url}/expire`)).status, 200)
        const before = await requests()
        const asked = Array.from({ length: PARALLEL }, () => person.copy().json(`${server.url}/token`))
        const tokens = new Set((await Promise.all(asked)).map(({ body }) => body.token))
        assert.equal(tokens.size, 1, `round ${round}: one token for all`)
        assert.equal(await requests(), before + 1, `round ${round}`)
        const [token] = tokens
        const auth = await verifyAuth(token, { logtoUrl: provider.logtoUrl, audience: resource })
        assert.equal(auth.userId, ALICE_ID)
        // A browser has taken one of the answers.
        await person.json(`${server.url}/token`)
      }
      const { body } = await person.json(`${server.url}/`)
      assert.equal(body.isAuthenticated, true)
    })
  }
})
