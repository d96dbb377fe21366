import { unusableKeys } from '../unusable-keys.mjs';
import { accepted, refused } from '../workbench.mjs';

const USABLE = 'an unusable key is skipped, and the rest of the set lives';
const POINT = 'RFC 7518 §6.2.1.2: coordinates are full-length';

export default function keySets(bench) {
  const { keys } = bench;
  const jwk = (name, changes = {}) => ({ ...keys[name].jwk, ...changes });
  const good = jwk('logto-es384');
  const unusable = unusableKeys(bench);
  const nine = Array.from({ length: 9 }, (_, index) => `es256-spare-${index + 1}`);
  const shared = (name, changes) => jwk(name, { kid: 'shared', ...changes });
  const withKid = (key, kid = 'shared') => bench.token({ key, header: { kid } });
  const withoutKid = (key, options) => bench.token({ key, header: { kid: undefined }, ...options });
  const setOf = (...members) => ({ keys: members });

  const sets = {
    rotated: setOf(jwk('rsa-4096'), good),
    previousToo: setOf(jwk('logto-es384'), jwk('previous-es384')),
    withoutKids: setOf(
      jwk('previous-es384', { kid: undefined }),
      jwk('logto-es384', { kid: undefined }),
      jwk('rsa-2048', { kid: undefined }),
    ),
    nine: setOf(...nine.map((name) => jwk(name))),
    nineAmongOthers: setOf(
      jwk('rsa-2048'),
      good,
      ...unusable.slice(0, 6).map(({ member }) => member),
      ...nine.map((name) => jwk(name)),
    ),
    sharedKid: setOf(shared('previous-es384'), shared('logto-es384')),
    sharedKidAcrossFamilies: setOf(shared('rsa-2048'), shared('es256'), shared('logto-es384'), shared('ed25519')),
    sharedKidWithUnusable: setOf(
      shared('previous-es384', { use: 'enc' }),
      { kty: 'oct', kid: 'shared', k: 'AAAA' },
      shared('logto-es384'),
    ),
    sharedKidOfRsa: setOf(shared('foreign-rsa-2048', { alg: 'RS512' }), shared('rsa-2048', { alg: 'RS256' })),
    withStrangeMembers: setOf(null, 7, 'key', [], {}, { kid: good.kid }, { kty: 'EC' }, good),
    withExtras: {
      ...setOf({
        ...good,
        ext: true,
        x5c: ['AAAA'],
        x5u: 'https://attacker.example/',
        nbf: 0,
        use: 'sig',
        key_ops: ['verify'],
      }),
      updated: 'today',
    },
    leadingZero: setOf(jwk('es256-leading-zero')),
    ...Object.fromEntries(unusable.map(({ set, member }) => [set, setOf(member, good)])),
    ...Object.fromEntries(usableVariants(jwk).map(({ set, member }) => [set, setOf(member)])),
  };

  return {
    description: 'Key sets: which keys are usable, and which key a token is held against.',
    keySets: sets,
    cases: [
      accepted(
        'a set after rotation verifies tokens of the new key',
        'the key of the token’s kid',
        bench.token({ key: 'rsa-4096' }),
        { keySet: 'rotated' },
      ),
      accepted(
        'a set after rotation verifies tokens of the previous key',
        'the key of the token’s kid',
        bench.token(),
        { keySet: 'rotated' },
      ),
      refused(
        'unknown_key',
        'a key that left the set verifies nothing any more',
        'the key of the token’s kid',
        bench.token({ key: 'previous-es384' }),
      ),
      refused(
        'unknown_key',
        'a published kid is asked for in its own set only',
        'the key of the token’s kid',
        bench.token({ key: 'es256' }),
      ),
      accepted(
        'the second of two keys of one curve verifies by its kid',
        'RFC 7517 §4.5',
        bench.token({ key: 'previous-es384' }),
        { keySet: 'previousToo' },
      ),
      refused(
        'invalid_signature',
        'with a kid no other key is tried',
        'RFC 7517 §4.5',
        withKid('previous-es384', good.kid),
        { keySet: 'previousToo' },
      ),
      refused('unknown_key', 'a kid is not looked for among keys without one', 'RFC 7517 §4.5', bench.token(), {
        keySet: 'withoutKids',
      }),
      refused(
        'unknown_key',
        'an empty kid is not the kid of keys without one',
        'RFC 7517 §4.5',
        withKid('logto-es384', ''),
        { keySet: 'withoutKids' },
      ),

      accepted('without a kid the only key is tried', 'RFC 7515 §4.1.4: kid is optional', withoutKid('logto-es384')),
      accepted('without a kid every fitting key is tried', 'RFC 7515 §4.1.4', withoutKid('logto-es384'), {
        keySet: 'withoutKids',
      }),
      accepted('without a kid the family decides', 'RFC 7515 §4.1.4', withoutKid('rsa-2048'), {
        keySet: 'withoutKids',
      }),
      refused(
        'unknown_key',
        'without a kid and without a fitting key there is no key',
        'RFC 7515 §4.1.4',
        withoutKid('es512'),
        { keySet: 'withoutKids' },
      ),
      refused(
        'invalid_signature',
        'without a kid a signature by none of the keys is refused',
        'RFC 7515 §5.2',
        withoutKid('foreign-es384'),
        { keySet: 'withoutKids' },
      ),
      accepted(
        'without a kid the eighth fitting key is tried',
        'at most eight keys are tried',
        withoutKid('es256-spare-8'),
        { keySet: 'nine' },
      ),
      refused(
        'invalid_signature',
        'without a kid the ninth fitting key is not tried',
        'at most eight keys are tried',
        withoutKid('es256-spare-9'),
        { keySet: 'nine' },
      ),
      accepted(
        'with a kid the ninth key is found',
        'the limit is for tokens without a kid',
        bench.token({ key: 'es256-spare-9' }),
        { keySet: 'nine' },
      ),
      accepted(
        'keys that do not fit do not count among the eight',
        'at most eight keys are tried',
        withoutKid('es256-spare-8'),
        { keySet: 'nineAmongOthers' },
      ),

      ...['previous-es384', 'logto-es384'].map((key) =>
        accepted(
          `of two keys with one kid and one curve, ${key} verifies`,
          'RFC 7517 §4.5: kids need not be unique',
          withKid(key),
          { keySet: 'sharedKid' },
        ),
      ),
      refused(
        'invalid_signature',
        'two keys with one kid do not make a third',
        'RFC 7517 §4.5',
        withKid('foreign-es384'),
        { keySet: 'sharedKid' },
      ),
      ...['rsa-2048', 'es256', 'logto-es384', 'ed25519'].map((key) =>
        accepted(
          `of four families with one kid, ${key} verifies`,
          'RFC 7517 §4.5: different kty, one kid',
          withKid(key),
          { keySet: 'sharedKidAcrossFamilies' },
        ),
      ),
      refused(
        'unsupported_algorithm',
        'four families with one kid do not make a fifth',
        'RFC 7517 §4.5',
        withKid('es512'),
        { keySet: 'sharedKidAcrossFamilies' },
      ),
      accepted('unusable keys of the same kid do not stand in the way', USABLE, withKid('logto-es384'), {
        keySet: 'sharedKidWithUnusable',
      }),
      refused('invalid_signature', 'an unusable key of the same kid is not tried', USABLE, withKid('previous-es384'), {
        keySet: 'sharedKidWithUnusable',
      }),
      accepted('of two RSA keys with one kid the alg decides', 'RFC 7517 §4.4', withKid('rsa-2048'), {
        keySet: 'sharedKidOfRsa',
      }),
      refused(
        'invalid_signature',
        'of two RSA keys with one kid the other alg is not tried',
        'RFC 7517 §4.4',
        withKid('foreign-rsa-2048'),
        { keySet: 'sharedKidOfRsa' },
      ),

      accepted('members of the set that are no keys are skipped', USABLE, bench.token(), {
        keySet: 'withStrangeMembers',
      }),
      accepted('unknown members of a set and of a key are ignored', 'RFC 7517 §4, §5', bench.token(), {
        keySet: 'withExtras',
      }),
      accepted(
        'a coordinate that starts with a zero byte is full-length',
        POINT,
        bench.token({ key: 'es256-leading-zero' }),
        { keySet: 'leadingZero' },
      ),
      ...usableVariants(jwk).map(({ set, key, what, why }) =>
        accepted(`${what} is usable`, why, bench.token({ key }), { keySet: set }),
      ),
      ...unusable.flatMap(({ set, what, why, token }) => [
        refused('unknown_key', `${what} is not usable`, why, token, { keySet: set }),
        accepted(`beside ${what} the other key works`, USABLE, bench.token(), { keySet: set }),
      ]),
    ],
  };
}

function usableVariants(jwk) {
  return [
    {
      set: 'withoutUse',
      key: 'logto-es384',
      what: 'a key without use',
      why: 'RFC 7517 §4.2: use is optional',
      member: jwk('logto-es384', { use: undefined }),
    },
    {
      set: 'keyOpsVerify',
      key: 'logto-es384',
      what: 'a key with key_ops verify',
      why: 'RFC 7517 §4.3',
      member: jwk('logto-es384', { use: undefined, key_ops: ['verify'] }),
    },
    {
      set: 'keyOpsSignVerify',
      key: 'rsa-2048',
      what: 'a key with key_ops sign and verify',
      why: 'RFC 7517 §4.3',
      member: jwk('rsa-2048', { key_ops: ['sign', 'verify'] }),
    },
    {
      set: 'withoutUseAndAlg',
      key: 'rsa-2048',
      what: 'an RSA key without use and alg',
      why: 'RFC 7517 §4.2, §4.4',
      member: jwk('rsa-2048', { use: undefined }),
    },
  ];
}
