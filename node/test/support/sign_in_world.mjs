// An application on a free port, and an issuer that knows it.

import express5 from 'express'
import session from 'express-session'
import { handleAuthRoutes, withLogto } from 'logto-authkit/express'
import { DevIssuer } from 'logto-authkit/testing'
import { serve } from './http_exchange.mjs'

export const API = 'https://api.example.com'
export const SECRET = 'a secret of the application, long enough'
export const SEALING_KEY = 'thirty-two random bytes, or more of them'

export class World {
  /**
   * @param lifetime - of access tokens, in seconds; the engine renews what has less than a minute left.
   * @param paths - below which the routes of sign-in are.
   */
  static async start({ lifetime = 3600, paths = ['/auth'], organizations = ['org_a', 'org_b'], ...more } = {}) {
    const world = new World()
    world.handle = (_request, response) => response.end()
    world.server = await serve((request, response) => world.handle(request, response))
    world.url = world.server.url
    world.issuer = await DevIssuer.start({
      resources: [{ indicator: API, scopes: ['read:products'], access_token_seconds: lifetime }],
      roles: [{ name: 'reader', grants: [{ resource: API, scopes: ['read:products'] }] }],
      users: [
        { username: 'alice', password: 'alice', id: 'user_alice', name: 'Alice Example', roles: ['reader'] },
        { username: 'bob', password: 'bob', id: 'user_bob' },
      ],
      organizations: organizations.map((id) => ({
        id,
        name: id,
        roles: [{ name: 'member', scopes: ['read:members'] }],
        members: [{ user: 'alice', roles: ['member'] }],
      })),
      applications: [
        {
          kind: 'web',
          id: 'web',
          secret: SECRET,
          redirect_uris: paths.map((path) => `${world.url}${path}/sign-in-callback`),
          post_logout_redirect_uris: [`${world.url}/`, `${world.url}/bye`],
        },
        {
          kind: 'spa',
          id: 'public',
          redirect_uris: paths.map((path) => `${world.url}${path}/sign-in-callback`),
          post_logout_redirect_uris: [`${world.url}/`],
        },
      ],
      ...more,
    })
    return world
  }

  /** Serves an Express application from now on. `prepare` is given it, after what comes before every route. */
  use(prepare, express = express5) {
    const app = express()
    app.set('env', 'test')
    prepare(app)
    app.use((error, _request, response, _next) => {
      for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value)
      response.status(error.status ?? 500).json({ thrown: error.message, code: error.code })
    })
    this.handle = app
    return app
  }

  /** The options of a public application, whose refresh tokens rotate at each use. */
  config(more) {
    return { endpoint: this.issuer.logtoUrl, appId: 'public', sealingKeys: SEALING_KEY, resources: [API], ...more }
  }

  async stop() {
    await Promise.all([this.server.stop(), this.issuer.stop()])
  }
}

/** `express-session` in front of the routes of sign-in, and a page that says who is signed in. */
export function withExpressSession(config, { page = (app) => app, ...options } = {}) {
  return (app) => {
    app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false, ...options }))
    app.use(handleAuthRoutes(config))
    app.get('/', withLogto(config), (request, response) => response.json(request.user))
    page(app)
  }
}
