// The application: sessions, the routes of sign-in, and pages that know who is asking.

import { randomBytes } from 'node:crypto'
import express from 'express'
import session from 'express-session'
import { handleAuthRoutes, requireSignIn, withLogto } from 'logto-authkit/express'

const API = 'https://api.example.com'

/** @param logto - `endpoint`, `appId` and `appSecret` of an application at a Logto server. */
export function application(logto) {
  const config = { ...logto, resources: [API], scopes: ['read:products'] }
  const app = express()
  app.use(
    session({
      secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
      cookie: { maxAge: 14 * 24 * 60 * 60 * 1000, sameSite: 'lax' },
      resave: false,
      saveUninitialized: false,
    }),
  )
  app.use(handleAuthRoutes(config))

  app.get('/', withLogto(config), (request, response) => {
    if (request.user.isAuthenticated) {
      return response.send(page(`Hello, ${escape(request.user.claims.name ?? request.user.claims.sub)}`, SIGNED_IN))
    }
    response.send(page('Hello', '<a class="button" href="/auth/sign-in">Sign in</a> <a href="/auth/sign-up">Sign up</a>'))
  })

  // Whoever is not signed in is sent to sign in, and back here.
  app.get('/account', withLogto(config), requireSignIn(), (request, response) => {
    const { name, sub, email, exp } = request.user.claims
    const facts = { Name: name, User: sub, 'E-mail': email, 'Known until': new Date(exp * 1000).toISOString() }
    const rows = Object.entries(facts).map(([what, is]) => `<dt>${what}</dt><dd>${escape(is ?? 'unknown')}</dd>`)
    response.send(page('Account', `<dl>${rows.join('')}</dl><p><a href="/">Back</a></p>`))
  })

  // A token for an API: renewed when less than a minute is left, once however many requests need it.
  app.get('/token', withLogto(config), requireSignIn(), async (request, response) => {
    const { aud, scope, exp } = await request.logto.getAccessTokenClaims(API)
    response.json({ aud, scope, exp })
  })

  return app
}

const SIGNED_IN = '<a href="/account">Account</a> <a href="/token">Token</a> <a class="button" href="/auth/sign-out">Sign out</a>'

const STYLE = `
  :root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif }
  body { max-width: 40rem; margin: 15vh auto 0; padding: 0 1.25rem }
  a { margin-right: 1rem; color: inherit }
  .button { padding: .5rem 1rem; border: 1px solid; border-radius: .4rem; text-decoration: none }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem }
  dd { margin: 0; overflow-wrap: anywhere }
  @media (max-width: 30rem) { dl { grid-template-columns: 1fr } dd { margin-bottom: .5rem } }`

function page(title, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body><h1>${title}</h1>${body}</body></html>`
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
