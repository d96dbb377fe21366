// `npm test [part of a name …]`: the tests, one file after another, because some measure.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('..', import.meta.url)
const wanted = process.argv.slice(2)
const files = readdirSync(new URL('test', root))
  .filter((name) => name.endsWith('.test.mjs'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .map((name) => `test/${name}`)
const options = ['--expose-gc', '--test', '--test-concurrency=1', '--test-reporter=spec']

const { status } = spawnSync(process.execPath, [...options, ...files], { cwd: fileURLToPath(root), stdio: 'inherit' })
process.exitCode = files.length === 0 ? 2 : (status ?? 1)
