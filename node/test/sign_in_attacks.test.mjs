// What other people's cookies, hosts, bodies and clumsy applications must not do to sign-in in Node.js.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, beforeEach, describe, it } from 'node:test'
import session from 'express-session'
import { ExpressStorage, LogtoClient, handleAuthRoutes, requireSignIn, withLogto } from 'logto-authkit/express'
import { createAuthRoutes, getAccessToken, getLogtoContext, getOrganizationToken, handleSignIn, signIn, signOut } from 'logto-authkit/next'
import { send } from './support/http_exchange.mjs'
import { neighbour } from './support/neighbour.mjs'
import { Person } from './support/person.mjs'
import { API, World, withExpressSession } from './support/sign_in_world.mjs'

let world
const unhandled = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
before(async () => {
  world = await World.start()
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

async function signedIn(username = 'alice') {
  const person = new Person()
  const page = await person.signIn(at('/auth/sign-in'), { username, password: username })
  assert.equal(page.status, 200, page.text)
  return person
}

const cookiesOf = (person) => [...person.cookies.get(world.server.host)].map(([name, value]) => `${name}=${value}`)

describe('cookies', () => {
  it('one whose value holds others, encoded, is one in a server component', async () => {
    const config = world.config({ sessions: 'cookies', baseUrl: world.url })
    world.use(withExpressSession(config))
    const bob = cookiesOf(await signedIn('bob')).find((cookie) => cookie.startsWith('logto_'))
    const asked = (line) => asNextDoes({ host: world.server.host, cookie: line }, () => getLogtoContext(config))
    assert.equal((await asked(bob)).claims.sub, 'user_bob')
    assert.equal((await asked(`last_search=${encodeURIComponent(`x; ${bob}`)}`)).isAuthenticated, false)
  })

  it('of a LogtoClient over express-session are under a new id after the sign-in', async () => {
    const config = world.config()
    const clientOf = (request, response) =>
      new LogtoClient(config, { storage: new ExpressStorage(request), navigate: (url) => response.redirect(url) })
    world.use((app) => {
      app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: true }))
      app.get('/auth/sign-in', (request, response) => clientOf(request, response).signIn(at('/auth/sign-in-callback')))
      app.get('/auth/sign-in-callback', async (request, response) => {
        response.redirect(await clientOf(request, response).handleSignInCallback(at(request.originalUrl)))
      })
      app.get('/', async (request, response) => response.json(await clientOf(request, response).getContext()))
    })
    const attacker = new Person()
    await attacker.json(at('/'))
    const victim = attacker.copy()
    await victim.signIn(at('/auth/sign-in'))
    assert.equal((await victim.json(at('/'))).body.isAuthenticated, true)
    assert.equal((await attacker.json(at('/'))).body.isAuthenticated, false)
  })
})

describe('a sign-in over the modules of Next.js', () => {
  it('begins in an action, and ends in a route handler of the application\'s own', async () => {
    const scopes = ['urn:logto:scope:organizations']
    const config = world.config({ sessions: 'cookies', baseUrl: world.url, scopes })
    const person = new Person()
    const cookies = new Map()
    const asked = (use) => asNextDoes({ host: world.server.host, cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }, use, cookies)
    const begun = await asked(() => signIn(config, { redirectUri: at('/auth/sign-in-callback'), postRedirectUri: '/there' }).catch((error) => error))
    const callback = await person.signIn(begun.url, { end: at('/') })
    assert.equal(await asked(() => handleSignIn(config, callback.url)), '/there')
    assert.equal((await asked(() => getLogtoContext(config))).claims.sub, 'user_alice')
    assert.equal(typeof (await asked(() => getAccessToken(config, API))), 'string')
    assert.equal(typeof (await asked(() => getOrganizationToken(config, 'org_a'))), 'string')
    // What the refresh brought is in the cookies by now.
    assert.equal(typeof (await asked(() => getLogtoContext(config, { getAccessToken: true, resource: API }))).accessToken, 'string')
    await assert.rejects(asked(() => signIn(config, { redirectURI: 'x' })), { name: 'ConfigError', option: 'redirectURI' })
    const left = await asked(() => signOut(config).catch((error) => error))
    assert.match(left.url, /\/oidc\/session\/end\?/)
    assert.equal((await asked(() => getLogtoContext(config))).isAuthenticated, false)
  })
})

describe('an answer whose head is written', () => {
  it('takes no cookies any more, so no token is asked for that could not be kept', async () => {
    const config = world.config({ sessions: 'cookies' })
    world.use((app) => {
      withExpressSession(config)(app)
      app.get('/stream', withLogto(config), async (request, response) => {
        response.write('begun ')
        response.end(await request.logto.getAccessToken(API).catch((error) => error.message))
      })
      app.get('/token', withLogto(config), async (request, response) => {
        response.json({ token: await request.logto.getAccessToken(API) })
      })
    })
    const person = await signedIn()
    assert.match((await person.visit(at('/stream'))).text, /^begun the head of the answer is written/)
    assert.equal(world.issuer.counters().tokenRefresh, 0)
    const { body } = await person.json(at('/token'))
    // What is there needs no cookie.
    assert.equal((await person.visit(at('/stream'))).text, `begun ${body.token}`)
  })

  it('may be written with headers of any shape', async () => {
    const config = world.config({ sessions: 'cookies' })
    world.use((app) => {
      withExpressSession(config)(app)
      app.get('/nested', withLogto(config), (_request, response) => response.writeHead(200, ['set-cookie', ['a=1', 'b=2'], 'x-y', 'z']).end('ok'))
      app.get('/pairs', withLogto(config), (_request, response) => response.writeHead(200, 'Fine', [['x-y', 'z']]).end('ok'))
    })
    const person = await signedIn()
    for (const path of ['/nested', '/pairs']) {
      const answer = await person.ask(at(path))
      assert.deepEqual([answer.status, answer.headers.get('x-y'), await answer.text()], [200, 'z', 'ok'])
    }
    assert.equal(person.cookies.get(world.server.host).get('b'), '2')
  })
})

describe('one request', () => {
  for (const sessions of ['cookies', 'memory', 'express-session']) {
    it(`has one session, whatever the application makes of its headers: ${sessions}`, async () => {
      const config = world.config({ sessions })
      world.use((app) => {
        withExpressSession(config)(app)
        app.get('/onwards', withLogto(config), async (request, response) => {
          const { cookie } = request.headers
          // As applications do that send a request on, with a token in the place of the cookie.
          delete request.headers.cookie
          if (request.query.as) request.headers.cookie = request.query.as
          const token = await request.logto.getAccessToken(API)
          response.json({ hasCookie: cookie !== undefined, subject: JSON.parse(atob(token.split('.')[1])).sub })
        })
      })
      const [alice, bob] = [await signedIn(), await signedIn('bob')]
      const others = `?as=${encodeURIComponent(cookiesOf(bob).join('; '))}`
      for (const path of ['/onwards', `/onwards${others}`]) {
        const { body } = await alice.json(at(path))
        assert.deepEqual(body, { hasCookie: true, subject: 'user_alice' }, path)
      }
    })
  }

  it('whose head cannot be written loses no cookies with it', async () => {
    const config = world.config({ sessions: 'cookies' })
    world.use((app) => {
      withExpressSession(config)(app)
      app.get('/head', withLogto(config), async (request, response) => {
        await request.logto.clearAllTokens()
        assert.throws(() => response.writeHead(200, { 'x-a': 'b\nad' }), { code: 'ERR_INVALID_CHAR' })
        response.writeHead(500, { 'x-a': 'good' }).end()
      })
    })
    const person = await signedIn()
    const { status, headers } = await person.ask(at('/head'))
    assert.deepEqual([status, headers.get('x-a'), headers.get('cache-control')], [500, 'good', 'no-store'])
    assert(headers.getSetCookie().some((line) => line.includes('Max-Age=0')), `${headers.getSetCookie()}`)
  })
})

describe('addresses', () => {
  it('a proxied request and production need a baseUrl', async () => {
    const config = world.config({ sessions: 'memory' })
    world.use(withExpressSession(config))
    for (const header of ['X-Forwarded-Host', 'X-Forwarded-Proto', 'Forwarded']) {
      const { status, body } = await send(at('/auth/sign-in'), { headers: [header, 'app.example.com'] })
      assert.equal(status, 500, header)
      assert.match(body, /baseUrl: it is missing/)
    }
    const { NODE_ENV } = process.env
    process.env.NODE_ENV = 'production'
    try {
      assert.equal((await send(at('/auth/sign-in'))).status, 500)
    } finally {
      if (NODE_ENV === undefined) delete process.env.NODE_ENV
      else process.env.NODE_ENV = NODE_ENV
    }
  })

  it('ever other names of the host take nobody\'s session away', async () => {
    const config = world.config({ sessions: 'memory' })
    world.use(withExpressSession(config))
    const person = await signedIn()
    for (let port = 1; port < 200; port += 1) await send(at('/'), { headers: ['Host', `localhost:${port}`] })
    assert.equal((await person.json(at('/'))).body.isAuthenticated, true)
  })

  it('who is sent to sign in comes to routes that are elsewhere than what they guard', async () => {
    const config = world.config({ sessions: 'memory' })
    world.use((app) => {
      app.use(handleAuthRoutes(config))
      app.use('/admin', withLogto(config), requireSignIn(), (_request, response) => response.end('in'))
    })
    const page = await new Person().signIn(at('/admin/page'))
    assert.deepEqual([page.url, page.text], [at('/admin/page'), 'in'])
  })
})

describe('the store of express-session', () => {
  it('is not taken for none while it is away', async () => {
    const config = world.config()
    let isAway = false
    const sessions = session({ secret: 'keyboard cat', resave: false, saveUninitialized: false })
    world.use((app) => {
      app.use((request, response, next) => (isAway ? next() : sessions(request, response, next)))
      app.use(handleAuthRoutes(config))
      app.get('/', withLogto(config), (request, response) => response.json(request.user))
    })
    const person = await signedIn()
    isAway = true
    for (const path of ['/', '/auth/sign-in', '/auth/user']) {
      const { status, headers, body } = await person.json(at(path))
      assert.deepEqual([status, headers.get('retry-after'), body.code], [503, '5', 'session_store_unavailable'], path)
    }
    isAway = false
    assert.equal((await person.json(at('/'))).body.isAuthenticated, true)
  })
})

describe('bodies', () => {
  it('longer than any form are not read by the routes of Next.js', async () => {
    const { POST } = createAuthRoutes(world.config({ sessions: 'memory', baseUrl: world.url }))
    let read = 0
    const body = new ReadableStream({
      pull(controller) {
        read += 65_536
        if (read > 100 * 65_536) controller.close()
        else controller.enqueue(new Uint8Array(65_536))
      },
    })
    const request = new Request(at('/auth/backchannel-logout'), { method: 'POST', body, duplex: 'half' })
    assert.equal((await POST(request)).status, 400)
    assert(read < 10 * 65_536, `${read} bytes`)
  })
})

describe('mistakes', () => {
  it('that would keep sessions elsewhere are named', () => {
    const refused = (more, option) =>
      assert.throws(() => withLogto(world.config(more)), { name: 'ConfigError', option }, JSON.stringify(more))
    refused({ sessions: { redis: undefined } }, 'sessions.redis')
    refused({ sessions: { redis: '' } }, 'sessions.redis')
    refused({ sessions: { redis: 'localhost:6379' } }, 'sessions.redis')
    refused({ sessions: { redis: 'redis://localhost', prefx: 'a' } }, 'prefx')
    refused({ sessions: null }, 'sessions')
    refused({ sessions: 'memory', sealingKeys: undefined }, 'sealingKeys')
    refused({ getAccessToken: 'yes' }, 'getAccessToken')
    refused({ resource: 5 }, 'resource')
  })

  it('an empty secret seals nothing', () => {
    const storage = { getItem: () => null, setItem() {}, removeItem() {} }
    const config = world.config({ appSecret: '', sealingKeys: undefined })
    assert.throws(() => new LogtoClient(config, { storage, navigate() {} }), { name: 'ConfigError', option: 'sealingKeys' })
  })
})

/**
 * Runs `use` where the modules of Next.js say what they would say in an action for a request with these headers.
 *
 * @param jar - where the cookies go that are set.
 */
async function asNextDoes(headers, use, jar = new Map()) {
  const { RequestCookies } = createRequire(`${neighbour('examples/next')}/package.json`)('next/dist/compiled/@edge-runtime/cookies')
  const require = createRequire(import.meta.url)
  const Module = require('node:module')
  const { _load } = Module
  const all = new Headers(headers)
  const cookies = new RequestCookies(all)
  cookies.set = ({ name, value }) => (value === '' ? jar.delete(name) : jar.set(name, value))
  Module._load = function load(name, ...rest) {
    if (name === 'next/headers') return { headers: async () => all, cookies: async () => cookies }
    if (name === 'next/navigation') return { redirect: (url) => { throw Object.assign(new Error('NEXT_REDIRECT'), { url }) } }
    return _load.call(this, name, ...rest)
  }
  try {
    return await use()
  } finally {
    Module._load = _load
  }
}
