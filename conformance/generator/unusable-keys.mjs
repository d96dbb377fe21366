import { encode, sha256 } from './workbench.mjs';

const POINT = 'RFC 7518 §6.2.1.2, RFC 8725 §3.4: a full-length point on the curve';
const P521 = 2n ** 521n - 1n;

const bytesOf = (text) => Buffer.from(text, 'base64url');

/** Keys that must be skipped, each with a token that names it and, where that can be done, is correctly signed under it. */
export function unusableKeys(bench) {
  const { keys } = bench;
  const jwk = (name, changes = {}) => ({ ...keys[name].jwk, ...changes });
  const secret = (name) => keys[name].privateKey.export({ format: 'jwk' });
  const one = (set, key, what, why, changes, options = {}) => ({
    set,
    what,
    why,
    member: JSON.parse(JSON.stringify(jwk(key, changes))),
    token: bench.token({ key, ...options }),
  });
  const shift = (text, by) => {
    const bytes = bytesOf(text);
    bytes[bytes.length - 1] ^= by;
    return encode(bytes);
  };
  const es256 = jwk('es256');
  const es512 = jwk('es512');
  const rsa = jwk('rsa-2048');
  const ed25519 = jwk('ed25519');
  const unreduced = encode(
    Buffer.from((BigInt(`0x${bytesOf(es512.x).toString('hex')}`) + P521).toString(16).padStart(132, '0'), 'hex'),
  );
  const leadingZero = jwk('es256-leading-zero');

  return [
    one('useEnc', 'es256', 'a key with use enc', 'RFC 7517 §4.2', { use: 'enc' }),
    one('rsaUseEnc', 'rsa-2048', 'an RSA key with use enc', 'RFC 7517 §4.2', { use: 'enc' }),
    one('keyOpsSign', 'es256', 'a key with key_ops sign only', 'RFC 7517 §4.3', { use: undefined, key_ops: ['sign'] }),
    one('keyOpsEncrypt', 'rsa-2048', 'a key with use sig and key_ops encrypt', 'RFC 7517 §4.3: both must agree', {
      key_ops: ['encrypt', 'wrapKey'],
    }),
    one('keyOpsEmpty', 'es256', 'a key with empty key_ops', 'RFC 7517 §4.3', { use: undefined, key_ops: [] }),
    one('algOfAnotherCurve', 'es256', 'a P-256 key with alg ES384', 'RFC 7518 §3.4', { alg: 'ES384' }),
    one('algOfAnotherFamily', 'es256', 'an elliptic-curve key with alg RS256', 'RFC 7517 §4.4', { alg: 'RS256' }),
    one('rsaForHmac', 'rsa-2048', 'an RSA key with alg HS256', 'RFC 7517 §4.4', { alg: 'HS256' }),
    one('rsaForNone', 'rsa-2048', 'an RSA key with alg none', 'RFC 7517 §4.4', { alg: 'none' }),
    one('rsaForEncryption', 'rsa-2048', 'an RSA key with alg RSA-OAEP', 'RFC 7517 §4.4', { alg: 'RSA-OAEP' }),
    one('rsaForElliptic', 'rsa-2048', 'an RSA key with alg ES384', 'RFC 7517 §4.4', { alg: 'ES384' }),
    one('edwardsForElliptic', 'ed25519', 'an Ed25519 key with alg ES256', 'RFC 8037 §2', { alg: 'ES256' }),
    one('unknownFamily', 'es256', 'a key of an unknown kty', 'RFC 7517 §5: unknown kty values are ignored', {
      kty: 'ML',
    }),
    one('familyInLowerCase', 'es256', 'a key of kty ec in lower case', 'RFC 7517 §4.1: with case', { kty: 'ec' }),
    one('withoutFamily', 'es256', 'a key without kty', 'RFC 7517 §4.1: required', { kty: undefined }),
    one('octetSequence', 'es256', 'a symmetric key', 'symmetric keys are never usable', {
      kty: 'oct',
      crv: undefined,
      x: undefined,
      y: undefined,
      k: encode('secret'),
    }),
    one(
      'privateElliptic',
      'es256',
      'a published private P-256 key',
      'RFC 7517 §9.2: a private key that was published is nobody’s',
      { d: secret('es256').d },
    ),
    one('privateRsa', 'rsa-2048', 'a published private RSA key', 'RFC 7517 §9.2', secret('rsa-2048')),
    one('privateEdwards', 'ed25519', 'a published private Ed25519 key', 'RFC 7517 §9.2', { d: secret('ed25519').d }),

    one('rsa1024', 'rsa-1024', 'an RSA key of 1024 bits', 'RFC 7518 §3.3: 2048 bits or more', {}),
    one('rsa2047', 'rsa-2047', 'an RSA key of 2047 bits', 'RFC 7518 §3.3: 2048 bits or more', {}),
    one(
      'rsa1024Padded',
      'rsa-1024',
      'an RSA key of 1024 bits padded with zeros to 2048',
      'RFC 7518 §3.3: bits of the modulus, not of its text',
      {
        n: encode(Buffer.concat([Buffer.alloc(128), bytesOf(jwk('rsa-1024').n)])),
      },
    ),
    {
      ...one('exponent1', 'rsa-2048', 'an RSA key with exponent 1', 'RFC 8017 §3.1: anybody can sign under it', {
        e: 'AQ',
      }),
      token: bench.tokenSigned((input) => identitySignature(input), { key: 'rsa-2048' }),
    },
    one('exponent0', 'rsa-2048', 'an RSA key with exponent 0', 'RFC 8017 §3.1', { e: 'AA' }),
    one('exponent2', 'rsa-2048', 'an RSA key with exponent 2', 'RFC 8017 §3.1: odd', { e: 'Ag' }),
    one('exponent65536', 'rsa-2048', 'an RSA key with exponent 65536', 'RFC 8017 §3.1: odd', { e: 'AQAA' }),
    one('rsaWithoutExponent', 'rsa-2048', 'an RSA key without an exponent', 'RFC 7518 §6.3.1.2: required', {
      e: undefined,
    }),
    one('rsaWithoutModulus', 'rsa-2048', 'an RSA key without a modulus', 'RFC 7518 §6.3.1.1: required', {
      n: undefined,
    }),
    one(
      'rsaModulusPadded',
      'rsa-2048',
      'an RSA key whose modulus has padding',
      'RFC 7515 §2: base64url without padding',
      { n: `${rsa.n}==` },
    ),

    one('offCurve', 'es256', 'a point off the curve', POINT, { y: shift(es256.y, 1) }),
    one('offCurveP384', 'previous-es384', 'a P-384 point off the curve', POINT, {
      y: shift(jwk('previous-es384').y, 1),
    }),
    one('originPoint', 'es256', 'the point (0, 0)', POINT, {
      x: encode(Buffer.alloc(32)),
      y: encode(Buffer.alloc(32)),
    }),
    one('coordinateNotReduced', 'es512', 'a coordinate that is not reduced modulo p', POINT, { x: unreduced }),
    one('coordinateShort', 'es256-leading-zero', 'a coordinate without its leading zero byte', POINT, {
      x: encode(bytesOf(leadingZero.x).subarray(1)),
    }),
    one('coordinateLong', 'es256', 'a coordinate with a zero byte too many', POINT, {
      x: encode(Buffer.concat([Buffer.of(0), bytesOf(es256.x)])),
    }),
    one('coordinateEmpty', 'es256', 'an empty coordinate', POINT, { y: '' }),
    one('coordinateMissing', 'es256', 'a point without y', POINT, { y: undefined }),
    one('coordinateNumber', 'es256', 'a coordinate that is a number', POINT, { x: 7 }),
    one('coordinatePadded', 'es256', 'a coordinate with padding', 'RFC 7515 §2: base64url without padding', {
      x: `${es256.x}=`,
    }),
    one(
      'curveOfAnotherSize',
      'es256',
      'a P-256 point called P-384',
      POINT,
      { crv: 'P-384', alg: 'ES384' },
      { header: { alg: 'ES384' }, algorithm: 'ES256' },
    ),
    one('curveUnknown', 'es256', 'a curve of an unknown name', 'RFC 7518 §6.2.1.1', { crv: 'P-257' }),
    one('curveMissing', 'es256', 'a key without crv', 'RFC 7518 §6.2.1.1: required', { crv: undefined }),
    one(
      'secp256k1',
      'secp256k1',
      'a secp256k1 key',
      'not one of our curves',
      { alg: undefined },
      { header: { alg: 'ES256' } },
    ),
    one(
      'ed448',
      'ed448',
      'an Ed448 key',
      'not one of our curves',
      { alg: undefined },
      { header: { alg: 'EdDSA' }, algorithm: 'Ed448' },
    ),
    one('x25519', 'ed25519', 'an X25519 key', 'RFC 8037 §3.2: a key for agreement, not for signatures', {
      crv: 'X25519',
      alg: undefined,
    }),
    one('edwardsShort', 'ed25519', 'an Ed25519 key of 31 bytes', 'RFC 8037 §2', {
      x: encode(bytesOf(ed25519.x).subarray(1)),
    }),
    one('edwardsLong', 'ed25519', 'an Ed25519 key of 33 bytes', 'RFC 8037 §2', {
      x: encode(Buffer.concat([bytesOf(ed25519.x), Buffer.of(0)])),
    }),
  ];
}

/** Under exponent 1 a signature is its own padded hash: EMSA-PKCS1-v1_5 of RFC 8017 §9.2, which RSA leaves as it is. */
function identitySignature(input) {
  const digestInfo = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), sha256(input)]);
  return Buffer.concat([Buffer.of(0, 1), Buffer.alloc(256 - 3 - digestInfo.length, 0xff), Buffer.of(0), digestInfo]);
}
