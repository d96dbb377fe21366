import { CLAIMS, accepted, claimsWith, encode, refused } from '../workbench.mjs';

const COMPACT = 'RFC 7515 §7.1: three parts, two dots';
const ALPHABET = 'RFC 7515 §2: base64url without padding, line breaks or white space';
const CANONICAL = 'RFC 4648 §3.5: unused bits are zero';
const LIMIT = 'a token is at most 16384 bytes';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export default function encoding(bench) {
  const good = bench.token();
  const [header, payload, signature] = good.split('.');
  const malformed = (name, why, token) => refused('malformed_token', name, why, token);
  const swapPart = (at, part) => [header, payload, signature].with(at, part).join('.');
  const PARTS = ['header', 'payload', 'signature'];

  // A header and a payload whose last character has unused bits, and the same with one of these bits set.
  const looseHeader = encode(JSON.stringify(padded(bench.header())));
  const loosePayload = encode(JSON.stringify(padded(CLAIMS)));
  const es256 = bench.token({ key: 'es256' });

  return {
    description: 'The compact serialization: number of parts, alphabet, padding, unused bits, length.',
    cases: [
      malformed('an empty token is refused', COMPACT, ''),
      malformed(
        'an opaque token of 43 characters is refused',
        'what a Logto server issues without a resource',
        'nsTtTzoYTQUQpmHkl-GyIzwxTGXQYktzjC_p8sNub4r',
      ),
      malformed('a token of one part is refused', COMPACT, header),
      malformed('a token of two parts is refused', COMPACT, `${header}.${payload}`),
      malformed('a token of four parts is refused', COMPACT, `${good}.${signature}`),
      malformed(
        'a token of five parts is refused',
        'RFC 7516 §7.1: a JWE is no access token',
        `${encode('{"alg":"RSA-OAEP","enc":"A256GCM","typ":"at+jwt"}')}.AA.AA.${payload}.AA`,
      ),
      malformed('a token with a dot behind is refused', COMPACT, `${good}.`),
      malformed('a token with a dot in front is refused', COMPACT, `.${good}`),
      ...['.', '..', '...', '....'].map((dots) =>
        malformed(`a token of ${dots.length} dots and nothing else is refused`, COMPACT, dots),
      ),
      malformed('a token with an empty header is refused', COMPACT, `.${payload}.${signature}`),
      malformed(
        'a token with an empty payload is refused',
        'RFC 7519 §7.2: the payload is a JSON object',
        `${header}..${signature}`,
      ),
      malformed('one megabyte of dots is refused', LIMIT, { concat: [{ repeat: '.', times: 1048576 }] }),
      malformed('one megabyte of letters is refused', LIMIT, { concat: [{ repeat: 'A', times: 1048576 }] }),
      malformed('a good token with a megabyte of dots behind is refused', LIMIT, {
        concat: [good, { repeat: '.', times: 1048576 }],
      }),
      malformed('a good token with sixteen thousand dots behind is refused', COMPACT, {
        concat: [good, { repeat: '.', times: 15000 }],
      }),
      accepted('a token of 16384 bytes is accepted', LIMIT, ofLength(bench, 16384)),
      malformed('a token of 16385 bytes is refused', LIMIT, ofLength(bench, 16385)),

      ...PARTS.flatMap((part, at) => {
        const encoded = [header, payload, signature][at];
        const middle = 8;
        const insert = (text) => swapPart(at, encoded.slice(0, middle) + text + encoded.slice(middle));
        return [
          malformed(`padding behind the ${part} is refused`, ALPHABET, swapPart(at, `${encoded}=`)),
          malformed(`double padding behind the ${part} is refused`, ALPHABET, swapPart(at, `${encoded}==`)),
          malformed(`a space in the ${part} is refused`, ALPHABET, insert(' ')),
          malformed(`a line feed in the ${part} is refused`, ALPHABET, insert('\n')),
          malformed(`a plus sign in the ${part} is refused`, ALPHABET, insert('++++')),
          malformed(`a slash in the ${part} is refused`, ALPHABET, insert('////')),
          malformed(`a NUL in the ${part} is refused`, ALPHABET, insert('\u0000')),
          malformed(`a percent escape in the ${part} is refused`, ALPHABET, insert('%41')),
          malformed(`a letter outside ASCII in the ${part} is refused`, ALPHABET, insert('é')),
          malformed(`a full-width letter in the ${part} is refused`, ALPHABET, insert('Ａ')),
          malformed(
            `a ${part} of length 1 modulo 4 is refused`,
            ALPHABET,
            swapPart(at, encoded.slice(0, encoded.length - (encoded.length % 4)) + 'A'),
          ),
        ];
      }),
      malformed('a good signature in the ordinary base64 alphabet is refused', ALPHABET, inOrdinaryAlphabet(bench)),

      accepted(
        'a header whose last character has unused bits, all zero, is accepted',
        CANONICAL,
        bench.token({ headerPart: looseHeader }),
      ),
      malformed(
        'a header with an unused bit set is refused though it is signed so',
        CANONICAL,
        bench.token({ headerPart: withUnusedBit(looseHeader) }),
      ),
      accepted(
        'a payload whose last character has unused bits, all zero, is accepted',
        CANONICAL,
        bench.token({ payloadPart: loosePayload }),
      ),
      malformed(
        'a payload with an unused bit set is refused though it is signed so',
        CANONICAL,
        bench.token({ payloadPart: withUnusedBit(loosePayload) }),
      ),
      accepted('a signature whose last character has unused bits, all zero, is accepted', CANONICAL, es256, {
        keySet: 'every',
      }),
      ...[1, 2, 4, 8].map((bit) =>
        refused(
          'malformed_token',
          `a signature with the unused bit ${bit} set is refused`,
          CANONICAL,
          withUnusedBit(es256, bit),
          { keySet: 'every' },
        ),
      ),

      malformed('a space before the token is refused', ALPHABET, ` ${good}`),
      malformed('a line feed behind the token is refused', ALPHABET, `${good}\n`),
      malformed(
        'a token with its scheme in front is refused',
        'RFC 6750 §2.1: the scheme is no part of the token',
        `Bearer ${good}`,
      ),
      malformed('a token in quotes is refused', ALPHABET, `"${good}"`),
      malformed('two tokens with a comma between them are refused', ALPHABET, `${good},${good}`),
      malformed('percent-encoded dots are refused', ALPHABET, good.replaceAll('.', '%2E')),
      malformed('ideographic full stops for dots are refused', ALPHABET, good.replaceAll('.', '。')),
      malformed(
        'the flattened JSON serialization is refused',
        'RFC 7519 §1: a JWT is always compact',
        JSON.stringify({ protected: header, payload, signature }),
      ),
      malformed(
        'the general JSON serialization is refused',
        'RFC 7519 §1: a JWT is always compact',
        JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
      ),
      malformed(
        'an unencoded header is refused',
        ALPHABET,
        `${JSON.stringify(bench.header())}.${payload}.${signature}`,
      ),

      ...[
        ['an array', JSON.stringify([CLAIMS])],
        ['an array of the claims in order', JSON.stringify(Object.values(CLAIMS))],
        ['a string', JSON.stringify(JSON.stringify(CLAIMS))],
        ['a number', '1795207815'],
        ['null', 'null'],
        ['true', 'true'],
        ['white space only', '  '],
        ['cut off', JSON.stringify(CLAIMS).slice(0, -1)],
        ['followed by another object', `${JSON.stringify(CLAIMS)}{}`],
        ['followed by a NUL', `${JSON.stringify(CLAIMS)}\u0000`],
        ['preceded by a byte order mark', `\ufeff${JSON.stringify(CLAIMS)}`],
        ['in UTF-16', Buffer.from(JSON.stringify(CLAIMS), 'utf16le')],
        ['written with a trailing comma', `${JSON.stringify(CLAIMS).slice(0, -1)},}`],
        ['written with NaN', `${JSON.stringify(CLAIMS).slice(0, -1)},"x":NaN}`],
        ['written with a number that starts with zero', `${JSON.stringify(CLAIMS).slice(0, -1)},"x":01}`],
        ['written with unquoted names', `{sub:"${CLAIMS.sub}"}`],
        ['not UTF-8', notUtf8(0xff)],
        ['overlong UTF-8', notUtf8(0xc0, 0xaf)],
        ['UTF-8 with an encoded surrogate', notUtf8(0xed, 0xa0, 0x80)],
        ['objects opened two thousand times', '{"a":'.repeat(2000)],
        ['an array opened ten thousand times', '['.repeat(10000)],
      ].map(([what, rawPayload]) =>
        malformed(
          `a payload that is ${what} is refused`,
          'RFC 7519 §7.2: the payload is a JSON object in UTF-8',
          bench.token({ rawPayload }),
        ),
      ),
      accepted(
        'a payload with white space is accepted',
        'RFC 8259 §2',
        bench.token({ rawPayload: `\n${JSON.stringify(CLAIMS, null, '\t')}\r\n ` }),
      ),
      accepted(
        'a payload with letters outside ASCII is accepted',
        'RFC 8259 §8.1',
        bench.token({ claims: { name: 'Zoë 😀 名前' } }),
      ),
    ],
  };
}

/** `object` with a member that makes its encoding end on unused bits. */
function padded(object) {
  for (let pad = ''; ; pad += '-') {
    const candidate = { ...object, pad };
    if (encode(JSON.stringify(candidate)).length % 4 !== 0) return candidate;
  }
}

function withUnusedBit(encoded, bit = 1) {
  const value = BASE64URL.indexOf(encoded.at(-1));
  return encoded.slice(0, -1) + BASE64URL[value | bit];
}

function ofLength(bench, length) {
  for (let x = ''; ; x += '-') {
    const header = bench.header('logto-es384', { x });
    const room = length - encode(JSON.stringify(header)).length - encode(Buffer.alloc(96)).length - 2;
    const bytes = Math.floor((room * 3) / 4);
    const filler = 'f'.repeat(bytes - JSON.stringify(claimsWith({ filler: '' })).length);
    const token = bench.token({ header: { x }, claims: { filler } });
    if (token.length === length) return token;
  }
}

const notUtf8 = (...bytes) =>
  Buffer.concat([Buffer.from(`${JSON.stringify(CLAIMS).slice(0, -1)},"x":"`), Buffer.from(bytes), Buffer.from('"}')]);

/** A token whose signature really has a character that differs between the two alphabets. */
function inOrdinaryAlphabet(bench) {
  for (let attempt = 0; ; attempt += 1) {
    const [header, payload, signature] = bench
      .token({ key: 'rsa-2048', claims: { jti: `alphabet-${attempt}` } })
      .split('.');
    const ordinary = signature.replaceAll('-', '+').replaceAll('_', '/');
    if (ordinary !== signature) return [header, payload, ordinary].join('.');
  }
}
