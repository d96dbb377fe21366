import { USER, accepted, claimsWith, jsonWith, refused, resourcePolicy } from '../workbench.mjs';

const EQUAL = 'a required claim is present and equal as JSON: same type, same value';

export default function customClaims(bench) {
  const holding = (claims) => bench.token({ claims });
  const requiring = (requiredClaims) => ({ policy: resourcePolicy({ requiredClaims }) });
  const rejected = (name, token, requiredClaims) =>
    refused('claim_rejected', name, EQUAL, token, requiring(requiredClaims));

  return {
    description: 'Required custom claims are equal as JSON values.',
    cases: [
      ...[
        ['a text', { plan: 'gold' }],
        ['a number', { level: 3 }],
        ['zero', { level: 0 }],
        ['true', { verified: true }],
        ['false', { suspended: false }],
        ['null', { suspended_at: null }],
        ['an empty text', { note: '' }],
        ['a list', { tags: ['a', 'b'] }],
        ['an object', { nested: { a: [1, 2] } }],
        ['a namespaced name', { 'https://example.com/plan': 'gold' }],
        ['two claims', { plan: 'gold', level: 3 }],
        ['a registered claim', { sub: USER }],
      ].map(([what, claims]) =>
        accepted(`a required claim that is ${what} is met`, EQUAL, holding({ ...claims, extra: 1 }), requiring(claims)),
      ),
      accepted(
        'members of an object may come in another order',
        'RFC 8259 §4: an object is unordered',
        holding({ nested: { a: 1, b: 2 } }),
        requiring({ nested: { b: 2, a: 1 } }),
      ),

      rejected('a required claim that is absent is refused', holding({}), { plan: 'gold' }),
      rejected('a required null that is absent is refused', holding({}), { suspended_at: null }),
      rejected('a required false that is absent is refused', holding({}), { suspended: false }),
      rejected('a required empty text that is absent is refused', holding({}), { note: '' }),
      ...[
        ['gold', 'silver'],
        ['gold', 'Gold'],
        ['gold', 'gold '],
        ['gold', ['gold']],
        [['gold'], 'gold'],
        [
          ['a', 'b'],
          ['b', 'a'],
        ],
        [['a', 'b'], ['a']],
        [['a'], ['a', 'b']],
        [3, '3'],
        ['3', 3],
        [1, true],
        [true, 1],
        [true, 'true'],
        [0, false],
        [0, null],
        [null, false],
        ['', null],
        [[], {}],
        [{}, []],
        [{ a: 1 }, { a: 1, b: 2 }],
        [{ a: 1, b: 2 }, { a: 1 }],
        [{ a: 1 }, { a: '1' }],
      ].map(([required, held]) =>
        rejected(`${JSON.stringify(held)} is not the required ${JSON.stringify(required)}`, holding({ value: held }), {
          value: required,
        }),
      ),
      rejected('one of two required claims does not suffice', holding({ plan: 'gold' }), { plan: 'gold', level: 3 }),
      rejected('a required claim is not looked for one level down', holding({ custom: { plan: 'gold' } }), {
        plan: 'gold',
      }),
      rejected('a required claim is not looked for along a path', holding({ custom: { plan: 'gold' } }), {
        'custom.plan': 'gold',
      }),
      rejected(
        'a required claim is not looked for in __proto__',
        bench.token({ rawPayload: jsonWith(claimsWith({}), { last: '"__proto__":{"plan":"gold"}' }) }),
        { plan: 'gold' },
      ),
      rejected('a required claim of another client is refused', holding({}), { client_id: 'another-client' }),
    ],
  };
}
