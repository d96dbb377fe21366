import crypto from 'node:crypto';
import { CLAIMS, accepted, encode, refused, resourcePolicy } from '../workbench.mjs';

const FAMILIES = 'RFC 7518 §3.1, RFC 8037 §3.1';
const NOT_OURS = 'RFC 8725 §3.1: only algorithms on the allow-list';
const BOUND = 'RFC 8725 §3.1: the key decides the algorithm, the header never chooses a family';

export default function algorithms(bench) {
  const { keys, jwks } = { keys: bench.keys, jwks: bench.jwks.bind(bench) };
  const rsaWith = (alg) => ({ keys: [{ ...keys['rsa-2048'].jwk, alg }, keys['logto-es384'].jwk] });
  const edwardsWith = (alg) => ({ keys: [{ ...keys.ed25519.jwk, alg }] });
  const signedAs = (alg, key) => bench.token({ key, header: { alg } });
  const hmac = (bits, secret) => ({ header: { alg: `HS${bits}` }, secret, bits });
  const hmacToken = ({ header, secret, bits }, key = 'rsa-2048') =>
    bench.tokenSigned((input) => crypto.createHmac(`sha${bits}`, secret).update(input).digest(), { key, header });
  const unsigned = (alg, signature = '') => bench.tokenSigned(signature, { header: { alg } });

  return {
    description: 'Which signature algorithms are verified, and how a key binds its algorithm.',
    keySets: {
      rsa4096: jwks('rsa-4096'),
      rsaExponent3: jwks('rsa-2048-exponent-3'),
      rsaForRs256: rsaWith('RS256'),
      rsaForPs384: rsaWith('PS384'),
      edwardsNamedEdDSA: edwardsWith('EdDSA'),
      edwardsNamedEd25519: edwardsWith('Ed25519'),
      edwardsUnnamed: edwardsWith(undefined),
      ellipticUnnamed: {
        keys: ['logto-es384', 'es256', 'es512'].map((name) => ({ ...keys[name].jwk, alg: undefined })),
      },
      rsaAndShared: {
        keys: [keys['rsa-2048'].jwk, { kty: 'oct', kid: 'shared', k: encode('a shared secret of thirty-two bytes') }],
      },
    },
    cases: [
      ...[
        ['ES256', 'es256'],
        ['ES384', 'logto-es384'],
        ['ES512', 'es512'],
        ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((name) => [name, 'rsa-2048']),
        ['EdDSA', 'ed25519'],
        ['Ed25519', 'ed25519'],
      ].map(([alg, key]) => accepted(`${alg} verifies`, FAMILIES, signedAs(alg, key), { keySet: 'every' })),
      accepted(
        'an RSA key of 4096 bits verifies RS256',
        'what a Logto server rotates to',
        signedAs('RS256', 'rsa-4096'),
        {
          keySet: 'rsa4096',
        },
      ),
      accepted(
        'an RSA key with exponent 3 verifies',
        'RFC 8017 §3.1: e is odd and at least 3',
        signedAs('RS256', 'rsa-2048-exponent-3'),
        {
          keySet: 'rsaExponent3',
        },
      ),
      ...[
        ['ES256', 'es256'],
        ['ES384', 'logto-es384'],
        ['ES512', 'es512'],
      ].map(([alg, key]) =>
        accepted(`an elliptic-curve key without alg verifies ${alg} by its curve`, BOUND, signedAs(alg, key), {
          keySet: 'ellipticUnnamed',
        }),
      ),
      ...['edwardsNamedEdDSA', 'edwardsNamedEd25519', 'edwardsUnnamed'].flatMap((keySet) =>
        ['EdDSA', 'Ed25519'].map((alg) =>
          accepted(
            `a header that says ${alg} fits the key set ${keySet}`,
            'RFC 9864 §2.2: two names of one algorithm',
            signedAs(alg, 'ed25519'),
            {
              keySet,
            },
          ),
        ),
      ),

      accepted('an RSA key published for RS256 verifies RS256', BOUND, signedAs('RS256', 'rsa-2048'), {
        keySet: 'rsaForRs256',
      }),
      accepted('an RSA key published for PS384 verifies PS384', BOUND, signedAs('PS384', 'rsa-2048'), {
        keySet: 'rsaForPs384',
      }),
      ...['RS384', 'RS512', 'PS256', 'PS384'].map((alg) =>
        refused(
          'unsupported_algorithm',
          `an RSA key published for RS256 does not verify ${alg}`,
          BOUND,
          signedAs(alg, 'rsa-2048'),
          {
            keySet: 'rsaForRs256',
          },
        ),
      ),
      ...['RS256', 'PS256'].map((alg) =>
        refused(
          'unsupported_algorithm',
          `an RSA key published for PS384 does not verify ${alg}`,
          BOUND,
          signedAs(alg, 'rsa-2048'),
          {
            keySet: 'rsaForPs384',
          },
        ),
      ),
      ...[
        ['ES256', 'logto-es384'],
        ['ES512', 'logto-es384'],
        ['ES384', 'es256'],
        ['RS256', 'logto-es384'],
        ['PS384', 'logto-es384'],
        ['EdDSA', 'logto-es384'],
        ['ES384', 'rsa-2048'],
        ['EdDSA', 'rsa-2048'],
        ['ES256', 'ed25519'],
        ['RS256', 'ed25519'],
      ].map(([alg, key]) =>
        refused(
          'unsupported_algorithm',
          `a header that says ${alg} does not fit the key ${key}`,
          BOUND,
          bench.token({ key, header: { alg }, algorithm: keys[key].algorithm }),
          { keySet: 'every' },
        ),
      ),

      accepted('a policy that allows ES384 only admits ES384', NOT_OURS, signedAs('ES384', 'logto-es384'), {
        keySet: 'every',
        policy: resourcePolicy({ algorithms: ['ES384'] }),
      }),
      accepted(
        'a policy that allows EdDSA admits a header that says Ed25519',
        'RFC 9864 §2.2: two names of one algorithm',
        signedAs('Ed25519', 'ed25519'),
        {
          keySet: 'every',
          policy: resourcePolicy({ algorithms: ['EdDSA'] }),
        },
      ),
      ...[
        ['ES256', 'es256'],
        ['RS256', 'rsa-2048'],
        ['EdDSA', 'ed25519'],
      ].map(([alg, key]) =>
        refused(
          'unsupported_algorithm',
          `a policy that allows ES384 only refuses ${alg}`,
          NOT_OURS,
          signedAs(alg, key),
          {
            keySet: 'every',
            policy: resourcePolicy({ algorithms: ['ES384'] }),
          },
        ),
      ),
      refused(
        'unsupported_algorithm',
        'a policy that allows RS256 only refuses RS512 of the same key',
        NOT_OURS,
        signedAs('RS512', 'rsa-2048'),
        {
          keySet: 'every',
          policy: resourcePolicy({ algorithms: ['RS256'] }),
        },
      ),

      ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg) => [
        refused(
          'unsupported_algorithm',
          `alg ${alg} with an empty signature is refused`,
          'RFC 8725 §2.1, §3.2',
          unsigned(alg),
        ),
        refused(
          'unsupported_algorithm',
          `alg ${alg} with some signature is refused`,
          'RFC 8725 §2.1, §3.2',
          unsigned(alg, encode('signed')),
        ),
      ]),
      ...[
        '',
        ' ',
        'es384',
        'Es384',
        'ES384 ',
        'ES384\u0000',
        'ES385',
        'RSA',
        'RS1',
        'RSA-OAEP',
        'dir',
        'A128KW',
        'Ed448',
        'ES256K',
        'constructor',
        '__proto__',
      ].map((alg) =>
        refused(
          'unsupported_algorithm',
          `alg ${JSON.stringify(alg)} is refused`,
          `${NOT_OURS}; RFC 7515 §4.1.1: compared with case`,
          unsigned(alg, encode('signed')),
        ),
      ),
      refused(
        'unsupported_algorithm',
        'ES256K is refused though its signature is good',
        NOT_OURS,
        bench.token({ key: 'secp256k1' }),
      ),
      refused(
        'unsupported_algorithm',
        'RS1 is refused though its signature is good',
        `${NOT_OURS}; SHA-1 is broken`,
        bench.token({ key: 'rsa-2048', header: { alg: 'RS1' } }),
        {
          keySet: 'every',
        },
      ),

      ...publicKeyForms(keys['rsa-2048']).flatMap(([form, secret]) =>
        [256, 384, 512].map((bits) =>
          refused(
            'unsupported_algorithm',
            `HS${bits} keyed with the RSA public key as ${form} is refused`,
            'RFC 8725 §2.1: a public key is no secret',
            hmacToken(hmac(bits, secret)),
            { keySet: 'every' },
          ),
        ),
      ),
      refused(
        'unsupported_algorithm',
        'HS256 keyed with the elliptic-curve public key as PEM is refused',
        'RFC 8725 §2.1',
        hmacToken(hmac(256, keys['logto-es384'].publicKey.export({ type: 'spki', format: 'pem' })), 'logto-es384'),
      ),
      refused(
        'unsupported_algorithm',
        'HS256 against a key without alg is refused',
        'RFC 8725 §3.1',
        hmacToken(hmac(256, Buffer.from(keys['rsa-2048'].jwk.n, 'base64url'))),
        { keySet: 'every' },
      ),
      refused(
        'unsupported_algorithm',
        'HS256 keyed with nothing under an unknown kid is refused',
        'RFC 8725 §2.1: no key is not the empty key',
        bench.tokenSigned((input) => crypto.createHmac('sha256', '').update(input).digest(), {
          header: { alg: 'HS256', kid: 'nobody' },
        }),
      ),
      refused(
        'unsupported_algorithm',
        'HS256 with the shared secret of an oct key in the set is refused',
        'RFC 8725 §3.1: asymmetric algorithms only',
        bench.tokenSigned(
          (input) => crypto.createHmac('sha256', 'a shared secret of thirty-two bytes').update(input).digest(),
          {
            header: { alg: 'HS256', kid: 'shared' },
          },
        ),
        { keySet: 'rsaAndShared' },
      ),
      refused(
        'unsupported_algorithm',
        'an ES384 signature under a header changed to none is refused',
        'RFC 7515 §5.2: the header is signed',
        [
          encode(JSON.stringify(bench.header('logto-es384', { alg: 'none' }))),
          ...bench.token({ claims: CLAIMS }).split('.').slice(1),
        ].join('.'),
      ),
    ],
  };
}

function publicKeyForms({ publicKey, jwk }) {
  return [
    ['PEM (SPKI)', publicKey.export({ type: 'spki', format: 'pem' })],
    ['PEM without its last line feed', publicKey.export({ type: 'spki', format: 'pem' }).trimEnd()],
    ['PEM (PKCS #1)', publicKey.export({ type: 'pkcs1', format: 'pem' })],
    ['DER (SPKI)', publicKey.export({ type: 'spki', format: 'der' })],
    ['JWK bytes', JSON.stringify(jwk)],
  ];
}
