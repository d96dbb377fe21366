import crypto from 'node:crypto';
import { CLAIMS, LOGTO_URL, NOW, RESOURCE, accepted, encode, refused, resourcePolicy } from '../workbench.mjs';

const FROM_TOKEN = 'RFC 8725 §3.10: no key and no address is ever taken from a token';
const LISTENER = 'http://127.0.0.1:9/jwks';

export default function attacks(bench) {
  const { keys } = bench;
  const foreign = keys['foreign-es384'];
  const known = keys['logto-es384'].kid;
  const publicJwk = foreign.jwk;
  const offers = [
    ['jwk', { jwk: publicJwk }],
    ['jku', { jku: LISTENER }],
    ['x5u', { x5u: LISTENER }],
    ['x5c', { x5c: [foreign.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] }],
    ['x5t', { x5t: crypto.createHash('sha1').update('certificate').digest('base64url') }],
    ['x5t#S256', { 'x5t#S256': crypto.createHash('sha256').update('certificate').digest('base64url') }],
    ['all of them', { jwk: publicJwk, jku: LISTENER, x5u: LISTENER, x5c: [], x5t: '' }],
  ];
  const forged = (header, claims) => bench.token({ key: 'foreign-es384', header, claims });
  const superuser = { sub: 'administrator', scope: 'all' };

  return {
    description: 'Attacks that combine what the other files take apart.',
    keySets: { otherTenant: bench.jwks('foreign-es384') },
    cases: [
      ...offers.flatMap(([what, header]) => [
        refused('unknown_key', `a forger’s key offered by ${what} is not taken`, FROM_TOKEN, forged(header)),
        refused(
          'invalid_signature',
          `a forger’s key offered by ${what} under a published kid is not taken`,
          FROM_TOKEN,
          forged({ ...header, kid: known }),
        ),
        refused(
          'invalid_signature',
          `a forger’s key offered by ${what} without a kid is not taken`,
          FROM_TOKEN,
          forged({ ...header, kid: undefined }),
        ),
        accepted(`${what} in the header of a good token is ignored`, FROM_TOKEN, bench.token({ header })),
      ]),
      accepted(
        'header members of the wrong type that are ignored are ignored',
        FROM_TOKEN,
        bench.token({ header: { jwk: 7, jku: null, x5u: [], x5c: 'x', x5t: {} } }),
      ),
      refused(
        'unsupported_algorithm',
        'a forger’s secret offered by jwk for HS256 is not taken',
        FROM_TOKEN,
        bench.tokenSigned((input) => crypto.createHmac('sha256', 'secret').update(input).digest(), {
          header: { alg: 'HS256', jwk: { kty: 'oct', k: encode('secret') } },
        }),
      ),
      refused(
        'invalid_signature',
        'a forged superuser under a published kid is refused',
        'RFC 7515 §5.2',
        forged({ kid: known }, superuser),
      ),
      refused(
        'unknown_key',
        'a forged superuser under the forger’s kid is refused',
        'RFC 7515 §5.2',
        forged({}, superuser),
      ),

      refused(
        'invalid_issuer',
        'a token of another tenant with its own key is refused',
        'RFC 9068 §4',
        forged({}, { iss: 'https://other.logto.app/oidc' }),
        { keySet: 'otherTenant' },
      ),
      refused(
        'invalid_issuer',
        'a good token is refused by the policy of another tenant',
        'RFC 9068 §4',
        bench.token(),
        { policy: resourcePolicy({ logtoUrl: 'https://other.logto.app' }) },
      ),
      refused(
        'invalid_audience',
        'a good token is refused by the policy of another resource',
        'RFC 9068 §4',
        bench.token(),
        { policy: resourcePolicy({ audience: ['https://second.example.com'] }) },
      ),
      refused('token_expired', 'a good token is refused an hour later', 'RFC 7519 §4.1.4', bench.token(), {
        now: NOW + 3600,
      }),
      refused(
        'unknown_key',
        'a good token is refused against the keys of another tenant',
        'RFC 7515 §5.2',
        bench.token(),
        { keySet: 'otherTenant' },
      ),

      ...[
        ['wrong_organization', 'for a plain resource', { claims: { organization_id: '8kzczmmn03u2' } }, {}],
        ['missing_scope', 'without the scope', { claims: { scope: '' } }, { requiredScopes: ['read:products'] }],
        ['missing_role', 'without the role', {}, { requiredRoles: ['admin'] }],
        ['claim_rejected', 'without the claim', {}, { requiredClaims: { plan: 'gold' } }],
      ].flatMap(([code, what, options, changes]) => {
        const facts = { policy: resourcePolicy(changes) };
        return [
          refused(code, `a good token ${what} is refused with 403`, 'RFC 6750 §3.1', bench.token(options), facts),
          refused(
            'invalid_signature',
            `a forged token ${what} is refused with 401`,
            'a 403 needs a valid signature',
            bench.token({ key: 'foreign-es384', ...options, header: { kid: known } }),
            facts,
          ),
          refused(
            'unknown_key',
            `a token of an unknown key ${what} is refused with 401`,
            'a 403 needs a valid signature',
            bench.token({ key: 'foreign-es384', ...options }),
            facts,
          ),
        ];
      }),

      refused(
        'malformed_token',
        'a token that hides a second payload behind a NUL is refused',
        'RFC 7515 §7.1',
        hidden(bench, '\u0000'),
      ),
      refused('invalid_signature', 'the parts of two good tokens do not make a third', 'RFC 7515 §5.2', mixed(bench)),
      refused(
        'invalid_signature',
        'a signature of a logout token does not fit an access token',
        'RFC 7515 §5.2',
        transplanted(bench),
      ),
      accepted(
        'two claims of one meaning do not disturb each other',
        'azp and client_id are two claims',
        bench.token({ claims: { azp: 'x', tenant: LOGTO_URL, aud: [RESOURCE, RESOURCE] } }),
      ),
    ],
  };
}

function hidden(bench, separator) {
  const [header, payload, signature] = bench.token().split('.');
  return [
    header,
    `${payload}${separator}${encode(JSON.stringify({ ...CLAIMS, sub: 'administrator' }))}`,
    signature,
  ].join('.');
}

function mixed(bench) {
  const [header, , signature] = bench.token().split('.');
  const [, payload] = bench.token({ claims: { sub: 'administrator' } }).split('.');
  return [header, payload, signature].join('.');
}

function transplanted(bench) {
  const [header, payload] = bench.token().split('.');
  return [header, payload, bench.token({ key: 'previous-es384' }).split('.')[2]].join('.');
}
