// Where a check that takes long is made: here when it is alone and the last one found a user, on another thread otherwise.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import { after, before, beforeEach, describe, it, mock } from 'node:test'
import { verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'
import { refuses } from './support/refusal.mjs'

const require = createRequire(import.meta.url)
const { checkSomewhere } = require('../dist/long_check.js')
const { NativeGuard } = require('../native/index.js')

/** A check that says where it is made, and elsewhere ends when it is told to. */
class Check {
  place = 'nowhere'
  #end

  here = () => {
    this.place = 'here'
    return 'a user, here'
  }

  elsewhere() {
    this.place = 'elsewhere'
    return new Promise((resolve, reject) => (this.#end = { resolve, reject }))
  }

  resolve(answer = 'a user, elsewhere') {
    this.#end.resolve(answer)
  }

  reject(error) {
    this.#end.reject(error)
  }
}

const failure = new Error('expected')
const fails = () => {
  throw failure
}

/** Afterwards the last check has found a user. */
async function findUser() {
  const check = new Check()
  check.here = undefined
  const answer = checkSomewhere(check)
  check.resolve()
  await answer
}

describe('a long check', () => {
  beforeEach(findUser)

  it('is made here when it is the only one, again and again', async () => {
    for (let round = 0; round < 3; round += 1) {
      const check = new Check()
      const answer = checkSomewhere(check)
      assert.equal(check.place, 'nowhere')
      assert.equal(await answer, 'a user, here')
    }
  })

  it('is made elsewhere when it may not be made here', async () => {
    const check = new Check()
    check.here = undefined
    const answer = checkSomewhere(check)
    assert.equal(check.place, 'elsewhere')
    check.resolve()
    assert.equal(await answer, 'a user, elsewhere')
  })

  it('comes behind everything that the event loop has found ready', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const pairs = []
    for (let index = 0; index < 2; index += 1) {
      const client = connect(server.address().port, '127.0.0.1')
      pairs.push({ client, socket: await new Promise((resolve) => server.once('connection', resolve)) })
    }
    const order = []
    let checked
    for (const { client } of pairs) {
      client.once('data', () => {
        order.push('data')
        checked ??= checkSomewhere(new Check()).then((answer) => order.push(answer))
      })
    }
    // Both are ready when the event loop looks again.
    await new Promise(setImmediate)
    for (const { socket } of pairs) socket.write('x')
    while (order.length < 3) await new Promise(setImmediate)
    assert.deepEqual(order, ['data', 'data', 'a user, here'])
    for (const { client, socket } of pairs) for (const end of [client, socket]) end.destroy()
    server.close()
  })

  it('takes the one that waits with it when a second one comes', async () => {
    const checks = [new Check(), new Check(), new Check()]
    const answers = checks.map((check) => checkSomewhere(check))
    assert.deepEqual(checks.map(({ place }) => place), ['elsewhere', 'elsewhere', 'elsewhere'])
    for (const check of checks) check.resolve()
    assert.deepEqual(await Promise.all(answers), Array(3).fill('a user, elsewhere'))
  })

  it('goes elsewhere as long as another one is there, however that ends', async () => {
    for (const end of [(check) => check.resolve(), (check) => check.reject(failure)]) {
      const [first, second, late] = [new Check(), new Check(), new Check()]
      const answers = [first, second].map((check) => checkSomewhere(check))
      second.resolve()
      assert.equal(await answers[1], 'a user, elsewhere')
      answers.push(checkSomewhere(late))
      assert.equal(late.place, 'elsewhere')
      end(first)
      late.resolve()
      await Promise.allSettled(answers)
      await findUser()
      assert.equal(await checkSomewhere(new Check()), 'a user, here')
    }
  })

  it('goes elsewhere behind one that found no user, so that refused tokens get no time of this thread', async () => {
    const bad = [
      (check) => check.resolve({ code: 'invalid_signature' }),
      (check) => check.resolve({ guestId: 'g' }),
      (check) => check.reject(failure),
    ]
    for (const end of bad) {
      const [first, second, third] = [new Check(), new Check(), new Check()]
      first.here = undefined
      const answer = checkSomewhere(first)
      end(first)
      await Promise.allSettled([answer])
      const later = checkSomewhere(second)
      assert.equal(second.place, 'elsewhere')
      second.resolve()
      await later
      assert.equal(await checkSomewhere(third), 'a user, here')
      await assert.doesNotReject(checkSomewhere({ here: () => ({ code: 'invalid_signature' }), elsewhere: fails }))
    }
  })

  it('that throws rejects its own promise and no other', async () => {
    const thrower = { here: fails, elsewhere: fails }
    await assert.rejects(checkSomewhere(thrower), failure)
    await findUser()
    for (const order of [(good) => [thrower, good], (good) => [good, thrower]]) {
      const good = new Check()
      const checks = order(good)
      const answers = checks.map((check) => checkSomewhere(check))
      good.resolve()
      for (const [index, answer] of answers.entries()) {
        if (checks[index] === good) assert.equal(await answer, 'a user, elsewhere')
        else await assert.rejects(answer, failure)
      }
      await findUser()
    }
    assert.equal(await checkSomewhere(new Check()), 'a user, here')
  })

  it('is made though a test has stopped the timers of Node.js', async () => {
    mock.timers.enable()
    try {
      assert.equal(await checkSomewhere(new Check()), 'a user, here')
    } finally {
      mock.timers.reset()
    }
  })
})

describe('an ES384 token', () => {
  const KINDS = ['admit', 'admitHere', 'admitToken', 'admitTokenHere']
  let issuer
  let options
  let made
  before(async () => {
    issuer = await DevIssuer.start()
    options = { logtoUrl: issuer.logtoUrl, audience: 'https://api.example.com', tokenCacheSize: 0 }
    for (const kind of KINDS) {
      mock.method(NativeGuard.prototype, kind, function (...given) {
        made.push(kind)
        return Reflect.apply(kindOf[kind], this, given)
      })
    }
  })
  const kindOf = Object.fromEntries(KINDS.map((kind) => [kind, NativeGuard.prototype[kind]]))
  after(async () => {
    mock.restoreAll()
    await issuer.stop()
  })

  const good = () => issuer.token({ subject: 'u1' })
  const bad = () => `${good().slice(0, -4)}AAAA`
  const subjects = {
    'by itself': { of: (token) => token, elsewhere: 'admitToken', alone: 'admitTokenHere' },
    'in its header': { of: (token) => ({ headers: { authorization: `Bearer ${token}` } }), elsewhere: 'admit', alone: 'admitHere' },
    'in a cookie': { of: (token) => ({ headers: { cookie: `logto_authtoken=${token}` } }), elsewhere: 'admit', alone: 'admit' },
  }
  for (const [how, { of, elsewhere, alone }] of Object.entries(subjects)) {
    it(`${how} is judged alike here and elsewhere`, async () => {
      const verify = (token, times) => Array.from({ length: times }, () => verifyAuth(of(token()), options))
      for (const [token, times, places] of [
        [good, 1, undefined],
        [good, 1, [alone]],
        [good, 4, Array(4).fill(elsewhere)],
        [bad, 1, [alone]],
        [bad, 1, [elsewhere]],
        [good, 1, [elsewhere]],
        [bad, 4, Array(4).fill(elsewhere)],
      ]) {
        made = []
        await Promise.all(verify(token, times).map(async (verification) => {
          if (token === bad) await refuses('invalid_signature', verification)
          else assert.equal((await verification).userId, 'u1')
        }))
        if (places !== undefined) assert.deepEqual(made, places, `${token.name} ${times}`)
      }
    })
  }
})
