import { CLAIMS, NOW, accepted, claimsWith, jsonWith, refused } from '../workbench.mjs';

const UNIQUE = 'RFC 7519 §4: claim names are unique';
const WRONG_TYPES = {
  null: null,
  true: true,
  false: false,
  'a number': 7,
  'a list': ['x'],
  'an object': { x: 'x' },
};

export default function claims(bench) {
  const invalid = (name, why, options) => refused('invalid_claims', name, why, bench.token(options));
  const wrongTypes = (claim, why, except = []) =>
    Object.entries(WRONG_TYPES)
      .filter(([what]) => !except.includes(what))
      .map(([what, value]) => invalid(`a ${claim} that is ${what} is refused`, why, { claims: { [claim]: value } }));
  const dates = ['exp', 'nbf', 'iat'];
  const date = 'RFC 7519 §2: a NumericDate is a JSON number';
  const without = (claim) => claimsWith({ [claim]: undefined });
  const repeated = (claim, first, last) => ({ rawPayload: jsonWith(without(claim), { first, last }) });

  return {
    description: 'Registered claims: which are required, which types they have, and that no name stands twice.',
    cases: [
      ...['iss', 'sub', 'aud', 'exp'].map((claim) =>
        invalid(`a token without ${claim} is refused`, 'RFC 9068 §2.2: required', { claims: { [claim]: undefined } }),
      ),
      invalid('a token without any claim is refused', 'RFC 9068 §2.2', { rawPayload: '{}' }),
      ...['iat', 'jti', 'scope', 'client_id', 'nbf'].map((claim) =>
        accepted(
          `a token without ${claim} is accepted`,
          'Logto leaves some of them out',
          bench.token({ claims: { [claim]: undefined } }),
        ),
      ),
      ...wrongTypes('iss', 'RFC 7519 §4.1.1: a string'),
      ...wrongTypes('sub', 'RFC 7519 §4.1.2: a string'),
      invalid('an empty sub is refused', 'a subject is somebody', { claims: { sub: '' } }),
      ...wrongTypes('aud', 'RFC 7519 §4.1.3: a string or a list of strings', ['a list']),
      invalid('an empty list of audiences is refused', 'RFC 7519 §4.1.3', { claims: { aud: [] } }),
      ...[7, null, true, {}, ['https://api.example.com']].flatMap((other) => [
        invalid(
          `a list of audiences with ours and ${JSON.stringify(other)} behind is refused`,
          'RFC 7519 §4.1.3: strings only',
          {
            claims: { aud: [CLAIMS.aud, other] },
          },
        ),
        invalid(
          `a list of audiences with ours and ${JSON.stringify(other)} in front is refused`,
          'RFC 7519 §4.1.3: strings only',
          {
            claims: { aud: [other, CLAIMS.aud] },
          },
        ),
      ]),
      ...dates.flatMap((claim) => [
        ...wrongTypes(claim, date, ['a number']),
        invalid(`an ${claim} that is a number in quotes is refused`, date, { claims: { [claim]: String(NOW) } }),
        invalid(`an ${claim} of 1e18 is refused`, 'RFC 8259 §6: exact within ±2⁵³ only', { claims: { [claim]: 1e18 } }),
        invalid(`an ${claim} of 1e300 is refused`, 'RFC 8259 §6: exact within ±2⁵³ only', {
          claims: { [claim]: 1e300 },
        }),
        invalid(`an ${claim} of -1e300 is refused`, 'RFC 8259 §6: exact within ±2⁵³ only', {
          claims: { [claim]: -1e300 },
        }),
        invalid(`an ${claim} of 2⁵³ + 2 is refused`, 'RFC 8259 §6: exact within ±2⁵³ only', {
          claims: { [claim]: 2 ** 53 + 2 },
        }),
        invalid(`an ${claim} in nanoseconds is refused`, 'RFC 7519 §2: seconds', {
          rawPayload: jsonWith(without(claim), { last: `"${claim}":${NOW}000000000` }),
        }),
      ]),
      ...['scope', 'client_id', 'jti', 'organization_id'].flatMap((claim) =>
        wrongTypes(claim, 'a string where present'),
      ),
      accepted(
        'an empty scope is accepted',
        'what a Logto server sends when it grants nothing',
        bench.token({ claims: { scope: '' } }),
        { scopes: [] },
      ),

      ...[
        ['sub, ours first', repeated('sub', `"sub":"${CLAIMS.sub}"`, '"sub":"administrator"')],
        ['sub, ours last', repeated('sub', '"sub":"administrator"', `"sub":"${CLAIMS.sub}"`)],
        ['sub, twice the same', repeated('sub', `"sub":"${CLAIMS.sub}"`, `"sub":"${CLAIMS.sub}"`)],
        ['sub, escaped the second time', repeated('sub', `"sub":"${CLAIMS.sub}"`, '"s\\u0075b":"administrator"')],
        ['sub, escaped the first time', repeated('sub', '"\\u0073ub":"administrator"', `"sub":"${CLAIMS.sub}"`)],
        ['scope, the smaller first', repeated('scope', '"scope":"read:products"', '"scope":"delete:everything"')],
        ['scope, the smaller last', repeated('scope', '"scope":"delete:everything"', '"scope":"read:products"')],
        [
          'scope, escaped',
          repeated('scope', '"scope":"read:products"', '"\\u0073\\u0063\\u006f\\u0070\\u0065":"delete:everything"'),
        ],
        ['aud', repeated('aud', `"aud":"${CLAIMS.aud}"`, '"aud":"https://other.example.com"')],
        ['iss', repeated('iss', `"iss":"${CLAIMS.iss}"`, '"iss":"https://other.logto.app/oidc"')],
        ['exp', repeated('exp', `"exp":${CLAIMS.exp}`, '"exp":9999999999')],
        ['nbf', repeated('nbf', '"nbf":0', '"nbf":9999999999')],
        ['organization_id', repeated('organization_id', '"organization_id":"a"', '"organization_id":"b"')],
        ['roles', repeated('roles', '"roles":["user"]', '"roles":["admin"]')],
        ['a custom claim', repeated('plan', '"plan":"free"', '"plan":"gold"')],
        ['a custom claim, escaped', repeated('plan', '"plan":"free"', '"pl\\u0061n":"gold"')],
        ['__proto__', repeated('__proto__', '"__proto__":1', '"__proto__":2')],
      ].map(([what, options]) =>
        refused('malformed_token', `a payload that repeats ${what} is refused`, UNIQUE, bench.token(options)),
      ),
      accepted(
        'claim names that differ in case are two names',
        'RFC 7519 §4: names are compared with case',
        bench.token({ claims: { SUB: 'administrator', Scope: 7 } }),
      ),
      accepted(
        'claim names written with escapes are read',
        'RFC 8259 §7',
        bench.token(repeated('sub', '"\\u0073\\u0075\\u0062":"bc1qcbjxphwr"')),
      ),
      accepted(
        'claim values written with escapes are read',
        'RFC 8259 §7',
        bench.token(repeated('aud', '"aud":"https:\\/\\/api.\\u0065xample.com"')),
      ),
      accepted(
        'a name that stands twice below the top level is no matter',
        'uniqueness is asked of the claims themselves',
        bench.token(repeated('act', '"act":{"sub":"a","sub":"b"}')),
      ),
      accepted(
        'a claim called __proto__ is a claim like any other',
        'RFC 7519 §4',
        bench.token(repeated('__proto__', '"__proto__":{"sub":"administrator"}')),
      ),
      invalid('claims inside __proto__ are not claims of the token', 'RFC 7519 §4', {
        rawPayload: `{"__proto__":${JSON.stringify(CLAIMS)}}`,
      }),
      invalid('claims one level down are not claims of the token', 'RFC 7519 §4', {
        rawPayload: JSON.stringify({ claims: CLAIMS }),
      }),
    ],
  };
}
