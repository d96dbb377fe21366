// How refusals are expected.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { AuthError, ConfigError } from 'logto-authkit/server'

/** The table of errors that Rust and Node.js share, by code. */
export const ERRORS = Object.fromEntries(
  JSON.parse(readFileSync(new URL('../../../conformance/errors.json', import.meta.url), 'utf8')).map((row) => [row.code, row]),
)

/** Expects an `AuthError` of that code, with the status of the table, and returns it. */
export async function refuses(code, verification, message) {
  const error = await rejectionOf(verification, message)
  assert(error instanceof AuthError, `${message ?? code}: ${error?.stack}`)
  assert.equal(error.code, code, message)
  assert.equal(error.status, ERRORS[code].status, message)
  return error
}

/** Expects an answer with the status and the headers of that code. */
export function assertDenied({ status, headers }, code) {
  const row = ERRORS[code]
  assert.equal(status, row.status, code)
  assert.equal(headers['content-type'], 'application/json', code)
  assert.equal(headers['cache-control'], 'no-store', code)
  const challenge = headers['www-authenticate']
  if (row.challenge === null) assert.equal(challenge, undefined, code)
  else if (row.challenge === 'none') assert.equal(challenge, 'Bearer realm="api"', code)
  else assert.match(challenge, new RegExp(`^Bearer realm="api", error="${row.challenge}", error_description="[^"]+"`), code)
  assert.equal(headers['retry-after'] !== undefined, row.retryAfter, code)
  if (row.retryAfter) assert.match(headers['retry-after'], /^[1-9]\d*$/)
}

/** Expects a `ConfigError` that names `option`, and returns it. */
export async function refusesOption(option, verification, message) {
  const error = await rejectionOf(verification, message)
  assert(error instanceof ConfigError, `${message ?? option}: ${error?.stack}`)
  assert.equal(error.option, option, message)
  assert(error.message.startsWith(`${option}: `), error.message)
  assert(error.hint.length > 0, message)
  return error
}

/** What a promise rejects with, or a function throws. */
async function rejectionOf(verification, message) {
  try {
    await (typeof verification === 'function' ? verification() : verification)
  } catch (error) {
    return error
  }
  assert.fail(`${message ?? ''}: nothing was refused`)
}
