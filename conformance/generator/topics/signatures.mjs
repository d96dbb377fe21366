import crypto from 'node:crypto';
import { accepted, encode, refused } from '../workbench.mjs';

const ORDERS = {
  es256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'logto-es384': 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  es512: BigInt(
    '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  ),
};
const EDWARDS_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const WIDTHS = { es256: 32, 'logto-es384': 48, es512: 66 };
const ALGORITHM_NAMES = { es256: 'ES256', 'logto-es384': 'ES384', es512: 'ES512' };

const LENGTH = 'RFC 7518 §3.4: R and S each fill the length of the order';
const RANGE = 'FIPS 186-5 §6.4.2: r and s lie between 1 and n − 1';

const number = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
const bigEndian = (value, width) => Buffer.from(value.toString(16).padStart(width * 2, '0'), 'hex');
const littleEndian = (value, width) => bigEndian(value, width).reverse();

export default function signatures(bench) {
  const curves = Object.keys(ORDERS);
  const inEverySet = { keySet: 'every' };
  const invalid = (name, why, token, facts = inEverySet) => refused('invalid_signature', name, why, token, facts);
  const token = (key, options) => bench.token({ key, ...options });
  const resize = (length) => (signature) =>
    Buffer.concat([signature, Buffer.alloc(Math.max(0, length - signature.length))]).subarray(0, length);
  const pair = (key, r, s) => Buffer.concat([bigEndian(r, WIDTHS[key]), bigEndian(s, WIDTHS[key])]);
  const rsPair = (key, r, s) => bench.tokenSigned(() => pair(key, r, s), { key });
  const halves = (key, signature) => [signature.subarray(0, WIDTHS[key]), signature.subarray(WIDTHS[key])].map(number);

  return {
    description: 'Signatures: their length, their range, their encoding, and small changes to good ones.',
    keySets: { rsaExponent3: bench.jwks('rsa-2048-exponent-3') },
    cases: [
      ...[
        ['es256', [63, 65, 96]],
        ['logto-es384', [0, 48, 64, 95, 97, 192]],
        ['es512', [130, 131, 133]],
        ['ed25519', [0, 32, 63, 65]],
        ['rsa-2048', [0, 255, 257, 512]],
      ].flatMap(([key, lengths]) =>
        lengths.map((length) =>
          invalid(
            `a signature of ${key} cut or filled to ${length} bytes is refused`,
            LENGTH,
            bench.resigned(token(key), resize(length)),
          ),
        ),
      ),
      ...curves.map((key) =>
        invalid(
          `a DER signature is refused for ${ALGORITHM_NAMES[key]}`,
          'RFC 7518 §3.4: R and S side by side, not ASN.1',
          bench.resigned(token(key), (signature) => der(...halves(key, signature))),
        ),
      ),
      ...curves.flatMap((key) => {
        const n = ORDERS[key];
        const name = ALGORITHM_NAMES[key];
        return [
          invalid(`${name} with r = s = 0 is refused`, RANGE, rsPair(key, 0n, 0n)),
          invalid(`${name} with r = 0, s = 1 is refused`, RANGE, rsPair(key, 0n, 1n)),
          invalid(`${name} with r = 1, s = 0 is refused`, RANGE, rsPair(key, 1n, 0n)),
          invalid(`${name} with r = n, s = 1 is refused`, RANGE, rsPair(key, n, 1n)),
          invalid(`${name} with r = s = n is refused`, RANGE, rsPair(key, n, n)),
        ];
      }),
      invalid(
        'ES512 with a good r raised by n is refused',
        RANGE,
        bench.resigned(token('es512'), (signature) => {
          const [r, s] = halves('es512', signature);
          return pair('es512', r + ORDERS.es512, s);
        }),
      ),
      invalid(
        'ES512 with a good s raised by n is refused',
        RANGE,
        bench.resigned(token('es512'), (signature) => {
          const [r, s] = halves('es512', signature);
          return pair('es512', r, s + ORDERS.es512);
        }),
      ),
      ...[
        ['r', 0],
        ['s', 48],
      ].map(([half, offset]) =>
        accepted(
          `ES384 verifies when ${half} starts with a zero byte`,
          LENGTH,
          bench.token({
            claims: { jti: `leading-zero-of-${half}` },
            accept: (signature) => signature[offset] === 0,
          }),
        ),
      ),
      ...[
        ['low', false],
        ['high', true],
      ].map(([half, isHigh]) =>
        accepted(
          `ES384 verifies with s in the ${half} half`,
          'RFC 7518 §3.4 prefers neither of the two',
          bench.token({
            claims: { jti: `s-is-${half}` },
            accept: (signature) => number(signature.subarray(48)) > ORDERS['logto-es384'] / 2n === isHigh,
          }),
        ),
      ),
      ...['logto-es384', 'es256', 'es512', 'rsa-2048', 'ed25519'].flatMap((key) => [
        invalid(
          `a ${key} signature with its first bit flipped is refused`,
          'RFC 7515 §5.2',
          bench.resigned(token(key), flip(0)),
        ),
        invalid(
          `a ${key} signature with its last bit flipped is refused`,
          'RFC 7515 §5.2',
          bench.resigned(token(key), flip(-1)),
        ),
      ]),
      invalid(
        'r and s in each other’s place are refused',
        LENGTH,
        bench.resigned(token('logto-es384'), (signature) =>
          Buffer.concat([signature.subarray(48), signature.subarray(0, 48)]),
        ),
      ),
      invalid('an empty signature is refused', 'RFC 7515 §5.2', bench.tokenSigned('')),

      invalid(
        'ES384 over SHA-256 is refused',
        'RFC 7518 §3.4: ES384 hashes with SHA-384',
        bench.token({ claims: { jti: 'wrong-hash' }, hash: 'sha256' }),
      ),
      invalid(
        'RS256 over SHA-512 is refused',
        'RFC 7518 §3.3: RS256 hashes with SHA-256',
        token('rsa-2048', { hash: 'sha512' }),
      ),
      ...[0, 20].map((saltLength) =>
        invalid(
          `PS256 with a salt of ${saltLength} bytes is refused`,
          'RFC 7518 §3.5: the salt is as long as the hash',
          token('rsa-2048', { header: { alg: 'PS256' }, claims: { jti: `salt-${saltLength}` }, saltLength }),
        ),
      ),
      invalid(
        'an RS256 signature under PS256 is refused',
        'RFC 7518 §3.5',
        token('rsa-2048', { header: { alg: 'PS256' }, claims: { jti: 'pkcs1' }, algorithm: 'RS256' }),
      ),
      invalid(
        'a PS256 signature under RS256 is refused',
        'RFC 7518 §3.3',
        token('rsa-2048', { claims: { jti: 'pss' }, algorithm: 'PS256' }),
      ),
      invalid(
        'an RSA signature raised by the modulus is refused',
        'RFC 8017 §5.2.2: the representative is below n',
        raisedByModulus(bench),
      ),
      invalid(
        'an Ed25519 signature with S raised by the order is refused',
        'RFC 8032 §5.1.7: S is below L',
        bench.resigned(token('ed25519'), (signature) => {
          const s = number(Buffer.from(signature.subarray(32)).reverse());
          return Buffer.concat([signature.subarray(0, 32), littleEndian(s + EDWARDS_ORDER, 32)]);
        }),
      ),
      invalid(
        'a forged cube root is refused for an RSA key with exponent 3',
        'RFC 8017 §8.2.2: nothing follows the hash',
        bench.tokenSigned((input) => bigEndian(cubeRootForgery(input), 256), { key: 'rsa-2048-exponent-3' }),
        { keySet: 'rsaExponent3' },
      ),

      invalid(
        'a signature by another key under a published kid is refused',
        'RFC 7515 §5.2',
        bench.token({ key: 'foreign-es384', header: { kid: bench.keys['logto-es384'].kid } }),
      ),
      invalid(
        'an RSA signature by another key under a published kid is refused',
        'RFC 7515 §5.2',
        bench.token({ key: 'foreign-rsa-2048', header: { kid: bench.keys['rsa-2048'].kid } }),
      ),
      invalid(
        'an Ed25519 signature by another key under a published kid is refused',
        'RFC 7515 §5.2',
        bench.token({ key: 'foreign-ed25519', header: { kid: bench.keys.ed25519.kid } }),
      ),
      invalid(
        'a payload exchanged under a good signature is refused',
        'RFC 7515 §5.2: the payload is signed',
        exchanged(bench, 1, { sub: 'somebody-else' }),
      ),
      invalid(
        'a scope added under a good signature is refused',
        'RFC 7515 §5.2: the payload is signed',
        exchanged(bench, 1, { scope: 'read:products write:products delete:products' }),
      ),
      invalid(
        'a header member added under a good signature is refused',
        'RFC 7515 §5.2: the header is signed',
        exchanged(bench, 0, { cty: 'JWT' }),
      ),
      invalid(
        'header and payload with new white space under a good signature are refused',
        'RFC 7515 §5.2: the bytes are signed, not their meaning',
        [encode(JSON.stringify(bench.header(), null, 1)), ...bench.token().split('.').slice(1)].join('.'),
      ),
    ],
  };
}

const flip = (at) => (signature) => {
  const bytes = Buffer.from(signature);
  const place = (at + bytes.length) % bytes.length;
  bytes[place] ^= at === 0 ? 0x80 : 0x01;
  return bytes;
};

function exchanged(bench, part, changes) {
  const parts = bench.token().split('.');
  const content = JSON.parse(Buffer.from(parts[part], 'base64url'));
  parts[part] = encode(JSON.stringify({ ...content, ...changes }));
  return parts.join('.');
}

function der(...numbers) {
  const integer = (value) => {
    const hex = value.toString(16);
    const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
    const content = bytes[0] & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
    return Buffer.concat([Buffer.of(2, content.length), content]);
  };
  const content = Buffer.concat(numbers.map(integer));
  const length = content.length < 128 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.of(0x30, ...length), content]);
}

/** RS256 repeats itself exactly, so the first `jti` whose raised signature still fits 256 bytes is always the same. */
function raisedByModulus(bench) {
  const modulus = number(Buffer.from(bench.keys['rsa-2048'].jwk.n, 'base64url'));
  for (let attempt = 0; ; attempt += 1) {
    const token = bench.token({ key: 'rsa-2048', claims: { jti: `raised-${attempt}` } });
    const raised = number(Buffer.from(token.split('.')[2], 'base64url')) + modulus;
    if (raised < 2n ** 2048n) return bench.resigned(token, () => bigEndian(raised, 256));
  }
}

/** A perfect cube that starts as PKCS #1 v1.5 demands and goes on with anything: what a careless verifier takes. */
function cubeRootForgery(input) {
  const digestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const hash = crypto.createHash('sha256').update(input).digest();
  const start = Buffer.concat([Buffer.from('0001ffffffffffffffff00', 'hex'), digestInfo, hash]);
  const ceiling = number(Buffer.concat([start, Buffer.alloc(256 - start.length, 0xff)]));
  let low = 0n;
  let high = 2n ** 700n;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** 3n <= ceiling) low = middle;
    else high = middle - 1n;
  }
  if (
    !bigEndian(low ** 3n, 256)
      .subarray(0, start.length)
      .equals(start)
  )
    throw new Error('the cube does not start as it must');
  return low;
}
