// Builds the package where that has not been done: the examples start with this, so that they run in a fresh clone.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('..', import.meta.url)
const has = (path) => existsSync(new URL(path, root))
const isBuilt = has('dist/server.mjs') && readdirSync(new URL('native', root)).some((name) => name.endsWith('.node'))

if (!isBuilt) {
  const npm = (...args) => execFileSync('npm', args, { cwd: fileURLToPath(root), stdio: 'inherit' })
  if (!has('node_modules')) npm('ci')
  npm('run', 'build')
}
