// Sign-in with an issuer that nobody here wrote.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import express from 'express'
import session from 'express-session'
import { handleAuthRoutes, withLogto } from 'logto-authkit/express'
import { serve } from './support/http_exchange.mjs'
import { OidcProvider } from './support/oidc_provider.mjs'
import { Person } from './support/person.mjs'

const ALICE = { username: 'alice', password: 'correct horse' }

describe('oidc-provider', () => {
  let app
  let server
  let provider
  before(async () => {
    app = express()
    app.set('env', 'test')
    server = await serve(app)
    provider = await OidcProvider.start({
      redirectUris: [`${server.url}/auth/sign-in-callback`],
      postLogoutRedirectUris: [`${server.url}/`],
    })
  })
  after(async () => {
    await server?.stop()
    await provider?.stop()
  })

  it('signs in the sample of the documents, which says hello, and signs it out', async () => {
    const { client_id, client_secret } = provider.ready.clients.web
    const config = { appId: client_id, appSecret: client_secret, endpoint: provider.logtoUrl, baseUrl: server.url }
    app.use(
      session({
        secret: 'keyboard cat',
        cookie: { maxAge: 14 * 24 * 60 * 60 * 1000 },
        resave: false,
        saveUninitialized: false,
      }),
    )
    app.use(handleAuthRoutes(config))
    app.get('/', withLogto(config), (request, response) => {
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
    assert.equal(body.claims.sub, 'bc1qcbjxphwr')

    const out = await person.signOut(`${server.url}/auth/sign-out`)
    assert.equal(out.url, home)
    assert.match(out.text, /Sign In/)
    // And at the issuer: it asks again who it is.
    const again = await person.visit(`${server.url}/auth/sign-in`)
    assert.match(again.text, /name="password"/)
  })
})
