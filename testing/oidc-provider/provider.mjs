// The configuration that makes oidc-provider answer the way a Logto server does.

import Provider, { errors } from 'oidc-provider';
import { CLIENTS } from './options.mjs';

const DAY = 86400;
const ORGANIZATION_URN = 'urn:logto:organization:';
const ORGANIZATIONS_RESOURCE = 'urn:logto:resource:organizations';
const ORGANIZATIONS_SCOPE = 'urn:logto:scope:organizations';

export function createProvider(issuer, options, keys, storage) {
  const provider = new Provider(issuer, {
    adapter: storage.adapterFor,
    jwks: { keys: keys.jwks },
    clients: clientsOf(options, keys.alg),
    clientDefaults: { id_token_signed_response_alg: keys.alg },
    enabledJWA: { idTokenSigningAlgValues: ['ES384', 'RS256', 'EdDSA'] },
    cookies: { keys: ['cookie-secret-for-tests-only'] },
    findAccount: (ctx, sub) => accountOf(options, sub),
    scopes: ['openid', 'offline_access', ORGANIZATIONS_SCOPE, 'urn:logto:scope:organization_roles'],
    claims: {
      profile: ['name', 'picture', 'username', 'updated_at', 'created_at'],
      email: ['email', 'email_verified'],
      roles: ['roles'],
      [ORGANIZATIONS_SCOPE]: ['organizations'],
    },
    conformIdTokenClaims: false,
    extraParams: ['organization_id', 'first_screen', 'direct_sign_in', 'identifier'],
    interactions: { url: (ctx, interaction) => `/sign-in/${interaction.uid}` },
    ttl: {
      AccessToken: options.accessTokenLifetime,
      ClientCredentials: options.accessTokenLifetime,
      AuthorizationCode: 60,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: options.refreshTokenLifetime,
      Session: 14 * DAY,
      Grant: 14 * DAY,
    },
    ...(options.rotateRefreshTokens === 'always' ? { rotateRefreshToken: true } : {}),
    extraTokenClaims: (ctx, token) => organizationClaims(ctx, token),
    formats: { customizers: { jwt: writeEmptyScope } },
    // The library shields hosts on the internet from requests to loopback addresses; here everything is on loopback.
    fetch: (url, { dispatcher, ...request }) => fetch(url, request),
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: postsItself },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx, client, granted) => organizationAudience(ctx) ?? granted,
        useGrantedResource: (ctx) => organizationAudience(ctx) !== undefined,
        getResourceServerInfo: (ctx, resource) => resourceServer(ctx, resource, options, keys.alg),
      },
    },
  });
  provider.use(grantOrganizations(options));
  provider.use(tagKeys);
  return provider;
}

function clientsOf(options, alg) {
  const interactive = {
    redirect_uris: options.redirectUris,
    post_logout_redirect_uris: options.postLogoutRedirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: alg,
    ...(options.backchannelLogoutUri === null
      ? {}
      : { backchannel_logout_uri: options.backchannelLogoutUri, backchannel_logout_session_required: true }),
  };
  return [
    { ...CLIENTS.web, ...interactive, token_endpoint_auth_method: 'client_secret_basic' },
    { ...CLIENTS.spa, ...interactive, token_endpoint_auth_method: 'none' },
    {
      ...CLIENTS.machine,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: alg,
    },
  ];
}

function accountOf(options, sub) {
  const [username, user] = Object.entries(options.users).find(([, one]) => one.sub === sub) ?? [];
  if (!user) return undefined;
  const organizations = organizationsOf(options, username);
  return { accountId: sub, claims: () => ({ sub, ...user.claims, organizations }) };
}

const organizationsOf = (options, member) =>
  Object.keys(options.organizations).filter((id) => options.organizations[id].members.includes(member));

/** Who asks: a username, or `machine`. */
function memberOf(ctx, options) {
  const sub = ctx.oidc.account?.accountId;
  if (sub === undefined) return 'machine';
  return Object.keys(options.users).find((username) => options.users[username].sub === sub);
}

const askedOrganization = (ctx) => (ctx.oidc.route === 'token' ? ctx.oidc.body?.organization_id : undefined);

function organizationAudience(ctx) {
  const id = askedOrganization(ctx);
  return id === undefined || ctx.oidc.params.resource ? undefined : ORGANIZATION_URN + id;
}

function resourceServer(ctx, resource, options, alg) {
  const organization = askedOrganization(ctx);
  if (organization !== undefined) demandMembership(ctx, organization, options);
  const scopes = scopesOf(resource, options);
  if (scopes === undefined) throw new errors.InvalidTarget();
  const isMachine = ctx.oidc.params.grant_type === 'client_credentials';
  return {
    scope: scopes.filter((scope) => !isMachine || options.machineScopes.includes(scope)).join(' '),
    audience: resource,
    accessTokenFormat: 'jwt',
    accessTokenTTL: options.accessTokenLifetime,
    jwt: { sign: { alg } },
  };
}

function scopesOf(resource, options) {
  if (resource === ORGANIZATIONS_RESOURCE) return Object.values(options.organizations).flatMap(({ scopes }) => scopes);
  if (resource.startsWith(ORGANIZATION_URN))
    return options.organizations[resource.slice(ORGANIZATION_URN.length)]?.scopes;
  return options.resources[resource];
}

function demandMembership(ctx, organization, options) {
  const { RefreshToken: refreshToken } = ctx.oidc.entities;
  if (refreshToken && !refreshToken.scopes.has(ORGANIZATIONS_SCOPE)) {
    throw forbidden('insufficient_scope', 'refresh token missing required scope');
  }
  if (!organizationsOf(options, memberOf(ctx, options)).includes(organization)) {
    throw forbidden('access_denied', 'user is not a member of the organization');
  }
}

const forbidden = (code, description) =>
  Object.assign(new errors.CustomOIDCProviderError(code, description), { status: 403, statusCode: 403 });

/** A token for a resource inside an organization says so; the organization's own token has it in `aud` alone. */
function organizationClaims(ctx, token) {
  const organization = askedOrganization(ctx);
  if (organization === undefined || String(token.aud).startsWith(ORGANIZATION_URN)) return undefined;
  return { organization_id: organization };
}

/** A Logto server writes `"scope": ""` into users' tokens, and leaves the member out of machines' tokens. */
function writeEmptyScope(ctx, token, jwt) {
  if (token.kind === 'AccessToken') jwt.payload.scope ??= '';
  return jwt;
}

/** Whoever may ask for organizations later gets them granted now, as the library compares the two requests. */
function grantOrganizations(options) {
  return (ctx, next) => {
    if (ctx.path === '/auth' && String(ctx.query.scope).split(' ').includes(ORGANIZATIONS_SCOPE)) {
      const audiences = Object.keys(options.organizations).map((id) => ORGANIZATION_URN + id);
      ctx.query = { ...ctx.query, resource: [...new Set([ctx.query.resource ?? [], audiences].flat())] };
      // The library finds the path that it is mounted at by comparing the two.
      ctx.req.originalUrl = `/oidc${ctx.url}`;
    }
    return next();
  };
}

/** The key set can be asked for conditionally. */
async function tagKeys(ctx, next) {
  await next();
  if (ctx.path !== '/jwks' || ctx.status !== 200) return;
  ctx.set('Cache-Control', 'no-cache, max-age=0, must-revalidate');
  ctx.etag = ctx.body.keys.map(({ kid }) => kid).join('+');
  if (ctx.get('If-None-Match') === ctx.response.get('ETag')) ctx.status = 304;
}

function postsItself(ctx, form) {
  ctx.body = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Sign out</title></head>
<body onload="document.getElementById('op.logoutForm').submit()">
${form}
<input type="hidden" form="op.logoutForm" name="logout" value="yes">
</body>
</html>`;
}
