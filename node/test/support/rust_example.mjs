// examples/axum-sign-in, the same application in Rust.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Child } from './redis_child.mjs'

const repository = fileURLToPath(new URL('../../../', import.meta.url))

const PACKAGE = ['--quiet', '-p', 'logto-authkit-example-axum-sign-in']

let isBuilt = false

/** Starts it; the first time it is compiled. */
export function startRustExample(env) {
  if (!isBuilt) execFileSync('cargo', ['build', ...PACKAGE], { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] })
  isBuilt = true
  return Child.start('cargo', ['run', ...PACKAGE], /^listening on /, { cwd: repository, env })
}
