// Builds the package where that has not been done: the examples start with this, so that they run in a fresh clone.
import { execSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('..', import.meta.url)
const has = (path) => existsSync(new URL(path, root))
const isBuilt = has('dist/server.mjs') && readdirSync(new URL('native', root)).some((name) => name.endsWith('.node'))

if (!isBuilt) {
  const run = (command) => execSync(command, { cwd: fileURLToPath(root), stdio: 'inherit' })
  if (!has('node_modules')) run('npm ci')
  run('npm run build')
}
