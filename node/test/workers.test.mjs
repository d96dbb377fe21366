// The addon in worker threads: one engine for all of them, and no thread takes it down with itself.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'

const LOADS = 100
const AUDIENCE = 'https://api.example.com'
const server = createRequire(import.meta.url).resolve('logto-authkit/server')

/** Loads the package, verifies one token, and ends as `how` says. */
const program = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { invalidateJwksCache, verifyAuth } = require(workerData.server)
  const { token, options, how } = workerData
  const verified = verifyAuth(token, options)
  const endings = {
    done() {
      verified.then((auth) => parentPort.postMessage(auth.userId))
    },
    'in flight'() {
      // Of two, both are on other threads at once.
      verifyAuth(token, options)
      process.exit(0)
    },
    async 'waiting for keys'() {
      await verified
      invalidateJwksCache(options.logtoUrl)
      // Begun on this thread: the last one found a user.
      verifyAuth(token, options)
      setImmediate(() => process.exit(0))
    },
  }
  endings[how]()
`

let issuer
before(async () => {
  issuer = await DevIssuer.start()
})
after(() => issuer.stop())

const optionsOf = ({ logtoUrl }) => ({ logtoUrl, audience: AUDIENCE })

function run(how, subject, from = issuer) {
  return new Promise((resolve, reject) => {
    const workerData = { server, how, options: optionsOf(from), token: from.token({ subject }) }
    const worker = new Worker(program, { eval: true, workerData })
    let answer
    worker.on('message', (message) => (answer = message))
    worker.on('error', reject)
    worker.on('exit', (code) => resolve({ code, answer }))
  })
}

describe('worker threads', () => {
  it(`${LOADS} of them load the addon, verify, and end`, async () => {
    for (let load = 0; load < LOADS; load += 10) {
      const subjects = Array.from({ length: 10 }, (_, index) => `user-${load + index}`)
      const answers = await Promise.all(subjects.map((subject) => run('done', subject)))
      assert.deepEqual(answers, subjects.map((answer) => ({ code: 0, answer })))
    }
    // All of them shared the keys.
    assert.equal(issuer.counters().jwks, 1)
  })

  const shared = () => issuer
  // Keys that one drops are those that others of the same issuer wait for.
  for (const [how, issuerOf] of [['in flight', shared], ['waiting for keys', () => DevIssuer.start()]]) {
    it(`one that ends with a verification ${how} harms nobody`, async (test) => {
      const issuers = await Promise.all(Array.from({ length: 20 }, issuerOf))
      test.after(() => Promise.all(issuers.filter((own) => own !== issuer).map((own) => own.stop())))
      const ended = await Promise.all(issuers.map((from, index) => run(how, `late-${index}`, from)))
      assert(ended.every(({ code }) => code === 0))
      for (const from of issuers) {
        assert.equal((await verifyAuth(from.token({ subject: 'after' }), optionsOf(from))).userId, 'after')
      }
    })
  }
})
