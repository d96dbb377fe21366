// What the provider serves. Everything here can be changed by the JSON object that is the first argument of server.mjs.

const DAY = 86400;

export const DEFAULTS = {
  /** 0 takes a free port. */
  port: 0,
  /** The algorithm of the first key: ES384, RS256 or EdDSA. */
  alg: 'ES384',
  /** API resources and their permissions. */
  resources: {
    'https://api.example.com': ['read:products', 'write:products', 'delete:products'],
    'https://second.example.com': ['read:orders'],
  },
  /** Organizations: their own permissions, and those of who is a member. */
  organizations: {
    '8kzczmmn03u2': { scopes: ['read:members', 'invite:members'], members: ['alice', 'machine'] },
    q7f4xn2m1b0z: { scopes: ['read:members'], members: [] },
  },
  /** People by username. `scopes` are the permissions of their roles. */
  users: {
    alice: {
      sub: 'bc1qcbjxphwr',
      password: 'correct horse',
      scopes: ['read:products', 'write:products', 'read:orders', 'read:members', 'invite:members'],
      claims: {
        name: 'Alice Example',
        picture: null,
        username: 'alice',
        email: 'alice@example.test',
        email_verified: true,
        roles: ['user-products'],
      },
    },
    bob: {
      sub: 'l3mfmghjzzz3',
      password: 'battery staple',
      scopes: [],
      claims: {
        name: 'Bob Example',
        picture: null,
        username: 'bob',
        email: 'bob@example.test',
        email_verified: false,
        roles: [],
      },
    },
  },
  /** Permissions of the machine client. */
  machineScopes: ['read:products', 'write:products', 'read:members'],
  redirectUris: ['http://127.0.0.1:4000/auth/sign-in-callback'],
  postLogoutRedirectUris: ['http://127.0.0.1:4000/'],
  /** Where logout tokens go; null sends none. */
  backchannelLogoutUri: null,
  /** 'always' gives a new refresh token at each use, 'logto' does so for public clients and after 70 % of its life. */
  rotateRefreshTokens: 'always',
  /** Lifetimes in seconds. */
  accessTokenLifetime: 3600,
  refreshTokenLifetime: 14 * DAY,
};

/** The defaults with some replaced; a name that means nothing is an error. */
export function readOptions(json) {
  const given = json === undefined ? {} : JSON.parse(json);
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(DEFAULTS, name));
  if (unknown.length > 0) throw new Error(`unknown options: ${unknown.join(', ')}`);
  return { ...DEFAULTS, ...given };
}

export const CLIENTS = {
  web: { client_id: 'alvbbyqt7581j57zqj0gp', client_secret: 'web-secret-for-tests-only' },
  spa: { client_id: 'spa0byqt7581j57zqj0gp' },
  machine: { client_id: '7mm3z4hsqdd4djdoju8v4', client_secret: 'machine-secret-for-tests-only' },
};
