// What the topics are written with: tokens as a Logto server issues them, and cases around them.

import crypto from 'node:crypto';
import { SignatureBook } from './signing.mjs';

export const NOW = 1795204215;
export const LOGTO_URL = 'https://tenant.logto.app';
export const RESOURCE = 'https://api.example.com';
export const USER = 'bc1qcbjxphwr';
export const ORGANIZATION = '8kzczmmn03u2';
export const OTHER_ORGANIZATION = 'q7f4xn2m1b0z';
export const organizationAudience = (id) => `urn:logto:organization:${id}`;

/** The claims of a user's access token for one resource. */
export const CLAIMS = {
  jti: 'YtboHv5WMFRotCASNKRtjgkOOEh_7i0sE0HBjrLOWng',
  sub: USER,
  iat: NOW,
  exp: NOW + 3600,
  scope: 'read:products write:products',
  client_id: 'alvbbyqt7581j57zqj0gp',
  iss: `${LOGTO_URL}/oidc`,
  aud: RESOURCE,
};

export const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest();

export const encode = (bytes) => Buffer.from(bytes).toString('base64url');

/** The standard claims with some changed; a claim set to `undefined` is left out. */
export const claimsWith = (changes) => ({ ...CLAIMS, ...changes });

/** JSON text of an object with literal members in front or behind, for what JSON.stringify would never write. */
export const jsonWith = (object, { first, last }) => {
  const body = JSON.stringify(object).slice(1, -1);
  return `{${[first, body, last].filter(Boolean).join(',')}}`;
};

export class Workbench {
  constructor(keys, signatures = new SignatureBook()) {
    this.keys = keys;
    this.signatures = signatures;
    this.keySets = standardKeySets(keys);
  }

  header(keyName = 'logto-es384', changes = {}) {
    const { algorithm, kid } = this.keys[keyName];
    return { alg: algorithm, typ: 'at+jwt', kid, ...changes };
  }

  /**
   * A signed token. `header` and `claims` change single members; `rawHeader` and `rawPayload` replace the JSON text or bytes;
   * `headerPart` and `payloadPart` replace the encoded parts, which are signed as they stand.
   */
  token({
    key = 'logto-es384',
    header,
    claims,
    rawHeader,
    rawPayload,
    headerPart,
    payloadPart,
    algorithm,
    ...signing
  } = {}) {
    const fullHeader = this.header(key, header);
    const parts = [
      headerPart ?? encode(rawHeader ?? JSON.stringify(fullHeader)),
      payloadPart ?? encode(rawPayload ?? JSON.stringify(claimsWith(claims))),
    ];
    const input = parts.join('.');
    const signingAlgorithm = algorithm ?? fullHeader.alg;
    return `${input}.${encode(this.signatures.sign(this.keys[key], signingAlgorithm, input, signing))}`;
  }

  /** A token whose signature is made by `signature(input)`, or is that text. */
  tokenSigned(signature, { key, header, claims, rawPayload } = {}) {
    const input = [JSON.stringify(this.header(key, header)), rawPayload ?? JSON.stringify(claimsWith(claims))]
      .map(encode)
      .join('.');
    return `${input}.${typeof signature === 'function' ? encode(signature(input)) : signature}`;
  }

  /** `token` with its signature bytes changed by `change`. */
  resigned(token, change) {
    const end = token.lastIndexOf('.') + 1;
    return token.slice(0, end) + encode(change(Buffer.from(token.slice(end), 'base64url')));
  }

  jwks(...names) {
    return { keys: names.map((name) => this.keys[name].jwk) };
  }
}

function standardKeySets(keys) {
  const of = (...names) => ({ keys: names.map((name) => keys[name].jwk) });
  return {
    logto: of('logto-es384'),
    every: of('logto-es384', 'es256', 'es512', 'rsa-2048', 'ed25519'),
  };
}

export const resourcePolicy = (changes = {}) => ({ logtoUrl: LOGTO_URL, audience: [RESOURCE], ...changes });
export const organizationPolicy = (organization, changes = {}) => ({ logtoUrl: LOGTO_URL, organization, ...changes });

const complete = (name, why, token, expect, { keySet = 'logto', policy = resourcePolicy(), now = NOW, ...facts }) => ({
  name,
  why,
  token,
  keySet,
  policy,
  now,
  expect,
  ...facts,
});

/** `facts` may hold `keySet`, `policy`, `now`, and what the caller must see: `subject`, `scopes`, `organizationId`. */
export const accepted = (name, why, token, facts = {}) =>
  complete(name, why, token, 'accepted', { subject: subjectOf(token), ...facts });

export const refused = (code, name, why, token, facts = {}) => complete(name, why, token, code, facts);

const subjectOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub;
