import {
  LOGTO_URL,
  ORGANIZATION,
  OTHER_ORGANIZATION,
  RESOURCE,
  accepted,
  organizationAudience,
  organizationPolicy,
  refused,
  resourcePolicy,
} from '../workbench.mjs';

const PLAIN = 'permissions inside one organization say nothing about the whole application';
const INSIDE = 'a resource in an organization: aud is the resource, organization_id the organization';
const ITSELF = 'an organization itself: aud is urn:logto:organization:<id>';

export default function organizations(bench) {
  const token = (claims) => bench.token({ claims: { scope: 'read:products', ...claims } });
  const inside = (organization_id) => token({ organization_id });
  const itself = (id) => token({ aud: organizationAudience(id), scope: 'read:members' });
  const resourceIn = (organization) => ({ policy: resourcePolicy({ organization }) });
  const organization = (id, changes) => ({ policy: organizationPolicy(id, changes) });
  const wrong = (name, why, one, facts) => refused('wrong_organization', name, why, one, facts);
  const invalid = (name, why, one, facts) => refused('invalid_audience', name, why, one, facts);
  const lookalikes = {
    'in capitals': ORGANIZATION.toUpperCase(),
    'cut short': ORGANIZATION.slice(0, -1),
    'made longer': `${ORGANIZATION}x`,
    'with a space behind': `${ORGANIZATION} `,
    'as an audience': organizationAudience(ORGANIZATION),
    'that says any': 'any',
    'that is a star': '*',
  };

  return {
    description: 'Organizations: plain resources, resources inside an organization, and organizations themselves.',
    cases: [
      accepted('a token without an organization is accepted for a plain resource', PLAIN, token()),
      wrong('a token issued inside an organization is refused for a plain resource', PLAIN, inside(ORGANIZATION)),
      invalid('an organization token is refused for a plain resource', PLAIN, itself(ORGANIZATION)),
      invalid(
        'an organization token in a list is refused for a plain resource',
        PLAIN,
        token({ aud: [organizationAudience(ORGANIZATION)] }),
      ),
      wrong(
        'a token issued inside an organization is refused for a plain resource though its scopes suffice',
        PLAIN,
        inside(ORGANIZATION),
        {
          policy: resourcePolicy({ requiredScopes: ['read:products'] }),
        },
      ),

      accepted(
        'a token issued inside the organization is accepted for the resource in it',
        INSIDE,
        inside(ORGANIZATION),
        {
          ...resourceIn(ORGANIZATION),
          scopes: ['read:products'],
          organizationId: ORGANIZATION,
        },
      ),
      wrong(
        'a token issued inside another organization is refused for the resource in this one',
        INSIDE,
        inside(OTHER_ORGANIZATION),
        resourceIn(ORGANIZATION),
      ),
      wrong(
        'a token without an organization is refused for a resource in one',
        INSIDE,
        token(),
        resourceIn(ORGANIZATION),
      ),
      invalid(
        'an organization token is refused for a resource in that organization',
        INSIDE,
        itself(ORGANIZATION),
        resourceIn(ORGANIZATION),
      ),
      ...Object.entries(lookalikes).map(([how, id]) =>
        wrong(
          `an organization_id ${how} is another organization`,
          'ids are compared byte for byte',
          inside(id),
          resourceIn(ORGANIZATION),
        ),
      ),
      wrong(
        'organizations of an ID token do not make a token one of an organization',
        INSIDE,
        token({ organizations: [ORGANIZATION] }),
        resourceIn(ORGANIZATION),
      ),
      ...[ORGANIZATION, OTHER_ORGANIZATION].map((id) =>
        accepted(`a token issued inside ${id} is accepted where any organization is`, INSIDE, inside(id), {
          ...resourceIn('any'),
          organizationId: id,
        }),
      ),
      wrong(
        'a token without an organization is refused where any organization is accepted',
        INSIDE,
        token(),
        resourceIn('any'),
      ),
      invalid(
        'an organization token is refused for a resource in any organization',
        INSIDE,
        itself(ORGANIZATION),
        resourceIn('any'),
      ),

      accepted('an organization token is accepted for its organization', ITSELF, itself(ORGANIZATION), {
        ...organization(ORGANIZATION),
        scopes: ['read:members'],
        organizationId: ORGANIZATION,
      }),
      accepted(
        'an organization token in a list is accepted for its organization',
        ITSELF,
        token({ aud: [organizationAudience(ORGANIZATION)] }),
        {
          ...organization(ORGANIZATION),
          organizationId: ORGANIZATION,
        },
      ),
      wrong(
        'an organization token of another organization is refused',
        ITSELF,
        itself(OTHER_ORGANIZATION),
        organization(ORGANIZATION),
      ),
      ...Object.entries(lookalikes).map(([how, id]) =>
        wrong(
          `an organization audience with an id ${how} is another organization`,
          'audiences are compared byte for byte',
          itself(id),
          organization(ORGANIZATION),
        ),
      ),
      invalid('a token for a resource is refused for an organization', ITSELF, token(), organization(ORGANIZATION)),
      invalid(
        'a token for a resource inside the organization is refused for the organization itself',
        ITSELF,
        inside(ORGANIZATION),
        organization(ORGANIZATION),
      ),
      ...[
        ORGANIZATION,
        `urn:logto:organisation:${ORGANIZATION}`,
        `URN:LOGTO:ORGANIZATION:${ORGANIZATION}`,
        `urn:logto:organization/${ORGANIZATION}`,
        ` urn:logto:organization:${ORGANIZATION}`,
        'urn:logto:resource:organizations',
        `https://tenant.logto.app/organizations/${ORGANIZATION}`,
      ].map((aud) =>
        invalid(
          `the audience ${JSON.stringify(aud)} is no organization`,
          ITSELF,
          token({ aud }),
          organization(ORGANIZATION),
        ),
      ),
      ...[ORGANIZATION, OTHER_ORGANIZATION].map((id) =>
        accepted(`a token of the organization ${id} is accepted where any organization itself is`, ITSELF, itself(id), {
          ...organization('any'),
          organizationId: id,
        }),
      ),
      invalid(
        'a token for a resource is refused where any organization itself is accepted',
        ITSELF,
        inside(ORGANIZATION),
        organization('any'),
      ),

      refused(
        'missing_scope',
        'the right organization without the scope is refused for the scope',
        'organization first, then scopes',
        inside(ORGANIZATION),
        {
          policy: resourcePolicy({ organization: ORGANIZATION, requiredScopes: ['delete:products'] }),
        },
      ),
      wrong(
        'the wrong organization without the scope is refused for the organization',
        'organization first, then scopes',
        inside(OTHER_ORGANIZATION),
        {
          policy: resourcePolicy({ organization: ORGANIZATION, requiredScopes: ['delete:products'] }),
        },
      ),
      accepted(
        'an organization token with the scope is accepted',
        ITSELF,
        itself(ORGANIZATION),
        organization(ORGANIZATION, { requiredScopes: ['read:members'] }),
      ),
      refused(
        'missing_scope',
        'an organization token without the scope is refused',
        ITSELF,
        itself(ORGANIZATION),
        organization(ORGANIZATION, { requiredScopes: ['invite:members'] }),
      ),
      refused(
        'invalid_issuer',
        'an organization token of another tenant is refused',
        'organization ids mean something in their tenant only',
        token({ aud: organizationAudience(ORGANIZATION), iss: 'https://other.logto.app/oidc' }),
        organization(ORGANIZATION),
      ),
      ...[
        [
          'inside another organization',
          bench.token({
            key: 'foreign-es384',
            header: { kid: bench.keys['logto-es384'].kid },
            claims: { organization_id: OTHER_ORGANIZATION },
          }),
          resourceIn(ORGANIZATION),
        ],
        [
          'inside an organization, for a plain resource',
          bench.token({
            key: 'foreign-es384',
            header: { kid: bench.keys['logto-es384'].kid },
            claims: { organization_id: ORGANIZATION },
          }),
          {},
        ],
        [
          'of another organization',
          bench.token({
            key: 'foreign-es384',
            header: { kid: bench.keys['logto-es384'].kid },
            claims: { aud: organizationAudience(OTHER_ORGANIZATION) },
          }),
          organization(ORGANIZATION),
        ],
      ].map(([what, one, facts]) =>
        refused(
          'invalid_signature',
          `a forged token ${what} is refused as a forgery`,
          'a 403 needs a valid signature',
          one,
          facts,
        ),
      ),
      accepted(
        'an endpoint alone with an organization is the policy of that organization',
        ITSELF,
        itself(ORGANIZATION),
        { policy: { logtoUrl: LOGTO_URL, organization: ORGANIZATION } },
      ),
      accepted(
        'a policy of two audiences in an organization admits either',
        INSIDE,
        token({ aud: 'https://second.example.com', organization_id: ORGANIZATION }),
        {
          policy: resourcePolicy({ audience: [RESOURCE, 'https://second.example.com'], organization: ORGANIZATION }),
        },
      ),
    ],
  };
}
