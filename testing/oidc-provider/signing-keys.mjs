// The provider's signing keys: the first one signs, all are published.

import crypto from 'node:crypto';

const RECIPES = {
  ES384: () => ({ ...generate('ec', { namedCurve: 'P-384' }), alg: 'ES384' }),
  // A Logto server publishes its RSA keys without `alg`.
  RS256: () => generate('rsa', { modulusLength: 2048 }),
  EdDSA: () => ({ ...generate('ed25519'), alg: 'EdDSA' }),
};

function generate(type, options) {
  const jwk = crypto.generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' });
  return { ...jwk, use: 'sig', kid: thumbprint(jwk) };
}

/** RFC 7638 §3.2 and RFC 8037 §2: the required members in alphabetical order. JSON leaves out those that a family lacks. */
function thumbprint({ crv, e, kty, n, x, y }) {
  return crypto.createHash('sha256').update(JSON.stringify({ crv, e, kty, n, x, y })).digest('base64url');
}

export class SigningKeys {
  alg;
  jwks = [];

  constructor(alg) {
    this.rotate({ alg, keepPrevious: false });
  }

  get kids() {
    return this.jwks.map(({ kid }) => kid);
  }

  /** A new key signs from now on. The one that signed so far stays published, or nothing does. */
  rotate({ alg = 'ES384', keepPrevious = true }) {
    if (!Object.hasOwn(RECIPES, alg)) throw new Error(`alg is one of ${Object.keys(RECIPES).join(', ')}`);
    this.alg = alg;
    this.jwks = [RECIPES[alg](), ...(keepPrevious ? this.jwks.slice(0, 1) : [])];
  }
}
