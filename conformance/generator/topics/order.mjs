import { NOW, encode, refused, resourcePolicy } from '../workbench.mjs';

const WHY = 'cheap refusals first, and always the same one for the same token';

export default function order(bench) {
  const { kid } = bench.header();
  const unsigned = (header, payload, signature = 'AA') => `${encode(JSON.stringify(header))}.${payload}.${signature}`;
  const first = (code, over, token, facts) => refused(code, `${code} is said before ${over}`, WHY, token, facts);
  const forged = (claims, header) => bench.token({ key: 'foreign-es384', header: { kid, ...header }, claims });
  const expired = { exp: NOW - 1 };
  const elsewhere = { aud: 'https://other.example.com' };
  const stranger = { iss: 'https://other.logto.app/oidc' };
  const demanding = {
    policy: resourcePolicy({ requiredScopes: ['x'], requiredRoles: ['x'], requiredClaims: { x: 'x' } }),
  };

  return {
    description: 'Which of two faults of one token is reported.',
    cases: [
      first(
        'malformed_token',
        'unsupported_algorithm when the payload is not base64url',
        unsigned({ alg: 'none', typ: 'at+jwt' }, 'A'),
      ),
      first(
        'malformed_token',
        'unsupported_algorithm when the signature is not base64url',
        unsigned({ alg: 'none', typ: 'at+jwt' }, 'e30', 'A'),
      ),
      first(
        'malformed_token',
        'unsupported_algorithm when crit is there',
        unsigned({ alg: 'none', typ: 'at+jwt', crit: ['exp'] }, 'e30'),
      ),
      first(
        'malformed_token',
        'unsupported_algorithm when the kid is a number',
        unsigned({ alg: 'none', typ: 'at+jwt', kid: 7 }, 'e30'),
      ),
      first('malformed_token', 'wrong_token_type when alg is missing', unsigned({ typ: 'JWT' }, 'e30')),
      first('unsupported_algorithm', 'wrong_token_type', unsigned({ alg: 'HS256', typ: 'JWT' }, 'e30')),
      first(
        'unsupported_algorithm',
        'malformed_token of the payload',
        unsigned({ alg: 'none', typ: 'at+jwt' }, 'AAAA'),
      ),
      first('wrong_token_type', 'malformed_token of the payload', unsigned({ alg: 'ES384', typ: 'JWT' }, 'AAAA')),
      first('wrong_token_type', 'invalid_claims', unsigned({ alg: 'ES384', typ: 'JWT' }, 'e30')),
      first(
        'wrong_token_type',
        'unknown_key',
        unsigned({ alg: 'ES384', typ: 'JWT', kid: 'nobody' }, bench.token().split('.')[1]),
      ),
      first(
        'malformed_token',
        'unknown_key when the payload is no object',
        unsigned({ alg: 'ES384', typ: 'at+jwt', kid: 'nobody' }, 'W10'),
      ),
      first('invalid_claims', 'invalid_issuer', bench.token({ claims: { ...stranger, exp: 'tomorrow' } })),
      first('invalid_claims', 'invalid_audience', bench.token({ claims: { ...elsewhere, sub: '' } })),
      first('invalid_claims', 'token_expired', bench.token({ claims: { ...expired, scope: [] } })),
      first('invalid_claims', 'unknown_key', bench.token({ header: { kid: 'nobody' }, claims: { jti: 7 } })),
      first('invalid_issuer', 'invalid_audience', bench.token({ claims: { ...stranger, ...elsewhere } })),
      first('invalid_issuer', 'token_expired', bench.token({ claims: { ...stranger, ...expired } })),
      first('invalid_issuer', 'unknown_key', bench.token({ header: { kid: 'nobody' }, claims: stranger })),
      first('invalid_audience', 'token_expired', bench.token({ claims: { ...elsewhere, ...expired } })),
      first('invalid_audience', 'invalid_signature', forged(elsewhere)),
      first('token_expired', 'unknown_key', bench.token({ header: { kid: 'nobody' }, claims: expired })),
      first('token_expired', 'invalid_signature', forged(expired)),
      first(
        'token_expired',
        'wrong_organization',
        bench.token({ claims: { ...expired, organization_id: '8kzczmmn03u2' } }),
      ),
      first('token_expired', 'missing_scope', bench.token({ claims: expired }), demanding),
      first('token_not_yet_valid', 'invalid_signature', forged({ nbf: NOW + 60 })),
      first(
        'unknown_key',
        'invalid_signature of a cut signature',
        bench.tokenSigned('AA', { header: { kid: 'nobody' } }),
      ),
      first(
        'unsupported_algorithm',
        'invalid_signature when the key does not fit',
        bench.tokenSigned('AA', { header: { alg: 'RS256' } }),
      ),
      first('invalid_signature', 'wrong_organization', forged({ organization_id: '8kzczmmn03u2' })),
      first('invalid_signature', 'missing_scope', forged({}), demanding),
      first(
        'wrong_organization',
        'missing_scope',
        bench.token({ claims: { organization_id: '8kzczmmn03u2' } }),
        demanding,
      ),
      first('missing_scope', 'missing_role', bench.token(), demanding),
      first('missing_role', 'claim_rejected', bench.token({ claims: { scope: 'x' } }), demanding),
    ],
  };
}
