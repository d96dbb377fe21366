import { CLAIMS, NOW, ORGANIZATION, USER, accepted, refused } from '../workbench.mjs';

const TYPE = 'RFC 9068 §2.1, RFC 8725 §3.11: typ is at+jwt';
const CLIENT = 'alvbbyqt7581j57zqj0gp';

const ID_TOKEN = {
  sub: USER,
  name: 'Alice Example',
  picture: null,
  updated_at: NOW * 1000,
  username: 'alice',
  email: 'alice@example.test',
  email_verified: true,
  roles: ['user-products'],
  organizations: [ORGANIZATION],
  organization_roles: [`${ORGANIZATION}:org-member`],
  nonce: '7607e9f8043aeff3',
  sid: 'TLuE1P1iDrE1mStLQktNyqmje1sf4KM64vgjJfr3zrW',
  aud: CLIENT,
  exp: NOW + 3600,
  iat: NOW,
  iss: CLAIMS.iss,
};
const LOGOUT_TOKEN = {
  sub: USER,
  events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  jti: 'sxWntuEPFXnqmbCZxLmiSz9hhKKXw7Wq8DVAmslBukU',
  sid: 'enI7K4UO4Mg1XPyNE8LS7gaU3ZyBzImNLQi1-Rsz370',
  aud: CLIENT,
  exp: NOW + 120,
  iat: NOW,
  iss: CLAIMS.iss,
};

export default function tokenTypes(bench) {
  const typed = (typ) => bench.token({ header: { typ } });
  const wrong = (name, token, facts) => refused('wrong_token_type', name, TYPE, token, facts);
  const issued = (payload, typ) => bench.token({ header: { typ }, rawPayload: JSON.stringify(payload) });

  return {
    description: 'The type of the token: access tokens only.',
    cases: [
      ...['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'APPLICATION/AT+JWT', 'Application/at+JWT'].map((typ) =>
        accepted(
          `typ ${typ} is an access token`,
          'RFC 9068 §2.1, RFC 7515 §4.1.9: without case, application/ may be left out',
          typed(typ),
        ),
      ),
      wrong('a token without typ is refused', typed(undefined)),
      ...[
        null,
        7,
        true,
        ['at+jwt'],
        { type: 'at+jwt' },
        '',
        ' ',
        'JWT',
        'jwt',
        'at',
        'at+jw',
        'at+jwts',
        'xat+jwt',
        ' at+jwt',
        'at+jwt ',
        'at+jwt\n',
        'at jwt',
        'at-jwt',
        'at%2Bjwt',
        'at+jwt;charset=utf-8',
        'at+jwt,jwt',
        '/at+jwt',
        'text/at+jwt',
        'application/application/at+jwt',
        'application/jwt',
        'application/',
        'applıcation/at+jwt',
        'ａt+jwt',
        'id+jwt',
        'logout+jwt',
        'application/logout+jwt',
        'secevent+jwt',
        'dpop+jwt',
        'token-introspection+jwt',
        'oauth-authz-req+jwt',
        'JOSE',
        'JOSE+JSON',
      ].map((typ) => wrong(`typ ${JSON.stringify(typ)} is no access token`, typed(typ))),

      wrong('an ID token without typ is no access token', issued(ID_TOKEN, undefined)),
      wrong('an ID token with typ JWT is no access token', issued(ID_TOKEN, 'JWT')),
      wrong(
        'an ID token whose audience is the resource is no access token',
        issued({ ...ID_TOKEN, aud: CLAIMS.aud }, undefined),
      ),
      wrong('a logout token is no access token', issued(LOGOUT_TOKEN, 'logout+jwt')),
      wrong(
        'a logout token whose audience is the resource is no access token',
        issued({ ...LOGOUT_TOKEN, aud: CLAIMS.aud }, 'logout+jwt'),
      ),
      wrong(
        'a request object is no access token',
        issued({ iss: CLIENT, aud: CLAIMS.iss, client_id: CLIENT }, 'oauth-authz-req+jwt'),
      ),
      refused(
        'invalid_audience',
        'an ID token that calls itself an access token has the wrong audience',
        'RFC 9068 §4',
        issued(ID_TOKEN, 'at+jwt'),
      ),
      refused(
        'invalid_audience',
        'a logout token that calls itself an access token has the wrong audience',
        'RFC 9068 §4',
        issued(LOGOUT_TOKEN, 'at+jwt'),
      ),
      wrong('typ is looked at before the payload', issued([], 'JWT')),
      wrong(
        'a content type does not stand in for the type',
        bench.token({ header: { typ: undefined, cty: 'at+jwt' } }),
      ),
      wrong(
        'a type in the payload does not stand in for the header’s',
        bench.token({ header: { typ: undefined }, claims: { typ: 'at+jwt' } }),
      ),
    ],
  };
}
