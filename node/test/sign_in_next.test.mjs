// Sign-in in a production build of Next.js, over HTTP: `next build && next start` of examples/next.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Example } from './support/neighbour.mjs'
import { Person } from './support/person.mjs'
import { API, SEALING_KEY, SECRET, World } from './support/sign_in_world.mjs'

let world
let example
let url
before(async () => {
  // Whatever token there is has less than a minute left: each request needs a new one.
  world = await World.start({ lifetime: 30, paths: ['/auth', '/api/auth'] })
  // The issuer knows the world's address, which is the example's from now on.
  await world.server.stop()
  example = new Example('next', 'npm run prestart')
  const environment = {
    PORT: new URL(world.url).port,
    LOGTO_URL: world.issuer.logtoUrl,
    LOGTO_AUDIENCE: API,
    LOGTO_APP_ID: 'web',
    LOGTO_APP_SECRET: SECRET,
    COOKIE_SECRET: SEALING_KEY,
  }
  url = (await example.start(environment, /^listening on /)).url
})
after(async () => {
  example?.stop()
  await world?.issuer.stop()
})
beforeEach(() => {
  world.issuer.clearFaults()
  world.issuer.resetCounters()
})

const at = (path) => url + path
const token = ({ text }) => /id="token">([^<]*)</.exec(text)?.[1]

async function alice(path = '/account') {
  const person = new Person()
  const page = await person.signIn(at(path))
  assert.equal(page.status, 200, page.text)
  return { person, page }
}

describe('sign-in', () => {
  it('goes to the page that was asked for, and tells it who is there', async () => {
    const { page } = await alice('/account?deep=link')
    assert.equal(page.url, at('/account?deep=link'))
    assert.match(page.text, /Alice Example/)
  })

  it('is known to server components, route handlers and the Pages Router', async () => {
    const { person } = await alice()
    assert.match((await person.visit(at('/status'))).text, /Signed in/)
    assert.deepEqual((await person.json(at('/api/session'))).body, { isAuthenticated: true, userId: 'user_alice' })
    assert.deepEqual((await person.json(at('/api/token'))).body, { aud: API, scope: 'read:products' })
    assert.equal((await person.json(at('/auth/user'))).body.claims.sub, 'user_alice')
  })

  it('sends programs away with 401', async () => {
    const { status, body } = await new Person().json(at('/account'))
    assert.deepEqual([status, body.code], [401, 'not_authenticated'])
    const answer = await new Person().json(at('/api/token'))
    assert.deepEqual([answer.status, answer.body.code], [401, 'not_authenticated'])
  })

  it('ends with sign-out', async () => {
    const { person } = await alice()
    const out = await person.signOut(at('/auth/sign-out'))
    assert.equal(out.url, at('/'))
    assert.deepEqual((await person.json(at('/api/session'))).body, { isAuthenticated: false })
  })

  it('has its routes in the Pages Router as well', async () => {
    const person = new Person()
    const page = await person.signIn(at('/api/auth/sign-in?return_to=/status'))
    assert.equal(page.url, at('/status'))
    assert.match(page.text, /Signed in/)
    const out = await person.signOut(at('/api/auth/sign-out'))
    assert.equal(out.url, at('/'))
    assert.deepEqual((await person.json(at('/api/session'))).body, { isAuthenticated: false })
  })

  it('refuses a callback that is nobody\'s, with a page', async () => {
    const page = await new Person().visit(at('/auth/sign-in-callback?state=x&code=y'))
    assert.equal(page.status, 400)
    assert.match(page.text, /state_mismatch/)
  })
})

describe('refresh', () => {
  it('is never done by a server component, which could not keep what it brings', async () => {
    const { person } = await alice()
    world.issuer.resetCounters()
    const page = await person.visit(at('/status'))
    assert.match(page.text, /Signed in/)
    assert.equal(token(page), 'read_only')
    assert.equal(page.headers.getSetCookie().length, 0)
    assert.equal(world.issuer.counters().tokenRefresh, 0)
  })

  it('is done by one of many requests at a time', async () => {
    const { person } = await alice()
    world.issuer.resetCounters()
    world.issuer.setFault('token', { kind: 'latency', milliseconds: 200 })
    const answers = await Promise.all(Array.from({ length: 30 }, () => person.copy().json(at('/api/token'))))
    for (const { status } of answers) assert.equal(status, 200)
    // Each token is too old for the next request: one after another, and nobody with a refresh token that was used.
    assert.equal((await person.json(at('/api/session'))).body.isAuthenticated, true)
  })

  it('an issuer that is down signs nobody out', async () => {
    const { person } = await alice()
    world.issuer.goDown()
    const answer = await person.json(at('/api/token'))
    assert.deepEqual([answer.status, answer.body.code], [503, 'issuer_unavailable'])
    assert(Number(answer.headers.get('retry-after')) > 0)
    const page = await person.visit(at('/account'))
    assert.equal(page.status, 200)
    assert.match(page.text, /Alice Example/)
    world.issuer.comeBack()
    assert.equal((await person.json(at('/api/session'))).body.isAuthenticated, true)
  })
})
