import {
  CLAIMS,
  NOW,
  ORGANIZATION,
  USER,
  accepted,
  organizationAudience,
  organizationPolicy,
  refused,
  resourcePolicy,
} from '../workbench.mjs';

const MACHINE = '7mm3z4hsqdd4djdoju8v4';
const WHY = 'the claims, in the order in which a Logto server writes them';
const TENANT = 'http://127.0.0.1:3001';

/** A payload with exactly these claims, as a Logto server orders them: its own first, the fixed ones behind. */
const claimsOf = (first, { sub = USER, client_id = CLAIMS.client_id, aud = CLAIMS.aud, scope, iss = CLAIMS.iss }) => ({
  ...first,
  jti: CLAIMS.jti,
  sub,
  iat: NOW,
  exp: NOW + 3600,
  scope,
  client_id,
  iss,
  aud,
});

export default function logtoTokens(bench) {
  const issued = (claims, key) => bench.token({ key, rawPayload: JSON.stringify(claims) });
  const machine = (rest) => ({ sub: MACHINE, client_id: MACHINE, ...rest });

  return {
    description: 'Access tokens of the shapes that a Logto server issues.',
    keySets: { afterRotation: bench.jwks('rsa-4096', 'logto-es384') },
    cases: [
      accepted(
        'a user’s token for a resource',
        WHY,
        issued(claimsOf({}, { scope: 'read:products write:products delete:products' })),
        {
          policy: resourcePolicy({ requiredScopes: ['read:products', 'delete:products'] }),
          scopes: ['read:products', 'write:products', 'delete:products'],
        },
      ),
      accepted('a user’s token without permissions has an empty scope', WHY, issued(claimsOf({}, { scope: '' })), {
        scopes: [],
      }),
      accepted(
        'a machine’s token for a resource',
        WHY,
        issued(claimsOf({}, machine({ scope: 'read:products write:products' }))),
        {
          scopes: ['read:products', 'write:products'],
        },
      ),
      accepted('a machine’s token without permissions has no scope', WHY, issued(claimsOf({}, machine({}))), {
        scopes: [],
      }),
      refused(
        'missing_scope',
        'a machine’s token without permissions opens nothing that asks for one',
        'any machine of a tenant gets a token for any resource',
        issued(claimsOf({}, machine({}))),
        {
          policy: resourcePolicy({ requiredScopes: ['read:products'] }),
        },
      ),
      refused(
        'invalid_audience',
        'a token for the Management API is refused by a resource',
        'RFC 9068 §4',
        issued(claimsOf({}, machine({ aud: 'https://tenant.logto.app/api' }))),
      ),
      accepted(
        'a token for an organization',
        WHY,
        issued(claimsOf({}, machine({ scope: 'read:members', aud: organizationAudience(ORGANIZATION) }))),
        {
          policy: organizationPolicy(ORGANIZATION, { requiredScopes: ['read:members'] }),
          scopes: ['read:members'],
          organizationId: ORGANIZATION,
        },
      ),
      accepted(
        'a token for an organization without permissions',
        WHY,
        issued(claimsOf({}, machine({ scope: '', aud: organizationAudience(ORGANIZATION) }))),
        {
          policy: organizationPolicy(ORGANIZATION),
          scopes: [],
          organizationId: ORGANIZATION,
        },
      ),
      accepted(
        'a token for a resource inside an organization',
        WHY,
        issued(claimsOf({ organization_id: ORGANIZATION }, machine({ scope: 'read:products delete:products' }))),
        {
          policy: resourcePolicy({ organization: ORGANIZATION, requiredScopes: ['delete:products'] }),
          scopes: ['read:products', 'delete:products'],
          organizationId: ORGANIZATION,
        },
      ),
      refused(
        'wrong_organization',
        'a token for a resource inside an organization is refused outside of it',
        'its permissions hold inside the organization',
        issued(claimsOf({ organization_id: ORGANIZATION }, { scope: 'read:products' })),
      ),
      accepted(
        'a token exchanged for an actor',
        WHY,
        issued(claimsOf({ act: { sub: USER } }, { client_id: 'zr2ka7yustcmjks6ogj4s', scope: 'read:products' })),
        {
          scopes: ['read:products'],
        },
      ),
      accepted(
        'a token exchanged for a personal access token',
        WHY,
        issued(claimsOf({}, { client_id: 'zr2ka7yustcmjks6ogj4s', scope: 'read:products' })),
      ),
      accepted(
        'a user’s token with custom claims',
        WHY,
        issued({
          plan: 'gold',
          uname: 'alice',
          roles: ['user-products'],
          ...claimsOf({ aud: CLAIMS.aud, sub: USER }, { scope: 'read:products' }),
        }),
        {
          policy: resourcePolicy({ requiredClaims: { plan: 'gold' }, requiredRoles: ['user-products'] }),
        },
      ),
      accepted(
        'a machine’s token with nested custom claims',
        WHY,
        issued({
          tier: 'gold',
          nested: { a: [1, 2] },
          ctxApp: MACHINE,
          ...claimsOf({}, machine({ scope: 'read:products' })),
        }),
        {
          policy: resourcePolicy({ requiredClaims: { nested: { a: [1, 2] } } }),
        },
      ),
      accepted(
        'a token after the rotation to an RSA key without alg',
        WHY,
        issued(claimsOf({}, machine({})), 'rsa-4096'),
        { keySet: 'afterRotation' },
      ),
      accepted('a token from before the rotation', WHY, issued(claimsOf({}, machine({ scope: 'read:products' }))), {
        keySet: 'afterRotation',
      }),
      accepted(
        'a token of a server on loopback, for a resource with a slash behind',
        WHY,
        issued(claimsOf({}, { iss: `${TENANT}/oidc`, aud: 'https://api.example.test/', scope: 'read:products' })),
        {
          policy: { logtoUrl: TENANT, audience: ['https://api.example.test/'] },
        },
      ),
    ],
  };
}
