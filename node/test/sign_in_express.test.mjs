// Sign-in in Express, over HTTP, with sessions in express-session, in sealed cookies and in Redis.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import express5 from 'express'
import session from 'express-session'
import express4 from 'express4'
import { ExpressStorage, LogtoClient, handleAuthRoutes, requireSignIn, withLogto } from 'logto-authkit/express'
import { send } from './support/http_exchange.mjs'
import { Person } from './support/person.mjs'
import { API, SEALING_KEY, SECRET, World, withExpressSession } from './support/sign_in_world.mjs'

let world
const unhandled = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
before(async () => {
  world = await World.start({ paths: ['/auth', '/admin/auth', '/sub/auth'] })
})
after(async () => {
  await world.stop()
  assert.deepEqual(unhandled, [], 'every rejection was handled')
})
beforeEach(() => {
  world.issuer.clearFaults()
  world.issuer.resetCounters()
})

const at = (path) => world.url + path

/** Somebody who has signed in. */
async function alice() {
  const person = new Person()
  const { text, status } = await person.signIn(at('/auth/sign-in'))
  assert.equal(status, 200, text)
  return person
}

/** The token routes of an application: what needs a token, and the way to lose those that are there. */
function tokenRoutes(config) {
  return (app) => {
    app.get('/token', withLogto(config), async (request, response) => {
      response.json({ token: await request.logto.getAccessToken(API) })
    })
    app.get('/expire', withLogto(config), async (request, response) => {
      await request.logto.clearAccessToken()
      response.json({})
    })
  }
}

for (const [name, express] of [['Express 5', express5], ['Express 4', express4]]) {
  for (const [place, more, sessions] of [
    ['express-session', {}, true],
    ['sealed cookies', { sessions: 'cookies' }, false],
    ['memory', { sessions: 'memory' }, false],
  ]) {
    describe(`${name}, sessions in ${place}`, () => {
      before(() => {
        const config = world.config(more)
        world.use((app) => {
          if (sessions) app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }))
          app.use(handleAuthRoutes(config))
          app.get('/', withLogto(config), (request, response) => response.json(request.user))
          app.get('/account', withLogto(config), requireSignIn(), (request, response) => response.send(request.user.claims.sub))
          app.get('/token', withLogto(config), (request, response, next) => {
            request.logto.getAccessToken(API).then((token) => response.cookie('own', '1').json({ token }), next)
          })
        }, express)
      })

      it('signs in, goes back to the page that asked, and signs out', async () => {
        const person = new Person()
        assert.equal((await person.json(at('/'))).body.isAuthenticated, false)
        const page = await person.signIn(at('/account?a=b'))
        assert.deepEqual([page.url, page.text], [at('/account?a=b'), 'user_alice'])
        const { body } = await person.json(at('/'))
        assert.equal(body.isAuthenticated, true)
        assert.equal(body.claims.name, 'Alice Example')
        assert.deepEqual((await person.json(at('/auth/user'))).body.isAuthenticated, true)
        const out = await person.signOut(at('/auth/sign-out'))
        assert.equal(out.url, at('/'))
        assert.equal((await person.json(at('/'))).body.isAuthenticated, false)
      })

      it('keeps the Set-Cookie of the application, and its own', async () => {
        const person = await alice()
        const { headers, body } = await person.json(at('/token'))
        assert.equal(typeof body.token, 'string')
        const names = headers.getSetCookie().map((line) => line.split('=')[0])
        assert(names.includes('own'), names)
        const again = await person.json(at('/token'))
        assert.equal(again.body.token, body.token)
        assert.equal(world.issuer.counters().tokenRefresh, 1)
      })

      it('finds the session beside a cookie of others with a letter of its own', async () => {
        const person = await alice()
        const own = person.cookies.get(world.server.host)
        const line = [...own].map(([name, value]) => `${name}=${value}`).join('; ')
        const { json } = await send(at('/'), { headers: ['Cookie', `a=é; ${line}; b=ü`, 'Accept', 'application/json'] })
        assert.equal(json.isAuthenticated, true)
      })

      it('sends a program away with 401', async () => {
        const { status, body } = await new Person().json(at('/account'), { headers: { accept: 'application/json' } })
        assert.deepEqual([status, body.code], [401, 'not_authenticated'])
      })

      it('three tabs sign in at once', async () => {
        const person = new Person()
        const tabs = []
        for (const path of ['/?tab=0', '/?tab=1', '/?tab=2']) {
          tabs.push(await person.visit(at(`/auth/sign-in?return_to=${encodeURIComponent(path)}`), { end: `${world.issuer.logtoUrl}/oidc` }))
        }
        for (const [index, tab] of tabs.entries()) {
          const page = await person.signIn(tab.url)
          assert.equal(page.url, at(`/?tab=${index}`))
        }
        assert.equal((await person.json(at('/'))).body.isAuthenticated, true)
      })

      it('refuses a callback that is nobody\'s, with a page', async () => {
        const page = await new Person().visit(at('/auth/sign-in-callback?state=x&code=y'))
        assert.equal(page.status, 400)
        assert.match(page.text, /state_mismatch/)
      })
    })
  }
}

describe('the samples of the documents', () => {
  it('say hello', async () => {
    const port = new URL(world.url).port
    const config = { appId: 'web', appSecret: SECRET, endpoint: world.issuer.logtoUrl }
    // As it stands there, but for the port.
    world.use((app) => {
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
        if (request.user.isAuthenticated) {
          return response.end(`Hello, ${request.user?.claims?.name}`)
        }
        response.redirect('/auth/sign-in')
      })
    })
    const page = await new Person().signIn(`http://127.0.0.1:${port}/`)
    assert.equal(page.text, 'Hello, Alice Example')
  })

  it('their own routes over LogtoClient and ExpressStorage work', async () => {
    const config = { appId: 'web', appSecret: SECRET, endpoint: world.issuer.logtoUrl }
    const clientOf = (request, response) =>
      new LogtoClient(config, { storage: new ExpressStorage(request), navigate: (url) => response.redirect(url) })
    world.use((app) => {
      app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }))
      app.use('/auth/:action', async (request, response) => {
        const client = clientOf(request, response)
        switch (request.params.action) {
          case 'sign-in':
            return client.signIn(`${world.url}/auth/sign-in-callback`)
          case 'sign-in-callback':
            await client.handleSignInCallback(`${world.url}${request.originalUrl}`)
            return response.redirect('/')
          case 'sign-out':
            return client.signOut(`${world.url}/`)
          default:
            return response.status(404).end()
        }
      })
      app.get('/', async (request, response) => {
        const client = clientOf(request, response)
        response.json(await client.getContext({ fetchUserInfo: true, getAccessToken: true }))
      })
      app.get('/all', async (request, response) => {
        const client = clientOf(request, response)
        const [isAuthenticated, idToken, claims, info] = await Promise.all([
          client.isAuthenticated(),
          client.getIdToken(),
          client.getIdTokenClaims(),
          client.fetchUserInfo(),
        ])
        await client.clearAllTokens()
        response.json({ isAuthenticated, parts: idToken.split('.').length, claims, info, after: await client.isAuthenticated() })
      })
    })
    const person = await alice()
    const { body } = await person.json(at('/'))
    assert.equal(body.isAuthenticated, true)
    assert.equal(body.userInfo.sub, 'user_alice')
    assert.equal(typeof body.accessToken, 'string')
    const all = (await person.json(at('/all'))).body
    assert.deepEqual([all.isAuthenticated, all.parts, all.claims.sub, all.info.sub, all.after], [true, 3, 'user_alice', 'user_alice', false])
    assert.equal((await person.json(at('/'))).body.isAuthenticated, false)
    const again = await alice()
    const out = await again.signOut(at('/auth/sign-out'))
    assert.equal(out.url, at('/'))
    assert.equal((await again.json(at('/'))).body.isAuthenticated, false)
  })

  it('a callback at another address is refused', async () => {
    const items = new Map()
    const storage = {
      getItem: async (key) => items.get(key) ?? null,
      setItem: async (key, value) => void items.set(key, value),
      removeItem: async (key) => void items.delete(key),
    }
    let url
    const client = new LogtoClient(world.config(), { storage, navigate: (to) => (url = to) })
    await client.signIn({ redirectUri: at('/auth/sign-in-callback'), postRedirectUri: '/there', firstScreen: 'register' })
    assert.equal(new URL(url).searchParams.get('first_screen'), 'register')
    const callback = await new Person().signIn(url, { end: at('/') })
    await assert.rejects(client.handleSignInCallback(callback.url.replace('sign-in-callback', 'sign-in-callback-2')), {
      name: 'SignInError',
      code: 'redirect_uri_mismatch',
      status: 400,
    })
    await assert.rejects(client.handleSignInCallback(callback.url.replace('127.0.0.1', 'localhost')), { code: 'redirect_uri_mismatch' })
    assert.equal(await client.handleSignInCallback(callback.url), '/there')
    const claims = await client.getAccessTokenClaims(API)
    assert.deepEqual([claims.aud, claims.sub], [API, 'user_alice'])
    assert.deepEqual([...items.keys()], ['logto'])
    for (const text of items.values()) assert.doesNotMatch(text, /eyJ[\w-]+\.eyJ/, 'what is stored is sealed')
  })
})

describe('what the users of other packages report', () => {
  const sessionOptions = { resave: true, saveUninitialized: true }

  it('concurrent requests and invalid_grant: 100 parallel requests at expiry spend one grant', async () => {
    for (const more of [{}, { sessions: 'cookies' }, { sessions: 'memory' }]) {
      const config = world.config(more)
      world.use(withExpressSession(config, { page: tokenRoutes(config), ...sessionOptions }))
      const person = await alice()
      await person.json(at('/expire'))
      world.issuer.resetCounters()
      const answers = await Promise.all(Array.from({ length: 100 }, () => person.copy().json(at('/token'))))
      const tokens = new Set(answers.map(({ status, body }) => (assert.equal(status, 200, JSON.stringify(body)), body.token)))
      assert.equal(tokens.size, 1)
      assert.equal(world.issuer.counters().tokenRefresh, 1, JSON.stringify(more))
    }
  })

  it('a slow request that writes an old session back after a rotation signs nobody out', async () => {
    const config = world.config()
    let loaded
    let release
    world.use(
      withExpressSession(config, {
        ...sessionOptions,
        page(app) {
          tokenRoutes(config)(app)
          app.get('/slow', async (_request, response) => {
            loaded()
            await new Promise((resolve) => (release = resolve))
            response.end('done')
          })
        },
      }),
    )
    const person = await alice()
    for (let round = 0; round < 4; round += 1) {
      const isLoaded = new Promise((resolve) => (loaded = resolve))
      const slow = person.copy().visit(at('/slow'))
      await isLoaded
      await person.json(at('/expire'))
      assert.equal((await person.json(at('/token'))).status, 200)
      release()
      await slow
      // What the slow request wrote has an old refresh token; the issuer would end the grant on its second use.
      await person.json(at('/expire'))
      const { status, body } = await person.json(at('/token'))
      assert.equal(status, 200, JSON.stringify(body))
    }
    assert.equal((await person.json(at('/'))).body.isAuthenticated, true)
  })

  it('an in-flight refresh after sign-out does not bring the session back', async () => {
    for (const more of [{}, { sessions: 'cookies' }, { sessions: 'memory' }]) {
      const config = world.config(more)
      world.use(withExpressSession(config, { page: tokenRoutes(config), ...sessionOptions }))
      const person = await alice()
      await person.json(at('/expire'))
      world.issuer.setFault('token', { kind: 'latency', milliseconds: 300 })
      const late = person.copy()
      const pending = late.json(at('/token'))
      while (world.issuer.counters().tokenRefresh === 0) await new Promise(setImmediate)
      const out = await person.ask(at('/auth/sign-out'))
      assert.equal(out.status, 303)
      const { status } = await pending
      assert.equal(status, 401, JSON.stringify(more))
      for (const somebody of [person, late]) {
        assert.equal((await somebody.json(at('/'))).body.isAuthenticated, false, JSON.stringify(more))
      }
      world.issuer.clearFaults()
    }
  })

  it('network failure is not signed out: closed, 503, 429', async () => {
    const config = world.config({ getAccessToken: true, resource: API })
    for (const [kind, code, seconds] of [
      ['closed', 'issuer_unavailable', 5],
      [{ kind: 'status', status: 503 }, 'issuer_unavailable', 5],
      [{ kind: 'retry-after', status: 429, seconds: 7 }, 'rate_limited', 7],
    ]) {
      world.use(withExpressSession(config, { page: tokenRoutes(config) }))
      const person = await alice()
      await person.json(at('/expire'))
      if (kind === 'closed') world.issuer.goDown()
      else world.issuer.setFault('token', kind)
      const { status, body } = await person.json(at('/'))
      assert.deepEqual([status, body.isAuthenticated, body.claims.sub, body.error.code], [200, true, 'user_alice', code])
      const token = await person.json(at('/token'))
      assert.deepEqual([token.status, token.body.code], [503, code])
      assert.equal(token.headers.get('retry-after'), String(seconds))
      world.issuer.comeBack()
      world.issuer.clearFaults()
    }
  })

  it('an issuer that never answers is waited for ten seconds at most, and by one request', async () => {
    const config = world.config()
    world.use(withExpressSession(config, { page: tokenRoutes(config) }))
    const person = await alice()
    await person.json(at('/expire'))
    world.issuer.setFault('token', { kind: 'hang' })
    const begun = performance.now()
    const answers = await Promise.all(Array.from({ length: 20 }, () => person.copy().json(at('/token'))))
    const seconds = (performance.now() - begun) / 1000
    for (const { status } of answers) assert.equal(status, 503)
    assert(seconds < 15, `${seconds} s`)
    assert.equal(world.issuer.counters().tokenRefresh, 1)
    world.issuer.clearFaults()
    assert.equal((await person.json(at('/'))).body.isAuthenticated, true)
  })

  it('async errors reach next(err)', async () => {
    const config = world.config({ sessions: 'express-session' })
    world.use((app) => {
      app.use(handleAuthRoutes(config))
      app.get('/', withLogto(config), (_request, response) => response.end())
    }, express4)
    for (const path of ['/', '/auth/sign-in']) {
      const { status, body } = await new Person().json(at(path))
      assert.equal(status, 500)
      assert.match(body.thrown, /the request has no session/)
    }
  })

  it('mount paths: the redirect URI is where the routes are', async () => {
    const config = world.config({ sessions: 'memory' })
    for (const mount of ['/admin', '/sub', '/admin/auth']) {
      world.use((app) => {
        app.use(mount, handleAuthRoutes(config))
        app.get('/', withLogto(config), (request, response) => response.json(request.user))
      })
      const person = new Person()
      const routes = mount.endsWith('/auth') ? mount : `${mount}/auth`
      const page = await person.signIn(at(`${routes}/sign-in`))
      assert.deepEqual([page.url, page.status], [at('/'), 200])
      assert.equal(JSON.parse(page.text).isAuthenticated, true)
      await person.signOut(at(`${routes}/sign-out`))
      assert.equal((await person.json(at('/'))).body.isAuthenticated, false)
    }
  })

  it('trailing slashes in baseUrl, endpoint and prefix change nothing', async () => {
    const config = world.config({
      endpoint: `${world.issuer.logtoUrl}/`,
      baseUrl: `${world.url}/`,
      authRoutesPrefix: '/auth/',
      sessions: 'memory',
    })
    world.use(withExpressSession(config))
    const person = await alice()
    assert.equal((await person.json(at('/'))).body.isAuthenticated, true)
  })

  it('one organization\'s failure does not lose the others', async () => {
    const scopes = ['urn:logto:scope:organizations']
    const config = world.config({ scopes, getOrganizationToken: true, sessions: 'memory' })
    world.use(withExpressSession(config))
    const person = await alice()
    const { body } = await person.json(at('/'))
    assert.deepEqual(Object.keys(body.organizationTokens).sort(), ['org_a', 'org_b'])
  })

  it('a cookie over 4 096 bytes is several', async () => {
    const many = await World.start({ organizations: Array.from({ length: 150 }, (_, index) => `organization_${index}`) })
    try {
      const scopes = ['urn:logto:scope:organizations', 'urn:logto:scope:organization_roles']
      many.use(withExpressSession(many.config({ scopes, sessions: 'cookies' })))
      const person = new Person()
      const page = await person.signIn(`${many.url}/auth/sign-in`)
      assert.equal(JSON.parse(page.text).claims.organizations.length, 150)
      const sizes = [...person.cookies.get(many.server.host).values()].map((value) => value.length)
      assert(Math.max(...sizes) < 3900, String(sizes))
    } finally {
      await many.stop()
    }
  })

  it('the session has another id after the sign-in', async () => {
    const config = world.config()
    world.use(withExpressSession(config, { saveUninitialized: true, resave: false }))
    const person = new Person()
    await person.json(at('/'))
    const before = person.cookies.get(world.server.host).get('connect.sid')
    await person.signIn(at('/auth/sign-in'))
    const after = person.cookies.get(world.server.host).get('connect.sid')
    assert(before !== undefined && after !== undefined && before !== after)
    // The one from before opens nothing.
    const fixed = new Person()
    fixed.cookies.set(world.server.host, new Map([['connect.sid', before]]))
    assert.equal((await fixed.json(at('/'))).body.isAuthenticated, false)
  })

  it('a base URL that a request names is believed on loopback only', async () => {
    const config = world.config({ sessions: 'memory' })
    world.use(withExpressSession(config))
    const { status, body } = await send(at('/auth/sign-in'), { headers: ['Host', 'evil.example', 'X-Forwarded-Host', 'localhost'] })
    assert.equal(status, 500)
    assert.match(body, /baseUrl: it is missing/)
  })
})

describe('mistakes', () => {
  it('are named when the application starts', () => {
    const wrong = (config, option) => {
      for (const make of [handleAuthRoutes, withLogto]) assert.throws(() => make(config), { name: 'ConfigError', option })
    }
    wrong({ appId: 'a' }, 'endpoint')
    wrong({ endpoint: 'https://tenant.logto.app' }, 'appId')
    wrong({ endpoint: 'no address', appId: 'a' }, 'endpoint')
    wrong({ endpoint: 'https://tenant.logto.app', appId: 'a', baseUrl: 'http://app.example.com' }, 'baseUrl')
    wrong({ endpoint: 'https://tenant.logto.app', appId: 'a', sessions: 'cookies' }, 'sealingKeys')
    wrong({ endpoint: 'https://tenant.logto.app', appId: 'a', sessions: 'cokies' }, 'sessions')
    wrong({ endpoint: 'https://tenant.logto.app', appId: 'a', scopez: [] }, 'scopez')
    wrong({ endpoint: 'https://tenant.logto.app', appId: 'a', cookieSecret: 'short' }, 'sealingKeys')
  })

  it('requireSignIn without withLogto says so', async () => {
    world.use((app) => app.get('/', requireSignIn(), (_request, response) => response.end('in')))
    const { status, body } = await new Person().json(at('/'))
    assert.equal(status, 500)
    assert.match(body.thrown, /withLogto/)
  })
})
