// Verifications of distinct tokens: the process stays as large as it is after the first ones.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const PROGRAM = fileURLToPath(new URL('support/many_tokens.mjs', import.meta.url))
/** V8 doubles its young generation at a moment of its choice, which is megabytes that nothing has left behind. Here it may not. */
const OPTIONS = ['--expose-gc', '--max-semi-space-size=1']
const ALLOWED_GROWTH = 4 * 1024 * 1024

describe('distinct tokens leave no memory behind', () => {
  for (const [algorithm, where, total] of [
    ['EdDSA', 'on the JavaScript thread', 1_000_000],
    ['ES384', 'on other threads', 50_000],
  ]) {
    it(`${total} of ${algorithm}, which are verified ${where}`, async (test) => {
      const args = [...OPTIONS, PROGRAM, algorithm, String(total)]
      const { stdout } = await promisify(execFile)(process.execPath, args, { signal: test.signal })
      const { before, after } = JSON.parse(stdout)
      const growth = after - before
      test.diagnostic(`${(before / 1e6).toFixed(1)} MB after two fifths, ${(growth / 1e6).toFixed(1)} MB more after all`)
      assert(growth < ALLOWED_GROWTH, `${growth} bytes more`)
    })
  }
})
