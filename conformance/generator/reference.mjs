// A second opinion on every case: the rules once more, as short as they can be said, on node:crypto. Not for production use.

import crypto from 'node:crypto';
import { signatureVerifies } from './signing.mjs';

const FAMILIES = {
  ES256: { kty: 'EC', crv: 'P-256', bytes: 64 },
  ES384: { kty: 'EC', crv: 'P-384', bytes: 96 },
  ES512: { kty: 'EC', crv: 'P-521', bytes: 132 },
  ...Object.fromEntries(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((name) => [name, { kty: 'RSA' }])),
  EdDSA: { kty: 'OKP', crv: 'Ed25519', bytes: 64 },
  Ed25519: { kty: 'OKP', crv: 'Ed25519', bytes: 64 },
};
const ORGANIZATION_URN = 'urn:logto:organization:';
const KEYS_TRIED_WITHOUT_KID = 8;

class Refusal extends Error {}

const refuse = (code) => {
  throw new Refusal(code);
};
const demand = (condition, code) => condition || refuse(code);

/** The claims of `token`, or the code of its refusal. */
export function verdict({ token, keySet, policy, now }) {
  try {
    return { claims: verify(token, keySet, policy, now) };
  } catch (error) {
    if (error instanceof Refusal) return { code: error.message };
    throw error;
  }
}

function verify(token, keySet, policy, now) {
  demand(Buffer.byteLength(token) <= 16384 && /^[A-Za-z0-9_.-]*$/.test(token), 'malformed_token');
  const parts = token.split('.');
  demand(parts.length === 3, 'malformed_token');
  const [headerBytes, payloadBytes, signature] = parts.map(decodeStrictly);
  const { alg, kid } = checkHeader(readObject(headerBytes), policy);
  const claims = readObject(payloadBytes);
  checkClaims(claims);
  checkAddressee(claims, policy, now);
  checkSignature({ alg, kid, input: `${parts[0]}.${parts[1]}`, signature }, keySet);
  authorize(claims, policy);
  return claims;
}

function decodeStrictly(part) {
  const bytes = Buffer.from(part, 'base64url');
  demand(bytes.toString('base64url') === part, 'malformed_token');
  return bytes;
}

function readObject(bytes) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text);
    const names = topLevelNames(text);
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (isObject && new Set(names).size === names.length) return new Map(Object.entries(value));
  } catch {
    // Not UTF-8 or not JSON: malformed as well.
  }
  return refuse('malformed_token');
}

function topLevelNames(text) {
  const names = [];
  let depth = 0;
  let previous;
  for (const [lexeme] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/gs)) {
    if ('{['.includes(lexeme)) depth += 1;
    else if ('}]'.includes(lexeme)) depth -= 1;
    else if (lexeme === ':' && depth === 1) names.push(JSON.parse(previous));
    previous = lexeme;
  }
  return names;
}

function checkHeader(header, policy) {
  demand(!header.has('crit') && !header.has('b64'), 'malformed_token');
  const [alg, kid, typ] = ['alg', 'kid', 'typ'].map((name) => header.get(name));
  demand(typeof alg === 'string', 'malformed_token');
  demand(!header.has('kid') || (typeof kid === 'string' && Buffer.byteLength(kid) <= 256), 'malformed_token');
  demand(Object.hasOwn(FAMILIES, alg), 'unsupported_algorithm');
  demand(!policy.algorithms || policy.algorithms.includes(alg === 'Ed25519' ? 'EdDSA' : alg), 'unsupported_algorithm');
  demand(
    typeof typ === 'string' && /^(application\/)?at\+jwt$/.test(typ.replace(/[A-Z]/g, (c) => c.toLowerCase())),
    'wrong_token_type',
  );
  return { alg, kid };
}

function checkClaims(claims) {
  const isString = (value) => typeof value === 'string';
  const isDate = (value) => typeof value === 'number' && Math.abs(value) <= 2 ** 53;
  const aud = claims.get('aud');
  const audienceIsSound = isString(aud) || (Array.isArray(aud) && aud.length > 0 && aud.every(isString));
  const required =
    isString(claims.get('iss')) && isString(claims.get('sub')) && claims.get('sub') !== '' && isDate(claims.get('exp'));
  const optional = (names, isSound) => names.every((name) => !claims.has(name) || isSound(claims.get(name)));
  demand(
    required &&
      audienceIsSound &&
      optional(['nbf', 'iat'], isDate) &&
      optional(['scope', 'client_id', 'jti', 'organization_id'], isString),
    'invalid_claims',
  );
}

function checkAddressee(claims, policy, now) {
  const leeway = policy.clockTolerance ?? 0;
  const audiences = [claims.get('aud')].flat();
  demand(claims.get('iss') === `${policy.logtoUrl.replace(/\/$/, '')}/oidc`, 'invalid_issuer');
  const addressed = policy.audience
    ? audiences.some((audience) => policy.audience.includes(audience))
    : audiences.some((audience) => audience.startsWith(ORGANIZATION_URN));
  demand(addressed, 'invalid_audience');
  demand(claims.get('exp') + leeway > now, 'token_expired');
  demand(!claims.has('nbf') || claims.get('nbf') <= now + leeway, 'token_not_yet_valid');
}

function checkSignature({ alg, kid, input, signature }, keySet) {
  const { kty, crv, bytes } = FAMILIES[alg];
  const named = keySet.keys.filter((jwk) => isUsable(jwk) && (kid === undefined || jwk.kid === kid));
  const fits = (jwk) =>
    jwk.kty === kty && jwk.crv === crv && (kty !== 'RSA' || jwk.alg === undefined || jwk.alg === alg);
  const fitting = named.filter(fits);
  demand(named.length > 0 && (kid !== undefined || fitting.length > 0), 'unknown_key');
  demand(fitting.length > 0, 'unsupported_algorithm');
  demand(bytes === undefined || signature.length === bytes, 'invalid_signature');
  const tried = kid === undefined ? fitting.slice(0, KEYS_TRIED_WITHOUT_KID) : fitting;
  const verifies = (jwk) =>
    signatureVerifies(crypto.createPublicKey({ key: jwk, format: 'jwk' }), alg, input, signature);
  demand(tried.some(verifies), 'invalid_signature');
}

function isUsable(jwk) {
  const text = (name) => typeof jwk[name] === 'string' && /^[A-Za-z0-9_-]+$/.test(jwk[name]);
  const bytes = (name) => Buffer.from(jwk[name], 'base64url');
  if (jwk === null || typeof jwk !== 'object' || 'd' in jwk) return false;
  if ('use' in jwk && jwk.use !== 'sig') return false;
  if ('key_ops' in jwk && !jwk.key_ops.includes('verify')) return false;
  if ('alg' in jwk && !(FAMILIES[jwk.alg]?.kty === jwk.kty && FAMILIES[jwk.alg].crv === jwk.crv)) return false;
  if (jwk.kty === 'RSA') {
    if (!text('n') || !text('e')) return false;
    const [modulus, exponent] = [bytes('n'), bytes('e')].map((number) => BigInt(`0x${number.toString('hex')}`));
    return modulus.toString(2).length >= 2048 && exponent % 2n === 1n && exponent >= 3n;
  }
  const length = jwk.kty === 'EC' ? { 'P-256': 32, 'P-384': 48, 'P-521': 66 }[jwk.crv] : { Ed25519: 32 }[jwk.crv];
  const coordinates = jwk.kty === 'EC' ? ['x', 'y'] : ['x'];
  if (length === undefined || !coordinates.every((name) => text(name) && bytes(name).length === length)) return false;
  try {
    crypto.createPublicKey({ key: jwk, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

function authorize(claims, policy) {
  demand(organizationIsRight(claims, policy), 'wrong_organization');
  const granted = (claims.get('scope') ?? '').split(' ');
  const scopes = policy.requiredScopes ?? [];
  const enough = policy.scopeMode === 'any' ? 'some' : 'every';
  demand(scopes.length === 0 || scopes[enough]((scope) => granted.includes(scope)), 'missing_scope');
  const held = (policy.roleClaimKeys ?? ['roles', 'role']).flatMap((key) => claims.get(key) ?? []);
  demand(
    (policy.requiredRoles ?? []).every((role) => held.includes(role)),
    'missing_role',
  );
  const required = Object.entries(policy.requiredClaims ?? {});
  demand(
    required.every(([name, value]) => claims.has(name) && sameJson(claims.get(name), value)),
    'claim_rejected',
  );
}

function organizationIsRight(claims, { audience, organization }) {
  const held = audience
    ? [claims.get('organization_id')].filter((id) => id !== undefined)
    : [claims.get('aud')]
        .flat()
        .filter((value) => value.startsWith(ORGANIZATION_URN))
        .map((value) => value.slice(ORGANIZATION_URN.length));
  if (organization === undefined) return held.length === 0;
  return organization === 'any' ? held.length > 0 : held.includes(organization);
}

/** JSON equality: the order of members does not count (RFC 8259 §4). */
function sameJson(left, right) {
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return left === right;
  const [leftNames, rightNames] = [Object.keys(left), Object.keys(right)];
  return (
    Array.isArray(left) === Array.isArray(right) &&
    leftNames.length === rightNames.length &&
    leftNames.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]))
  );
}
