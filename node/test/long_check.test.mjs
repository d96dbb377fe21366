// Where a check that takes long is made: here when it is the only one and nothing else is to be done, on another thread otherwise.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'
import { refuses } from './support/refusal.mjs'

const { checkSomewhere } = createRequire(import.meta.url)('../dist/long_check.js')

/** A check that says where it is made, and elsewhere ends when it is told to. */
class Check {
  place = 'nowhere'
  #end

  here() {
    this.place = 'here'
    return 'made here'
  }

  elsewhere() {
    this.place = 'elsewhere'
    return new Promise((resolve, reject) => (this.#end = { resolve, reject }))
  }

  resolve() {
    this.#end.resolve('made elsewhere')
  }

  reject(error) {
    this.#end.reject(error)
  }
}

describe('a long check', () => {
  it('is made here when it is the only one, again and again', async () => {
    for (let round = 0; round < 3; round += 1) {
      const check = new Check()
      const answer = checkSomewhere(check)
      assert.equal(check.place, 'nowhere')
      assert.equal(await answer, 'made here')
    }
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
        checked ??= checkSomewhere(new Check()).then(() => order.push('check'))
      })
    }
    // Both are ready when the event loop looks again.
    await new Promise(setImmediate)
    for (const { socket } of pairs) socket.write('x')
    while (order.length < 3) await new Promise(setImmediate)
    assert.deepEqual(order, ['data', 'data', 'check'])
    for (const { client, socket } of pairs) for (const end of [client, socket]) end.destroy()
    server.close()
  })

  it('takes the one that waits with it when a second one comes', async () => {
    const [first, second, third] = [new Check(), new Check(), new Check()]
    const answers = [first, second, third].map((check) => checkSomewhere(check))
    assert.deepEqual([first.place, second.place, third.place], ['elsewhere', 'elsewhere', 'elsewhere'])
    for (const check of [first, second, third]) check.resolve()
    assert.deepEqual(await Promise.all(answers), Array(3).fill('made elsewhere'))
  })

  it('goes elsewhere as long as another one is there, however that ends', async () => {
    const failure = new Error('expected')
    for (const end of [(check) => check.resolve(), (check) => check.reject(failure)]) {
      const [first, second, late, alone] = [new Check(), new Check(), new Check(), new Check()]
      const answers = [checkSomewhere(first), checkSomewhere(second)]
      second.resolve()
      assert.equal(await answers[1], 'made elsewhere')
      answers.push(checkSomewhere(late))
      assert.equal(late.place, 'elsewhere')
      late.resolve()
      end(first)
      await Promise.allSettled(answers)
      assert.equal(await checkSomewhere(alone), 'made here')
    }
  })

  it('rejects with what is thrown, and the next one is made', async () => {
    const failure = new Error('expected')
    const thrown = () => {
      throw failure
    }
    await assert.rejects(checkSomewhere({ here: thrown, elsewhere: thrown }), failure)
    assert.equal(await checkSomewhere(new Check()), 'made here')
    const away = new Check()
    const first = checkSomewhere(away)
    assert.throws(() => checkSomewhere({ here: thrown, elsewhere: thrown }), failure)
    away.resolve()
    assert.equal(await first, 'made elsewhere')
    assert.equal(await checkSomewhere(new Check()), 'made here')
  })
})

describe('an ES384 token', () => {
  it('is judged alike here and elsewhere, alone in its header or with cookies', async () => {
    const issuer = await DevIssuer.start()
    const options = { logtoUrl: issuer.logtoUrl, audience: 'https://api.example.com', tokenCacheSize: 0 }
    const good = () => issuer.token({ subject: 'u1' })
    const bad = () => `${good().slice(0, -4)}AAAA`
    const subjects = (token) => [
      token,
      { headers: { authorization: `Bearer ${token}` } },
      { headers: { cookie: `logto_authtoken=${token}` } },
    ]
    for (const atOnce of [1, 4]) {
      for (const index of [0, 1, 2]) {
        const some = (token) => Array.from({ length: atOnce }, () => verifyAuth(subjects(token())[index], options))
        for (const { userId } of await Promise.all(some(good))) assert.equal(userId, 'u1')
        await Promise.all(some(bad).map((verification) => refuses('invalid_signature', verification)))
      }
    }
    await issuer.stop()
  })
})
