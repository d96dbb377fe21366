import { RESOURCE, accepted, refused, resourcePolicy } from '../workbench.mjs';

const ISSUER = 'RFC 9068 §4: the issuer is compared exactly';
const AUDIENCE = 'RFC 9068 §4: aud names this resource';

export default function audienceAndIssuer(bench) {
  const token = (claims) => bench.token({ claims });
  const policy = (changes) => ({ policy: resourcePolicy(changes) });
  const stranger = (iss, facts) =>
    refused('invalid_issuer', `the issuer ${JSON.stringify(iss)} is another one`, ISSUER, token({ iss }), facts);
  const elsewhere = (aud, facts) =>
    refused('invalid_audience', `the audience ${JSON.stringify(aud)} is another one`, AUDIENCE, token({ aud }), facts);
  const second = 'https://second.example.com';
  const both = policy({ audience: [RESOURCE, second] });

  return {
    description: 'Issuer and audience are compared byte for byte.',
    cases: [
      accepted('the issuer of the endpoint is accepted', ISSUER, token({ iss: 'https://tenant.logto.app/oidc' })),
      accepted(
        'an endpoint written with a slash behind has the same issuer',
        'the issuer has one slash before oidc',
        token(),
        policy({ logtoUrl: 'https://tenant.logto.app/' }),
      ),
      accepted(
        'an endpoint with a port has its issuer',
        ISSUER,
        token({ iss: 'https://auth.example.com:8443/oidc' }),
        policy({ logtoUrl: 'https://auth.example.com:8443' }),
      ),
      accepted(
        'an endpoint below a path has its issuer',
        ISSUER,
        token({ iss: 'https://example.com/auth/oidc' }),
        policy({ logtoUrl: 'https://example.com/auth' }),
      ),
      accepted(
        'an endpoint on loopback has its issuer',
        ISSUER,
        token({ iss: 'http://127.0.0.1:3001/oidc' }),
        policy({ logtoUrl: 'http://127.0.0.1:3001' }),
      ),
      ...[
        '',
        ' https://tenant.logto.app/oidc',
        'https://tenant.logto.app/oidc ',
        'https://tenant.logto.app/oidc/',
        'https://tenant.logto.app/oidc/.',
        'https://tenant.logto.app/oidc#',
        'https://tenant.logto.app/oidc?',
        'https://tenant.logto.app//oidc',
        'https://tenant.logto.app/',
        'https://tenant.logto.app',
        'https://tenant.logto.app:443/oidc',
        'https://tenant.logto.app/OIDC',
        'https://TENANT.logto.app/oidc',
        'HTTPS://tenant.logto.app/oidc',
        'http://tenant.logto.app/oidc',
        'tenant.logto.app/oidc',
        'https://tenant.logto.app./oidc',
        'https://tenant.logto.app/%6Fidc',
        'https://tenant.logto.app/x/../oidc',
        'https://other.logto.app/oidc',
        'https://tenant.logto.app.attacker.example/oidc',
        'https://attacker.example/https://tenant.logto.app/oidc',
        'https://tenant.logto.app@attacker.example/oidc',
        'https://tenant.logto.app/oidc\u0000',
        'https://tеnant.logto.app/oidc',
      ].map((iss) => stranger(iss)),

      accepted('an audience as a string is accepted', AUDIENCE, token({ aud: RESOURCE })),
      accepted('an audience as a list of one is accepted', 'RFC 7519 §4.1.3', token({ aud: [RESOURCE] })),
      accepted('an audience among others is accepted, in front', 'RFC 7519 §4.1.3', token({ aud: [RESOURCE, second] })),
      accepted('an audience among others is accepted, behind', 'RFC 7519 §4.1.3', token({ aud: [second, RESOURCE] })),
      accepted('a policy of two audiences admits the first', AUDIENCE, token({ aud: RESOURCE }), both),
      accepted('a policy of two audiences admits the second', AUDIENCE, token({ aud: second }), both),
      accepted(
        'an audience with a slash behind is compared with it',
        'RFC 8707 §2: the identifier as registered',
        token({ aud: 'https://api.example.com/' }),
        policy({ audience: ['https://api.example.com/'] }),
      ),
      accepted(
        'an audience that is no URL is compared whole',
        'RFC 8707 §2',
        token({ aud: 'urn:example:api' }),
        policy({ audience: ['urn:example:api'] }),
      ),
      refused(
        'invalid_audience',
        'a policy of two audiences refuses a third',
        AUDIENCE,
        token({ aud: 'https://third.example.com' }),
        both,
      ),
      refused(
        'invalid_audience',
        'an audience without the slash that the policy has is another one',
        'RFC 8707 §2',
        token({ aud: 'https://api.example.com' }),
        policy({ audience: ['https://api.example.com/'] }),
      ),
      ...[
        '',
        'https://api.example.com/',
        ' https://api.example.com',
        'https://api.example.com ',
        'https://api.example.com https://second.example.com',
        'https://second.example.com,https://api.example.com',
        'https://api.example.co',
        'https://api.example.com.attacker.example',
        'https://api.example.comx',
        'https://API.example.com',
        'http://api.example.com',
        'https://api.example.com:443',
        'https://api.example.com/v1',
        'api.example.com',
        '*',
        'https://*.example.com',
        'alvbbyqt7581j57zqj0gp',
        'https://tenant.logto.app/api',
        'https://tenant.logto.app/oidc',
        ['https://second.example.com', 'https://third.example.com'],
        ['https://api.example.com/', ''],
      ].map((aud) => elsewhere(aud)),
    ],
  };
}
