// The fixed test keys. A key is made once, when its name is new; from then on it stays as keys.json has it.

import crypto from 'node:crypto';

const DESCRIPTION =
  'TEST KEYS. These private keys are public on purpose: they sign the conformance cases and protect nothing. Never trust them anywhere else.';

const elliptic = (namedCurve) => () => crypto.generateKeyPairSync('ec', { namedCurve }).privateKey;
const rsa =
  (modulusLength, publicExponent = 65537) =>
  () =>
    crypto.generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;

const RECIPES = {
  'logto-es384': elliptic('P-384'),
  'previous-es384': elliptic('P-384'),
  'foreign-es384': elliptic('P-384'),
  es256: elliptic('P-256'),
  'es256-leading-zero': leadingZero,
  ...Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`es256-spare-${index + 1}`, elliptic('P-256')])),
  es512: elliptic('P-521'),
  secp256k1: elliptic('secp256k1'),
  'rsa-1024': rsa(1024),
  'rsa-2047': rsa(2047),
  'rsa-2048': rsa(2048),
  'rsa-2048-exponent-3': rsa(2048, 3),
  'rsa-4096': rsa(4096),
  'foreign-rsa-2048': rsa(2048),
  ed25519: () => crypto.generateKeyPairSync('ed25519').privateKey,
  'foreign-ed25519': () => crypto.generateKeyPairSync('ed25519').privateKey,
  ed448: () => crypto.generateKeyPairSync('ed448').privateKey,
};

/** One coordinate in 256 starts with a zero byte, and RFC 7518 §6.2.1.2 keeps it. */
function leadingZero() {
  for (;;) {
    const key = elliptic('P-256')();
    if (Buffer.from(key.export({ format: 'jwk' }).x, 'base64url')[0] === 0) return key;
  }
}

/** The content of keys.json: what it holds already, and what it lacks. */
export function completeKeys(stored) {
  const keys = Object.fromEntries(
    Object.entries(RECIPES).map(([name, make]) => [name, stored?.keys?.[name] ?? make().export({ format: 'jwk' })]),
  );
  return { description: DESCRIPTION, keys };
}

/** Key objects by name: `{ privateKey, publicKey, kid, algorithm, jwk }`, `jwk` being the public one as a Logto server shows it. */
export function loadKeys({ keys }) {
  return Object.fromEntries(Object.entries(keys).map(([name, jwk]) => [name, loadKey(jwk)]));
}

function loadKey(privateJwk) {
  const privateKey = crypto.createPrivateKey({ key: privateJwk, format: 'jwk' });
  const publicKey = crypto.createPublicKey(privateKey);
  const { kty, ...numbers } = publicKey.export({ format: 'jwk' });
  const kid = thumbprint({ kty, ...numbers });
  const algorithm = ALGORITHMS[numbers.crv ?? kty];
  // A Logto server publishes its RSA keys without `alg`.
  const alg = kty === 'RSA' ? {} : { alg: algorithm };
  return { privateKey, publicKey, kid, algorithm, jwk: { kty, use: 'sig', kid, ...alg, ...numbers } };
}

const ALGORITHMS = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  secp256k1: 'ES256K',
  Ed25519: 'EdDSA',
  Ed448: 'Ed448',
  RSA: 'RS256',
};

/** RFC 7638 §3.2 and RFC 8037 §2: the required members in alphabetical order. */
function thumbprint(jwk) {
  const names = { EC: ['crv', 'kty', 'x', 'y'], RSA: ['e', 'kty', 'n'], OKP: ['crv', 'kty', 'x'] }[jwk.kty];
  const canonical = JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]])));
  return crypto.createHash('sha256').update(canonical).digest('base64url');
}
