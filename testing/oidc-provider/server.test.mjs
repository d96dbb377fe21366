import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Browser } from './testing/browser.mjs';
import { DrivenServer } from './testing/driven-server.mjs';

const ORGANIZATION = '8kzczmmn03u2';
const SCOPES =
  'openid offline_access profile read:products write:products delete:products read:members urn:logto:scope:organizations';

let server;
let info;
const logoutTokens = [];
const logoutListener = http.createServer((request, response) => {
  const parts = [];
  request
    .on('data', (part) => parts.push(part))
    .on('end', () => {
      logoutTokens.push(new URLSearchParams(Buffer.concat(parts).toString()).get('logout_token'));
      response.writeHead(200).end();
    });
});

before(async () => {
  await once(logoutListener.listen(0, '127.0.0.1'), 'listening');
  const backchannelLogoutUri = `http://127.0.0.1:${logoutListener.address().port}/logout`;
  server = await DrivenServer.start({ backchannelLogoutUri });
  info = server.info;
});
after(async () => {
  await server?.stop();
  logoutListener.close();
});

const at = (path) => info.issuer + path;
const keySet = async () => (await (await fetch(at('/jwks'))).json()).keys;
const basic = ({ client_id, client_secret }) => ({ authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` });

async function token(parameters, client) {
  const body = new URLSearchParams(client.client_secret ? parameters : { ...parameters, client_id: client.client_id });
  const response = await fetch(at('/token'), {
    method: 'POST',
    headers: client.client_secret ? basic(client) : {},
    body,
  });
  return { status: response.status, ...(await response.json()) };
}

const machineToken = (parameters = { resource: info.resource, scope: 'read:products delete:products' }) =>
  token({ grant_type: 'client_credentials', ...parameters }, info.clients.machine);

const part = (jwt, index) => JSON.parse(Buffer.from(jwt.split('.')[index], 'base64url'));

async function verified(jwt) {
  const { alg, kid } = part(jwt, 0);
  const jwk = (await keySet()).find((one) => one.kid === kid);
  const [input, signature] = [jwt.slice(0, jwt.lastIndexOf('.')), jwt.slice(jwt.lastIndexOf('.') + 1)];
  const key = { key: crypto.createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  const hash = { ES384: 'sha384', RS256: 'sha256', EdDSA: null }[alg];
  assert.ok(
    crypto.verify(hash, Buffer.from(input), key, Buffer.from(signature, 'base64url')),
    'the signature verifies',
  );
  return { header: part(jwt, 0), claims: part(jwt, 1) };
}

async function signedIn({ client = info.clients.web, username = 'alice', changes = {} } = {}) {
  const verifier = crypto.randomBytes(32).toString('base64url');
  const [redirect_uri] = client.redirect_uris;
  const query = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri,
    response_type: 'code',
    scope: SCOPES,
    state: 'a-state',
    nonce: 'a-nonce',
    prompt: 'consent',
    resource: info.resource,
    code_challenge: crypto.createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  });
  const browser = new Browser();
  const { password } = info.users[username];
  const callback = await browser.signIn(`${at('/auth')}?${query}`, { username, password }, redirect_uri);
  const code = callback.searchParams.get('code');
  const exchange = (parameters = {}) =>
    token({ grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, ...parameters }, client);
  return { browser, callback, client, exchange };
}

const refresh = (client, refresh_token, parameters = {}) =>
  token({ grant_type: 'refresh_token', refresh_token, ...parameters }, client);

test('discovery names the endpoints of a Logto server', async () => {
  const document = await (await fetch(at('/.well-known/openid-configuration'))).json();
  assert.equal(document.issuer, info.issuer);
  assert.equal(info.issuer, `${info.logto_url}/oidc`);
  for (const [member, path] of Object.entries({
    authorization_endpoint: '/auth',
    token_endpoint: '/token',
    userinfo_endpoint: '/me',
    jwks_uri: '/jwks',
    end_session_endpoint: '/session/end',
    introspection_endpoint: '/token/introspection',
    revocation_endpoint: '/token/revocation',
  })) {
    assert.equal(document[member], at(path), member);
  }
  assert.deepEqual(document.code_challenge_methods_supported, ['S256']);
  assert.equal(document.backchannel_logout_session_supported, true);
  assert.equal(document.authorization_response_iss_parameter_supported, true);
});

test('the key set holds the signing key and answers 304 to its ETag', async () => {
  const response = await fetch(at('/jwks'));
  assert.match(response.headers.get('content-type'), /^application\/jwk-set\+json/);
  const { keys } = await response.json();
  assert.equal(keys[0].kid, info.kid);
  assert.deepEqual(Object.keys(keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  const again = await fetch(at('/jwks'), { headers: { 'if-none-match': response.headers.get('etag') } });
  assert.equal(again.status, 304);
});

describe('client credentials', () => {
  test('give an access token of type at+jwt that verifies against the key set', async () => {
    const { access_token, status } = await machineToken();
    assert.equal(status, 200);
    const { header, claims } = await verified(access_token);
    assert.deepEqual(header, { alg: 'ES384', typ: 'at+jwt', kid: info.kid });
    const { client_id } = info.clients.machine;
    const { jti, iat, exp, ...rest } = claims;
    assert.deepEqual(rest, { sub: client_id, client_id, iss: info.issuer, aud: info.resource, scope: 'read:products' });
    assert.equal(exp - iat, 3600);
    assert.equal(typeof jti, 'string');
  });

  test('leave scope out when none is granted', async () => {
    const { access_token } = await machineToken({ resource: info.resource });
    assert.equal('scope' in part(access_token, 1), false);
  });

  test('give a token of an organization, and of a resource inside it', async () => {
    const organization = { organization_id: ORGANIZATION, scope: 'read:members read:products' };
    const itself = part((await machineToken(organization)).access_token, 1);
    assert.equal(itself.aud, `urn:logto:organization:${ORGANIZATION}`);
    assert.equal(itself.scope, 'read:members');
    assert.equal('organization_id' in itself, false);
    const inside = part((await machineToken({ ...organization, resource: info.resource })).access_token, 1);
    assert.equal(inside.aud, info.resource);
    assert.equal(inside.organization_id, ORGANIZATION);
    const stranger = await machineToken({ organization_id: 'q7f4xn2m1b0z' });
    assert.deepEqual([stranger.status, stranger.error], [403, 'access_denied']);
  });

  test('know no other resource, to the slash', async () => {
    const { status, error } = await machineToken({ resource: `${info.resource}/` });
    assert.deepEqual([status, error], [400, 'invalid_target']);
  });

  test('refuse a wrong secret', async () => {
    const { status, error } = await token(
      { grant_type: 'client_credentials' },
      { ...info.clients.machine, client_secret: 'wrong' },
    );
    assert.deepEqual([status, error], [401, 'invalid_client']);
  });
});

describe('the authorization-code flow', () => {
  test('works by plain HTTP', async () => {
    const { callback, exchange } = await signedIn();
    assert.equal(callback.searchParams.get('state'), 'a-state');
    assert.equal(callback.searchParams.get('iss'), info.issuer);
    const tokens = await exchange({ resource: info.resource });
    const access = await verified(tokens.access_token);
    assert.equal(access.header.typ, 'at+jwt');
    assert.equal(access.claims.sub, info.users.alice.sub);
    assert.equal(access.claims.scope, 'read:products write:products');
    const id = await verified(tokens.id_token);
    assert.deepEqual(
      [id.claims.aud, id.claims.nonce, id.claims.name, id.claims.organizations],
      [info.clients.web.client_id, 'a-nonce', 'Alice Example', [ORGANIZATION]],
    );
    assert.equal('typ' in id.header, false);
    assert.equal(typeof tokens.refresh_token, 'string');
  });

  test('gives an opaque token without a resource', async () => {
    const { exchange } = await signedIn();
    const { access_token, id_token } = await exchange();
    assert.equal(access_token.length, 43);
    assert.equal(part(id_token, 1).name, 'Alice Example');
    const me = await fetch(at('/me'), { headers: { authorization: `Bearer ${access_token}` } });
    assert.equal((await me.json()).sub, info.users.alice.sub);
    const introspection = await fetch(at('/token/introspection'), {
      method: 'POST',
      headers: basic(info.clients.web),
      body: new URLSearchParams({ token: access_token }),
    });
    assert.equal((await introspection.json()).active, true);
  });

  test('writes an empty scope for a user without permissions', async () => {
    const { exchange } = await signedIn({ username: 'bob' });
    assert.equal(part((await exchange({ resource: info.resource })).access_token, 1).scope, '');
  });

  test('gives no refresh token without consent', async () => {
    const { exchange } = await signedIn({ changes: { prompt: 'login' } });
    assert.equal((await exchange()).refresh_token, undefined);
  });

  test('shows the form again after a wrong password', async () => {
    const query = new URLSearchParams({
      client_id: info.clients.web.client_id,
      redirect_uri: info.clients.web.redirect_uris[0],
      response_type: 'code',
      scope: 'openid',
    });
    const browser = new Browser();
    const page = await browser.open(`${at('/auth')}?${query}`);
    const answer = await browser.request(page.url, {
      method: 'POST',
      body: new URLSearchParams({ username: 'alice', password: 'wrong' }),
    });
    assert.equal(answer.status, 401);
  });

  test('demands PKCE of the public client', async () => {
    const { callback } = await signedIn({
      client: info.clients.spa,
      changes: { code_challenge: '', code_challenge_method: '' },
    });
    assert.equal(callback.searchParams.get('error'), 'invalid_request');
  });
});

describe('refreshing', () => {
  test('rotates the refresh token, and revokes the grant when an old one comes back', async () => {
    const { client, exchange } = await signedIn({ client: info.clients.spa });
    const first = await exchange();
    const second = await refresh(client, first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal((await refresh(client, first.refresh_token)).error, 'invalid_grant');
    assert.equal((await refresh(client, second.refresh_token)).error, 'invalid_grant');
  });

  test('gives tokens for a resource, an organization, and the one inside the other', async () => {
    const { client, exchange } = await signedIn();
    let { refresh_token } = await exchange();
    const refreshed = async (parameters) => {
      const tokens = await refresh(client, refresh_token, parameters);
      assert.equal(tokens.status, 200, JSON.stringify(tokens));
      ({ refresh_token } = tokens);
      const { aud, scope, organization_id } = (await verified(tokens.access_token)).claims;
      return { aud, scope, organization_id };
    };
    assert.deepEqual(await refreshed({ resource: info.resource }), {
      aud: info.resource,
      scope: 'read:products write:products',
      organization_id: undefined,
    });
    assert.deepEqual(await refreshed({ organization_id: ORGANIZATION }), {
      aud: `urn:logto:organization:${ORGANIZATION}`,
      scope: 'read:members',
      organization_id: undefined,
    });
    assert.deepEqual(await refreshed({ resource: info.resource, organization_id: ORGANIZATION }), {
      aud: info.resource,
      scope: 'read:products write:products',
      organization_id: ORGANIZATION,
    });
  });

  test('refuses resources that were not asked for at sign-in, and organizations of others', async () => {
    const { client, exchange } = await signedIn();
    const { refresh_token } = await exchange();
    const other = await refresh(client, refresh_token, { resource: 'https://second.example.com' });
    assert.deepEqual([other.status, other.error], [400, 'invalid_target']);
    const again = await (await signedIn()).exchange();
    const stranger = await refresh(client, again.refresh_token, { organization_id: 'q7f4xn2m1b0z' });
    assert.deepEqual([stranger.status, stranger.error], [403, 'access_denied']);
  });

  test('refuses organizations without their scope', async () => {
    const { client, exchange } = await signedIn({ changes: { scope: 'openid offline_access read:members' } });
    const { refresh_token } = await exchange();
    const { status, error } = await refresh(client, refresh_token, { organization_id: ORGANIZATION });
    assert.deepEqual([status, error], [403, 'insufficient_scope']);
  });
});

test('signing out ends the session and sends a logout token', async () => {
  const { browser, client, exchange } = await signedIn();
  const { id_token } = await exchange();
  const arrived = once(logoutListener, 'request');
  const [post_logout_redirect_uri] = client.post_logout_redirect_uris;
  const query = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri, state: 'bye' });
  const page = await browser.open(`${at('/session/end')}?${query}`);
  const left = await browser.submit(page);
  assert.equal(left.headers.get('location'), `${post_logout_redirect_uri}?state=bye`);
  await arrived;
  const { header, claims } = await verified(logoutTokens.at(-1));
  assert.equal(header.typ, 'logout+jwt');
  assert.equal(claims.sid, part(id_token, 1).sid);
});

describe('the commands', () => {
  test('rotate changes the key that signs and keeps the previous one published', async () => {
    const before = (await machineToken()).access_token;
    const reply = await server.command({ cmd: 'rotate', alg: 'ES384', keepPrevious: true });
    const after = (await machineToken()).access_token;
    assert.notEqual(part(after, 0).kid, part(before, 0).kid);
    assert.equal(part(after, 0).kid, reply.kid);
    assert.deepEqual(
      (await keySet()).map(({ kid }) => kid),
      reply.kids,
    );
    await verified(before);
    await verified(after);
  });

  test('rotate switches to RSA, which is published without alg', async () => {
    const { kid } = await server.command({ cmd: 'rotate', alg: 'RS256', keepPrevious: true });
    const { header } = await verified((await machineToken()).access_token);
    assert.deepEqual(header, { alg: 'RS256', typ: 'at+jwt', kid });
    const [key] = await keySet();
    assert.deepEqual(Object.keys(key).sort(), ['e', 'kid', 'kty', 'n', 'use']);
    const { exchange } = await signedIn();
    assert.equal((await verified((await exchange()).id_token)).header.alg, 'RS256');
  });

  test('rotate switches to Ed25519 and takes the previous key away', async () => {
    const { kids } = await server.command({ cmd: 'rotate', alg: 'EdDSA', keepPrevious: false });
    assert.equal(kids.length, 1);
    assert.equal((await keySet()).length, 1);
    const { header } = await verified((await machineToken()).access_token);
    assert.equal(header.alg, 'EdDSA');
  });

  test('rotate leaves sessions and refresh tokens alone', async () => {
    const { client, exchange } = await signedIn();
    const { refresh_token } = await exchange();
    await server.command({ cmd: 'rotate', alg: 'ES384', keepPrevious: false });
    const { id_token } = await refresh(client, refresh_token);
    assert.equal((await verified(id_token)).header.alg, 'ES384');
  });

  test('down refuses connections until up, on the same port', async () => {
    await server.command({ cmd: 'down' });
    await assert.rejects(fetch(at('/jwks')));
    await server.command({ cmd: 'down' });
    await server.command({ cmd: 'up' });
    assert.equal((await fetch(at('/jwks'))).status, 200);
  });

  test('counters count requests by path', async () => {
    const before = (await server.command({ cmd: 'counters' })).counters['/oidc/jwks'];
    await keySet();
    await keySet();
    const { counters } = await server.command({ cmd: 'counters' });
    assert.equal(counters['/oidc/jwks'], before + 2);
  });

  test('an unknown command or algorithm is answered and harms nothing', async () => {
    for (const command of [{ cmd: 'fly' }, { cmd: 'rotate', alg: 'HS256' }, 7]) {
      assert.equal((await server.reply(command)).ok, false);
    }
    assert.equal((await machineToken()).status, 200);
  });
});

test('the server ends when its standard input does, and on stop', async () => {
  for (const end of [(one) => one.closeInput(), (one) => one.command({ cmd: 'stop' })]) {
    const one = await DrivenServer.start();
    await end(one);
    assert.equal(await one.exitCode, 0);
  }
});

test('options replace the defaults, and unknown ones are refused', async () => {
  const one = await DrivenServer.start({ resources: { 'https://shop.example': ['buy'] }, alg: 'EdDSA' });
  assert.deepEqual([one.info.resource, one.info.alg], ['https://shop.example', 'EdDSA']);
  await one.stop();
  await assert.rejects(DrivenServer.start({ resource: 'x' }));
});
