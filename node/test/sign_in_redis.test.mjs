// Sign-in with sessions in Redis: several processes, in Node.js and in Rust, and a Redis that is away.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { RedisStore } from 'connect-redis'
import express from 'express'
import { handleAuthRoutes, withLogto } from 'logto-authkit/express'
import { verifyAuth } from 'logto-authkit/server'
import { createClient } from 'redis'
import { Person } from './support/person.mjs'
import { Fleet } from './support/redis_fleet.mjs'
import { RedisServer } from './support/redis_server.mjs'
import { API, World, withExpressSession } from './support/sign_in_world.mjs'

/** The applications, where they need a token, and how one sees that they have it. */
const NODE = { name: 'Node.js', kind: 'node', path: '/token', says: /"token":"ey/ }
const RUST = { name: 'Rust', kind: 'rust', path: '/products', says: /^With this token you may: \["read:products"\]$/m }

/** What an application says, as a program asks for it. */
async function ask(person, url) {
  const response = await person.ask(url, { headers: { accept: 'application/json' } })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

async function isSignedIn(person, url) {
  const { status, text } = await ask(person, `${url}/auth/user`)
  assert.equal(status, 200, text)
  return JSON.parse(text).isAuthenticated
}

function askForToken(person, url, { path }) {
  return ask(person, url + path)
}

describe('one session in Node.js and in Rust', () => {
  let redis
  let fleet
  before(async () => {
    redis = await RedisServer.start()
    fleet = await Fleet.start(redis, ['node', 'rust'])
  })
  after(async () => {
    await fleet?.stop()
    await redis?.stop()
  })

  const processes = [NODE, RUST]
  for (const [here, there] of [[0, 1], [1, 0]]) {
    const way = `what ${processes[here].name} has made, ${processes[there].name}`

    it(`${way} reads, tokens too`, async () => {
      const person = fleet.person()
      const [own, other] = [fleet.urls[here], fleet.urls[there]]
      const page = await person.signIn(`${own}/account`)
      assert.deepEqual([page.url, page.text], [`${own}/account`, 'You are user_alice.\n'])
      assert.equal((await ask(person, `${other}/account`)).text, 'You are user_alice.\n')
      const user = JSON.parse((await ask(person, `${other}/auth/user`)).text)
      assert.deepEqual([user.isAuthenticated, user.claims.name], [true, 'Alice Example'])
      assert.deepEqual(JSON.parse((await ask(person, `${own}/auth/user`)).text), user)

      fleet.issuer.resetCounters()
      for (const index of [there, here]) {
        const { status, text } = await askForToken(person, fleet.urls[index], processes[index])
        assert.equal(status, 200, text)
        assert.match(text, processes[index].says)
      }
      assert.equal(fleet.issuer.counters().tokenRefresh, 1, 'the token that one has got is the other\'s')
    })

    it(`${way} ends`, async () => {
      const person = fleet.person()
      await person.signIn(`${fleet.urls[here]}/account`)
      const before = person.copy()
      for (const url of fleet.urls) assert.equal(await isSignedIn(before, url), true)
      const out = await person.signOut(`${fleet.urls[there]}/auth/sign-out`)
      assert.deepEqual([out.url, out.status], [`${fleet.urls[there]}/`, 200])
      // Also with the cookie from before.
      for (const somebody of [person, before]) {
        for (const url of fleet.urls) assert.equal(await isSignedIn(somebody, url), false)
      }
    })
  }
})

describe('three processes of Node.js and one of Rust', () => {
  const PARALLEL = 40
  const ROUNDS = 5
  const processes = [NODE, NODE, NODE, RUST]
  let redis
  let fleet
  before(async () => {
    redis = await RedisServer.start()
    fleet = await Fleet.start(redis, processes.map(({ kind }) => kind))
  })
  after(async () => {
    await fleet?.stop()
    await redis?.stop()
  })

  for (const [issuer, fault] of [
    ['an issuer at its best', { kind: 'none' }],
    ['a slow issuer', { kind: 'latency', milliseconds: 300 }],
  ]) {
    it(`refresh once: ${PARALLEL} requests to each at once, ${issuer}`, async () => {
      const person = fleet.person()
      await person.signIn(`${fleet.urls[0]}/account`)
      fleet.issuer.setFault('token', fault)
      const seen = new Set()
      for (let round = 1; round <= ROUNDS; round += 1) {
        assert.equal((await ask(person, `${fleet.urls[round % 3]}/expire`)).status, 200)
        fleet.issuer.resetCounters()
        const asked = processes.flatMap((process, index) =>
          Array.from({ length: PARALLEL }, async () => ({ process, ...(await askForToken(person.copy(), fleet.urls[index], process)) })),
        )
        const answers = await Promise.all(asked)
        for (const { process, status, text } of answers) {
          assert.equal(status, 200, `round ${round}, ${process.name}: ${text}`)
          assert.match(text, process.says)
        }
        const tokens = new Set(answers.filter(({ process }) => process === NODE).map(({ text }) => JSON.parse(text).token))
        assert.equal(tokens.size, 1, `round ${round}: one token for all`)
        assert.equal(fleet.issuer.counters().tokenRefresh, 1, `round ${round}`)
        const [token] = tokens
        assert(!seen.has(token), `round ${round}: a new token`)
        seen.add(token)
        const auth = await verifyAuth(token, { logtoUrl: fleet.issuer.logtoUrl, audience: API })
        assert.equal(auth.userId, 'user_alice')
      }
      fleet.issuer.clearFaults()
      for (const url of fleet.urls) assert.equal(await isSignedIn(person, url), true)
    })
  }
})

describe('express-session on Redis', () => {
  let redis
  let client
  let world
  before(async () => {
    redis = await RedisServer.start()
    client = createClient({ url: redis.url })
    await client.connect()
    world = await World.start()
  })
  after(async () => {
    client?.destroy()
    await world?.stop()
    await redis?.stop()
  })

  it('a slow request that writes an old session back after a rotation signs nobody out', async () => {
    const config = world.config()
    let loaded
    let release
    world.use(
      withExpressSession(config, {
        store: new RedisStore({ client }),
        resave: true,
        saveUninitialized: true,
        page(app) {
          app.get('/token', withLogto(config), async (request, response) => {
            response.json({ token: await request.logto.getAccessToken(API) })
          })
          app.get('/expire', withLogto(config), async (request, response) => {
            await request.logto.clearAccessToken()
            response.json({})
          })
          app.get('/slow', async (_request, response) => {
            loaded()
            await new Promise((resolve) => (release = resolve))
            response.end('done')
          })
        },
      }),
    )
    const at = (path) => world.url + path
    const person = new Person()
    assert.equal((await person.signIn(at('/auth/sign-in'))).status, 200)
    const keys = await client.keys('sess:*')
    assert.equal(keys.length, 1)
    const [key] = keys
    const kept = async () => JSON.parse(await client.get(key)).logto
    for (let round = 0; round < 4; round += 1) {
      const isLoaded = new Promise((resolve) => (loaded = resolve))
      const slow = person.copy().visit(at('/slow'))
      await isLoaded
      const old = await kept()
      await person.json(at('/expire'))
      assert.equal((await person.json(at('/token'))).status, 200)
      assert.notEqual(await kept(), old)
      release()
      await slow
      assert.equal(await kept(), old, 'the slow request has written back what it had')
      // That has an old refresh token; the issuer would end the grant on its second use.
      await person.json(at('/expire'))
      const { status, body } = await person.json(at('/token'))
      assert.equal(status, 200, JSON.stringify(body))
    }
    assert.equal((await person.json(at('/'))).body.isAuthenticated, true)
  })
})

describe('a Redis that is away', () => {
  let redis
  let fleet
  let person
  before(async () => {
    redis = await RedisServer.start()
    fleet = await Fleet.start(redis, ['node', 'rust'])
    person = fleet.person()
    await person.signIn(`${fleet.urls[0]}/account`)
  })
  after(async () => {
    await fleet?.stop()
    await redis?.stop()
  })

  /** Every route, at both, says that it is for the moment, and takes nothing from the browser. */
  async function isUnavailable() {
    const [node, rust] = fleet.urls
    const addresses = [`${node}/`, `${node}/account`, `${node}/token`, `${node}/auth/user`, `${rust}/account`, `${rust}/auth/user`]
    const cookies = new Map(person.cookies.get(new URL(node).host))
    await Promise.all(
      addresses.flatMap((url) =>
        ['text/html', 'application/json'].map(async (accept) => {
          const response = await person.ask(url, { headers: { accept } })
          const text = await response.text()
          assert.equal(response.status, 503, `${url}: ${text}`)
          assert.match(response.headers.get('retry-after') ?? '', /^[1-9]\d*$/, url)
          assert.deepEqual(response.headers.getSetCookie(), [], url)
          if (accept === 'application/json') assert.equal(JSON.parse(text).code, 'session_store_unavailable')
        }),
      ),
    )
    assert.deepEqual(person.cookies.get(new URL(node).host), cookies)
  }

  async function isAsBefore(token) {
    for (const url of fleet.urls) assert.equal(await isSignedIn(person, url), true)
    assert.equal((await ask(person, `${fleet.urls[0]}/token`)).text, token)
  }

  it('stopped: 503, nobody is signed out, and with its append-only file they still are', async () => {
    const token = (await ask(person, `${fleet.urls[0]}/token`)).text
    await redis.kill()
    await isUnavailable()
    await redis.restart()
    await isAsBefore(token)
  })

  it('silent: 503 within seconds, and nobody is signed out', async () => {
    const token = (await ask(person, `${fleet.urls[0]}/token`)).text
    redis.pause()
    try {
      const begun = performance.now()
      await isUnavailable()
      const seconds = (performance.now() - begun) / 1000
      assert(seconds < 10, `${seconds} s`)
    } finally {
      redis.resume()
    }
    await isAsBefore(token)
  })

  it('stopped while a token is refreshed: 503, nobody is signed out, and what the issuer gave is kept', async () => {
    const [node, rust] = fleet.urls
    assert.equal((await ask(person, `${node}/expire`)).status, 200)
    fleet.issuer.resetCounters()
    fleet.issuer.setFault('token', { kind: 'latency', milliseconds: 300 })
    const asking = ask(person, `${node}/token`)
    while (fleet.issuer.counters().tokenRefresh === 0) await new Promise(setImmediate)
    await redis.kill()
    const { status, headers, text } = await asking
    assert.equal(status, 503, text)
    assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/)
    await isUnavailable()
    fleet.issuer.clearFaults()
    await redis.restart()
    const token = await ask(person, `${node}/token`)
    assert.equal(token.status, 200, token.text)
    assert.equal((await askForToken(person, rust, RUST)).status, 200)
    assert.equal(fleet.issuer.counters().tokenRefresh, 1)
    await isAsBefore(token.text)
  })

  it('an application that starts meanwhile works once it is there', async () => {
    const later = await RedisServer.notYetStarted()
    let fleet
    try {
      fleet = await Fleet.start(later, ['node'])
      const [url] = fleet.urls
      const person = fleet.person()
      // Without a cookie there is nothing to look up.
      assert.equal(await isSignedIn(person, url), false)
      const refused = await person.signIn(`${url}/account`)
      assert.equal(refused.status, 503, refused.text)
      assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
      await later.restart()
      const page = await person.signIn(`${url}/account`)
      assert.deepEqual([page.status, page.text], [200, 'You are user_alice.\n'])
      assert.equal((await askForToken(person, url, NODE)).status, 200)
    } finally {
      await fleet?.stop()
      await later.stop()
    }
  })
})

describe('a request that lasts', () => {
  it('gets its token once Redis is back', async () => {
    const redis = await RedisServer.start()
    const world = await World.start()
    try {
      const config = world.config({ sessions: { redis: redis.url } })
      world.use((app) => {
        app.use(handleAuthRoutes(config))
        app.get('/', withLogto(config), async ({ user, logto }, response) => {
          const before = user.isAuthenticated
          await redis.kill()
          const { code } = await logto.getAccessToken(API).catch((error) => error)
          await redis.restart()
          const [token, same] = await Promise.all([logto.getAccessToken(API), logto.getAccessToken(API)])
          response.json({ before, code, isOne: token === same, subject: JSON.parse(atob(token.split('.')[1])).sub })
        })
      })
      const page = await new Person().signIn(`${world.url}/auth/sign-in`)
      assert.deepEqual(JSON.parse(page.text), {
        before: true, code: 'session_store_unavailable', isOne: true, subject: 'user_alice',
      })
    } finally {
      await world.stop()
      await redis.stop()
    }
  })
})

describe('back-channel logout', () => {
  const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
  let redis
  before(async () => {
    redis = await RedisServer.start()
  })
  after(() => redis?.stop())

  for (const [logoutAt, told] of ['Node.js', 'Rust'].entries()) {
    it(`the issuer tells ${told}, and the session has ended everywhere`, async () => {
      const fleet = await Fleet.start(redis, ['node', 'rust'], { logoutAt })
      try {
        for (const url of fleet.urls) {
          const [person, elsewhere] = [fleet.person(), fleet.person()]
          for (const somebody of [person, elsewhere]) await somebody.signIn(`${url}/account`)
          const cookies = new Map(person.cookies.get(new URL(url).host))
          const out = await person.signOut(`${fleet.issuer.logtoUrl}/oidc/session/end`)
          assert.equal(out.status, 200, out.text)
          assert.deepEqual(person.cookies.get(new URL(url).host), cookies, 'the application was not asked')
          for (const at of fleet.urls) {
            assert.equal(await isSignedIn(person, at), false)
            assert.equal(await isSignedIn(elsewhere, at), true, 'another session of the same user goes on')
          }
        }
      } finally {
        await fleet.stop()
      }
    })
  }

  for (const [parsed, parsers] of [
    ['read from the request', []],
    ['read by a body parser', [express.urlencoded()]],
  ]) {
    it(`a logout token of a user ends all the sessions of the user, once: ${parsed}`, async () => {
      const world = await World.start()
      try {
        const config = world.config({ sessions: { redis: redis.url, prefix: 'other:' } })
        world.use((app) => {
          app.use(...parsers, handleAuthRoutes(config))
          app.get('/', withLogto(config), (request, response) => response.json(request.user))
        })
        const signedIn = async (username) => {
          const person = new Person()
          await person.signIn(`${world.url}/auth/sign-in`, { username, password: username })
          assert.equal(await isSignedIn(person, world.url), true)
          return person
        }
        const [alice, again, bob] = [await signedIn('alice'), await signedIn('alice'), await signedIn('bob')]
        const token = (more) =>
          world.issuer.token({
            header: { typ: 'logout+jwt' },
            subject: 'user_alice',
            audience: 'public',
            claims: { events: { [EVENT]: {} }, jti: 'a logout' },
            ...more,
          })
        const post = async (logout_token) => {
          const body = new URLSearchParams({ logout_token })
          const response = await new Person().ask(`${world.url}/auth/backchannel-logout`, { method: 'POST', body })
          await response.text()
          return response.status
        }
        for (const wrong of [
          { foreignKey: true },
          { audience: 'web' },
          { header: { typ: 'at+jwt' } },
          { withoutClaims: ['events'] },
          { claims: { events: { [EVENT]: {} }, jti: 'another', nonce: 'n' } },
        ]) {
          assert.equal(await post(token(wrong)), 400, JSON.stringify(wrong))
        }
        assert.equal(await isSignedIn(alice, world.url), true)
        assert.equal(await post(token()), 200)
        for (const [person, expected] of [[alice, false], [again, false], [bob, true]]) {
          assert.equal(await isSignedIn(person, world.url), expected)
        }
        assert.equal(await post(token()), 400, 'it has been used')
      } finally {
        await world.stop()
      }
    })
  }
})
