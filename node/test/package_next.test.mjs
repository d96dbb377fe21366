// The package as users of Next.js get it: packed, installed into an empty project with Next.js, built for production, and signed in to.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DevIssuer } from 'logto-authkit/testing'
import { Person } from './support/person.mjs'
import { freePort } from './support/redis_child.mjs'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))

const FILES = {
  'next.config.mjs': "export default { serverExternalPackages: ['logto-authkit'] }",
  'config.js': `
    export const config = {
      endpoint: process.env.LOGTO_URL,
      appId: 'own',
      appSecret: 'own-secret',
      baseUrl: process.env.BASE_URL,
      sealingKeys: 'thirty-two random bytes, or more of them',
    }`,
  'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>',
  'app/page.js': `
    import { getLogtoContext } from 'logto-authkit/next'
    import { config } from '../config'
    export default async function Page() {
      const { isAuthenticated, claims } = await getLogtoContext(config)
      return <p>{isAuthenticated ? \`Hello, \${claims.name}\` : 'Nobody'}</p>
    }`,
  'app/auth/[action]/route.js': `
    import { createAuthRoutes } from 'logto-authkit/next'
    import { config } from '../../../config'
    export const { GET, POST } = createAuthRoutes(config)`,
}

describe('the packed package in an application with Next.js', () => {
  let project
  let issuer
  let server
  let url
  before(async () => {
    project = mkdtempSync(join(tmpdir(), 'logto-authkit-next-'))
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: root })
    const { next, react, 'react-dom': dom } = manifest('../examples/next').dependencies
    const dependencies = { 'logto-authkit': `file:${JSON.parse(stdout)[0].filename}`, next, react, 'react-dom': dom }
    FILES['package.json'] = JSON.stringify({ name: 'empty', private: true, type: 'module', dependencies })
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(project, name)), { recursive: true })
      writeFileSync(join(project, name), text)
    }
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: project })
    const bin = join(project, 'node_modules/next/dist/bin/next')
    await run(process.execPath, [bin, 'build'], { cwd: project })

    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const own = { kind: 'web', id: 'own', secret: 'own-secret', redirect_uris: [`${url}/auth/sign-in-callback`] }
    issuer = await DevIssuer.demo({ applications: [own] })
    const env = { ...process.env, LOGTO_URL: issuer.logtoUrl, BASE_URL: url }
    server = spawn(process.execPath, [bin, 'start', '-p', String(port), '-H', '127.0.0.1'], { cwd: project, env })
    let said = ''
    server.stdout.setEncoding('utf8')
    while (!/Ready in/.test(said)) said += (await once(server.stdout, 'data'))[0]
    server.stdout.resume()
    server.stderr.resume()
  })
  after(async () => {
    if (server !== undefined) {
      server.kill()
      await once(server, 'exit')
    }
    await issuer?.stop()
    rmSync(project, { recursive: true, force: true })
  })

  it('signs people in, and says so in a server component', async () => {
    assert.match((await new Person().visit(`${url}/`)).text, /Nobody/)
    const person = new Person()
    const page = await person.signIn(`${url}/auth/sign-in`)
    assert.deepEqual([page.status, page.url], [200, `${url}/`])
    assert.match(page.text, /Hello, (<!-- -->)?Alice Example/)
    assert.match((await person.visit(`${url}/`)).text, /Hello, (<!-- -->)?Alice Example/)
  })
})
