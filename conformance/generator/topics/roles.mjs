import { accepted, claimsWith, jsonWith, refused, resourcePolicy } from '../workbench.mjs';

const WHOLE = 'roles are compared whole, with case, and never split';
const KEYS = 'the claims roles, then role, or the ones that the policy names';

export default function roles(bench) {
  const holding = (claims) => bench.token({ claims });
  const requiring = (requiredRoles, roleClaimKeys) => ({ policy: resourcePolicy({ requiredRoles, roleClaimKeys }) });
  const admin = requiring(['admin']);
  const missing = (name, why, token, facts = admin) => refused('missing_role', name, why, token, facts);
  const inPrototype = (json) => bench.token({ rawPayload: jsonWith(claimsWith({}), { last: `"__proto__":${json}` }) });
  const namespaced = 'https://example.com/roles';

  return {
    description: 'Required roles: all of them must be held, in the claims that hold roles.',
    cases: [
      accepted('a role in the list roles suffices', KEYS, holding({ roles: ['user', 'admin'] }), admin),
      accepted('a role as the text of roles suffices', KEYS, holding({ roles: 'admin' }), admin),
      accepted('a role as the text of role suffices', KEYS, holding({ role: 'admin' }), admin),
      accepted('a role in the list role suffices', KEYS, holding({ role: ['admin'] }), admin),
      accepted(
        'a role in role suffices beside other roles in roles',
        KEYS,
        holding({ roles: ['user'], role: 'admin' }),
        admin,
      ),
      accepted(
        'all of two roles are held',
        WHOLE,
        holding({ roles: ['admin', 'auditor', 'user'] }),
        requiring(['auditor', 'admin']),
      ),
      accepted(
        'a role with a space in it is one role',
        WHOLE,
        holding({ roles: ['site admin'] }),
        requiring(['site admin']),
      ),
      accepted(
        'a text with a space in it is one role',
        WHOLE,
        holding({ role: 'site admin' }),
        requiring(['site admin']),
      ),
      accepted(
        'a role in a claim that the policy names suffices',
        KEYS,
        holding({ [namespaced]: ['admin'] }),
        requiring(['admin'], [namespaced]),
      ),
      accepted(
        'a role in the second claim that the policy names suffices',
        KEYS,
        holding({ groups: ['staff'], [namespaced]: 'admin' }),
        requiring(['admin'], ['groups', namespaced]),
      ),

      missing(
        'a token without roles holds none',
        'a Logto server puts no roles into access tokens by itself',
        holding({}),
      ),
      missing(
        'one of two roles does not suffice',
        WHOLE,
        holding({ roles: ['admin'] }),
        requiring(['admin', 'auditor']),
      ),
      missing(
        'roles do not count when the policy names another claim',
        KEYS,
        holding({ roles: ['admin'], role: 'admin' }),
        requiring(['admin'], [namespaced]),
      ),
      missing(
        'a named claim that the token lacks holds no role',
        KEYS,
        holding({}),
        requiring(['admin'], [namespaced]),
      ),
      missing(
        'a named claim is a name and no path',
        KEYS,
        holding({ realm_access: { roles: ['admin'] } }),
        requiring(['admin'], ['realm_access.roles']),
      ),
      ...[
        ['an empty list', []],
        ['an empty text', ''],
        ['null', null],
        ['true', true],
        ['an object with that name', { admin: true }],
        ['an object with that value', { name: 'admin' }],
        ['a list in a list', [['admin']]],
        ['a list of objects', [{ name: 'admin' }]],
        ['another role', ['administrator']],
        ['a shorter role', ['adm']],
        ['capitals', ['ADMIN']],
        ['a space behind', ['admin ']],
        ['two roles in one text', 'admin user'],
        ['two roles in one text of a list', ['user admin']],
        ['roles with a comma', 'admin,user'],
        ['a star', ['*']],
      ].map(([what, value]) => missing(`roles that are ${what} do not hold admin`, WHOLE, holding({ roles: value }))),
      missing('the number 1 is not the role 1', WHOLE, holding({ roles: [1] }), requiring(['1'])),
      missing('true is not the role true', WHOLE, holding({ roles: [true] }), requiring(['true'])),
      missing('null is not the role null', WHOLE, holding({ roles: [null] }), requiring(['null'])),
      missing(
        'roles of an organization are not roles of the user',
        KEYS,
        holding({ organization_roles: ['8kzczmmn03u2:admin'] }),
      ),
      missing('a role in the scope is no role', KEYS, holding({ scope: 'admin' })),
      missing('a claim called Roles is another claim', KEYS, holding({ Roles: ['admin'] })),
      missing('roles inside __proto__ are no roles of the token', KEYS, inPrototype('{"roles":["admin"]}')),
    ],
  };
}
