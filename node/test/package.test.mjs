// The package as users get it: packed, installed into an empty project, and used from ES modules, CommonJS and TypeScript.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

describe('the packed package', () => {
  let project
  let packed
  before(async () => {
    project = mkdtempSync(join(tmpdir(), 'logto-authkit-'))
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: root })
    packed = JSON.parse(stdout)[0]
    writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true}')
    const install = ['install', '--offline', '--no-audit', '--no-fund', join(project, packed.filename)]
    await run('npm', install, { cwd: project })
  })
  after(() => rmSync(project, { recursive: true, force: true }))

  const node = (file, code) => {
    writeFileSync(join(project, file), code)
    return run(process.execPath, [file], { cwd: project })
  }
  const program = `
    const issuer = await DevIssuer.start()
    const options = { logtoUrl: issuer.logtoUrl, audience: 'https://api.example.com' }
    const { userId } = await verifyAuth(issuer.token(), options)
    const refused = await verifyAuth('x', options).catch((error) => error)
    const { success } = await verifyNextAuth(new Request('http://localhost'), options)
    console.log(userId, refused instanceof AuthError, refused.code, success, typeof createExpressAuthMiddleware(options))
    await issuer.stop()`
  const said = 'alice true malformed_token false function\n'

  it('holds what it needs and nothing else', () => {
    const folders = new Set(packed.files.map(({ path }) => path.split('/')[0]))
    assert.deepEqual([...folders].sort(), ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'dist', 'native', 'package.json'])
    const addons = packed.files.filter(({ path }) => path.endsWith('.node'))
    assert.equal(addons.length, 1)
    assert(packed.files.every(({ path }) => !/test|bench|\.rs$|Cargo/.test(path.replace(/^dist\/testing\./, ''))))
    assert.equal(manifest.dependencies, undefined)
  })

  it('is imported by ES modules', async () => {
    const { stdout } = await node(
      'esm.mjs',
      `import { AuthError, verifyAuth } from 'logto-authkit/server'
      import { createExpressAuthMiddleware } from 'logto-authkit/express'
      import { verifyNextAuth } from 'logto-authkit/next'
      import { DevIssuer } from 'logto-authkit/testing'
      ${program}`,
    )
    assert.equal(stdout, said)
  })

  it('is required by CommonJS', async () => {
    const { stdout } = await node(
      'commonjs.cjs',
      `const { AuthError, verifyAuth } = require('logto-authkit/server')
      const { createExpressAuthMiddleware } = require('logto-authkit/express')
      const { verifyNextAuth } = require('logto-authkit/next')
      const { DevIssuer } = require('logto-authkit/testing')
      ;(async () => {${program}})()`,
    )
    assert.equal(stdout, said)
  })

  it('signs people in, in an application with Express', async () => {
    writeFileSync(
      join(project, 'application.cjs'),
      `const express = require('express')
      const session = require('express-session')
      const { handleAuthRoutes, withLogto } = require('logto-authkit/express')
      const { DevIssuer } = require('logto-authkit/testing')
      const app = express()
      const server = app.listen(0, '127.0.0.1', async () => {
        const url = 'http://127.0.0.1:' + server.address().port
        const own = { kind: 'web', id: 'own', secret: 'own-secret', redirect_uris: [url + '/auth/sign-in-callback'] }
        const issuer = await DevIssuer.demo({ applications: [own] })
        const config = { endpoint: issuer.logtoUrl, appId: own.id, appSecret: own.secret }
        app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }))
        app.use(handleAuthRoutes(config))
        app.get('/', withLogto(config), (request, response) => response.end('Hello, ' + request.user.claims?.name))
        const { Person } = await import(process.argv[2])
        console.log((await new Person().signIn(url + '/auth/sign-in')).text)
        server.close()
        server.closeAllConnections()
        await issuer.stop()
      })`,
    )
    // Express is what such an application has besides.
    const env = { ...process.env, NODE_PATH: join(root, 'node_modules') }
    const person = new URL('support/person.mjs', import.meta.url).href
    const { stdout } = await run(process.execPath, ['application.cjs', person], { cwd: project, env, timeout: 30_000 })
    assert.equal(stdout, 'Hello, Alice Example\n')
  })

  it('is one copy, whichever way it is loaded', async () => {
    const { stdout } = await node(
      'both.mjs',
      `import { createRequire } from 'node:module'
      import { AuthError } from 'logto-authkit/server'
      console.log(AuthError === createRequire(import.meta.url)('logto-authkit/express').AuthError)`,
    )
    assert.equal(stdout, 'true\n')
  })

  it('has types that hold under strict rules, for ES modules and for CommonJS', async () => {
    cpSync(join(root, 'test/types'), join(project, 'types'), { recursive: true })
    // What an application has anyway.
    symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'))
    const options = { strict: true, noEmit: true, module: 'node20', moduleResolution: 'node16', target: 'es2023', types: ['node'] }
    const config = { compilerOptions: { ...options, exactOptionalPropertyTypes: true }, include: ['types'] }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config))
    const typescript = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [typescript, '-p', project]).catch((error) => error)
    assert.equal(stdout, '')
  })

  it('passes publint', async () => {
    const { messages } = await publint({ pkgDir: join(project, 'node_modules/logto-authkit'), strict: true, pack: false })
    const problems = messages.filter(({ type }) => type !== 'suggestion')
    assert.deepEqual(problems.map((problem) => formatMessage(problem, manifest)), [])
  })
})

it('every code of the table has its type, and the type no other', () => {
  const table = JSON.parse(readFileSync(new URL('../../conformance/errors.json', import.meta.url), 'utf8'))
  const source = readFileSync(new URL('../js/auth_error.ts', import.meta.url), 'utf8')
  const union = source.slice(source.indexOf('AuthErrorCode ='), source.indexOf('/**', source.indexOf('AuthErrorCode =')))
  const typed = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code)
  const codes = table.map(({ code }) => code)
  assert.deepEqual(typed.sort(), codes.sort())
})

it('every code of sign-in has its type, and the type no other', () => {
  const document = readFileSync(new URL('../../docs/sign-in-errors.md', import.meta.url), 'utf8')
  const codes = [...document.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)
  const source = readFileSync(new URL('../js/sign_in/sign_in_error.ts', import.meta.url), 'utf8')
  const union = source.slice(source.indexOf('SignInErrorCode ='), source.indexOf('/**', source.indexOf('SignInErrorCode =')))
  assert.deepEqual([...union.matchAll(/'(\w+)'/g)].map(([, code]) => code).sort(), codes.sort())
})
