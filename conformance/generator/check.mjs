// Holds every case against the reference verifier, and the files against their own format.

import { isDeepStrictEqual } from 'node:util';
import { verdict } from './reference.mjs';

export function textOf(token) {
  if (typeof token === 'string') return token;
  return token.concat.map((piece) => (typeof piece === 'string' ? piece : piece.repeat.repeat(piece.times))).join('');
}

/** What is wrong, one line each. */
export function checkCases(documents, codes) {
  const problems = [];
  const names = new Set();
  for (const [file, { keySets, cases }] of documents) {
    for (const one of cases) {
      const complain = (text) => problems.push(`${file}: ${one.name}: ${text}`);
      if (names.has(one.name)) complain('another case has this name');
      names.add(one.name);
      if (!one.why) complain('it gives no reason');
      if (one.expect !== 'accepted' && !codes.includes(one.expect)) complain(`no such code: ${one.expect}`);
      if (!keySets[one.keySet]) {
        complain(`no such key set: ${one.keySet}`);
        continue;
      }
      for (const difference of differences(one, keySets[one.keySet])) complain(difference);
    }
  }
  return problems;
}

function differences(one, keySet) {
  const { claims, code } = verdict({ token: textOf(one.token), keySet, policy: one.policy, now: one.now });
  const actual = code ?? 'accepted';
  if (actual !== one.expect) return [`expected ${one.expect}, the reference verifier says ${actual}`];
  if (actual !== 'accepted') return [];
  const organizationInAudience = [claims.get('aud')]
    .flat()
    .find((value) => value.startsWith('urn:logto:organization:'));
  const facts = {
    subject: claims.get('sub'),
    scopes: (claims.get('scope') ?? '').split(' ').filter(Boolean),
    organizationId: claims.get('organization_id') ?? organizationInAudience?.split(':').at(-1),
  };
  return Object.entries(facts)
    .filter(([name, value]) => name in one && !isDeepStrictEqual(one[name], value))
    .map(([name, value]) => `${name} is ${JSON.stringify(value)}`);
}
