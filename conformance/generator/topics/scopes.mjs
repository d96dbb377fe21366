import { accepted, jsonWith, claimsWith, refused, resourcePolicy } from '../workbench.mjs';

const WHOLE = 'RFC 6749 §3.3: scopes are separated by spaces and compared whole, with case';

export default function scopes(bench) {
  const holding = (scope) => bench.token({ claims: { scope } });
  const requiring = (requiredScopes, scopeMode) => ({ policy: resourcePolicy({ requiredScopes, scopeMode }) });
  const missing = (name, why, token, facts) => refused('missing_scope', name, why, token, facts);
  const unlike = (granted, required) =>
    missing(`${JSON.stringify(granted)} does not hold ${required}`, WHOLE, holding(granted), requiring([required]));

  return {
    description: 'Required scopes: all or any of them, compared whole.',
    cases: [
      accepted('a scope that is held suffices', WHOLE, holding('read:products'), {
        ...requiring(['read:products']),
        scopes: ['read:products'],
      }),
      accepted('a scope among others suffices', WHOLE, holding('write:products read:products delete:products'), {
        ...requiring(['read:products']),
        scopes: ['write:products', 'read:products', 'delete:products'],
      }),
      accepted(
        'all scopes are held',
        WHOLE,
        holding('write:products read:products'),
        requiring(['read:products', 'write:products']),
      ),
      accepted(
        'all scopes are held and the mode says so',
        WHOLE,
        holding('write:products read:products'),
        requiring(['read:products', 'write:products'], 'all'),
      ),
      accepted(
        'any of the scopes suffices, the first',
        WHOLE,
        holding('read:products'),
        requiring(['read:products', 'write:products'], 'any'),
      ),
      accepted(
        'any of the scopes suffices, the last',
        WHOLE,
        holding('write:products'),
        requiring(['read:products', 'write:products'], 'any'),
      ),
      accepted('spaces around and between scopes do not count', WHOLE, holding('  read:products   write:products '), {
        ...requiring(['read:products', 'write:products']),
        scopes: ['read:products', 'write:products'],
      }),
      accepted(
        'a scope with a colon, slashes and dots is one scope',
        WHOLE,
        holding('https://api.example.com/read.all'),
        requiring(['https://api.example.com/read.all']),
      ),
      accepted(
        'a scope written with escapes is read',
        'RFC 8259 §7',
        bench.token({
          rawPayload: jsonWith(claimsWith({ scope: undefined }), {
            last: '"scope":"re\\u0061d:products\\u0020write:products"',
          }),
        }),
        {
          ...requiring(['read:products', 'write:products']),
          scopes: ['read:products', 'write:products'],
        },
      ),

      missing(
        'all is the default: one of two scopes does not suffice',
        WHOLE,
        holding('read:products'),
        requiring(['read:products', 'write:products']),
      ),
      missing(
        'all: one of two scopes does not suffice',
        WHOLE,
        holding('write:products'),
        requiring(['read:products', 'write:products'], 'all'),
      ),
      missing(
        'any: none of two scopes does not suffice',
        WHOLE,
        holding('delete:products'),
        requiring(['read:products', 'write:products'], 'any'),
      ),
      missing(
        'a token without scope holds none',
        'what a Logto server sends to machines without a grant',
        bench.token({ claims: { scope: undefined } }),
        requiring(['read:products']),
      ),
      missing(
        'a token without scope holds none of any',
        WHOLE,
        bench.token({ claims: { scope: undefined } }),
        requiring(['read:products', 'write:products'], 'any'),
      ),
      unlike('', 'read:products'),
      unlike(' ', 'read:products'),
      unlike('read:products:all', 'read:products'),
      unlike('read:product', 'read:products'),
      unlike('read', 'read:products'),
      unlike('read:all', 'read'),
      unlike('thread', 'read'),
      unlike('unread:products', 'read:products'),
      unlike('READ:PRODUCTS', 'read:products'),
      unlike('read:products,write:products', 'read:products'),
      unlike('read:products+write:products', 'read:products'),
      unlike('read:products\twrite:products', 'read:products'),
      unlike('read:products\nwrite:products', 'read:products'),
      unlike('read:products\u00a0write:products', 'read:products'),
      unlike('read:*', 'read:products'),
      unlike('*', 'read:products'),
      unlike('openid offline_access', 'read:products'),
      unlike('read:рroducts', 'read:products'),
      ...['scopes', 'scp', 'permissions'].flatMap((claim) => [
        missing(
          `a list of scopes in ${claim} is not the token’s scope`,
          'RFC 8693 §4.2: the claim is called scope',
          bench.token({ claims: { scope: '', [claim]: ['read:products'] } }),
          requiring(['read:products']),
        ),
        missing(
          `a text of scopes in ${claim} is not the token’s scope`,
          'RFC 8693 §4.2: the claim is called scope',
          bench.token({ claims: { scope: '', [claim]: 'read:products' } }),
          requiring(['read:products']),
        ),
      ]),
      missing(
        'a scope of that name inside another claim counts for nothing',
        'RFC 8693 §4.2',
        bench.token({ claims: { scope: '', act: { scope: 'read:products' } } }),
        requiring(['read:products']),
      ),
    ],
  };
}
