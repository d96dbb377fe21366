// What is measured: one algorithm's tokens, with everything that each side needs to verify them.

import { createPublicKey } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { verifyAuth } from 'logto-authkit/server'
import { DevIssuer } from 'logto-authkit/testing'

export const AUDIENCE = 'https://api.example.com'

export class Subject {
  static async start(algorithm) {
    const resources = [{ indicator: AUDIENCE, scopes: ['read:products', 'write:products'] }]
    return new Subject(algorithm, await DevIssuer.start({ algorithm, resources }))
  }

  constructor(algorithm, issuer) {
    this.algorithm = algorithm
    this.issuer = issuer
    this.logtoUrl = issuer.logtoUrl
    this.options = { logtoUrl: issuer.logtoUrl, audience: AUDIENCE }
    const key = createPublicKey({ key: issuer.jwks().keys[0], format: 'jwk' })
    const pem = key.export({ type: 'spki', format: 'pem' })
    const name = `${issuer.logtoUrl}/oidc`
    const remote = createRemoteJWKSet(new URL(`${name}/jwks`))
    // The same checks on every side: issuer, audience, type, subject, times.
    const rules = { issuer: name, audience: AUDIENCE, typ: 'at+jwt', requiredClaims: ['sub', 'exp'] }
    this.verifyWithJose = (token) => jwtVerify(token, remote, rules)
    const fast = { key: pem, allowedIss: name, allowedAud: AUDIENCE, checkTyp: 'at+jwt', requiredClaims: ['sub', 'exp'] }
    this.verifyWithFastJwt = createVerifier(fast)
    this.verifyWithFastJwtCache = createVerifier({ ...fast, cache: 10_000 })
    const algorithms = [algorithm]
    this.verifyWithJsonwebtoken = (token) =>
      jsonwebtoken.verify(token, key, { issuer: name, audience: AUDIENCE, algorithms })
    this.verify = (token) => verifyAuth(token, this.options)
  }

  /** New tokens, each of another user. */
  tokens(count) {
    return Array.from({ length: count }, () =>
      this.issuer.token({ subject: `user-${String((this.signed = (this.signed ?? 0) + 1)).padStart(8, '0')}`, expiresIn: 86_400 }),
    )
  }

  stop() {
    return this.issuer.stop()
  }
}
