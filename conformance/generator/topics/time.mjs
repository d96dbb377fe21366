import { NOW, accepted, jsonWith, claimsWith, refused, resourcePolicy } from '../workbench.mjs';

const EXPIRY = 'RFC 7519 §4.1.4: the current time is before exp';
const NOT_BEFORE = 'RFC 7519 §4.1.5: the current time is nbf or after';
const FRACTION = 'RFC 7519 §2: a NumericDate may be a fraction';

export default function time(bench) {
  const tolerant = (clockTolerance) => ({ policy: resourcePolicy({ clockTolerance }) });
  const token = (claims) => bench.token({ claims });
  const written = (claim, literal) =>
    bench.token({ rawPayload: jsonWith(claimsWith({ [claim]: undefined }), { last: `"${claim}":${literal}` }) });
  const expired = (name, why, one, facts) => refused('token_expired', name, why, one, facts);
  const early = (name, why, one, facts) => refused('token_not_yet_valid', name, why, one, facts);

  return {
    description: 'Expiry and not-before, to the second, with and without clock tolerance.',
    cases: [
      accepted('a token is accepted one second before it expires', EXPIRY, token({ exp: NOW + 1 })),
      expired('a token is refused in the second in which it expires', EXPIRY, token({ exp: NOW })),
      expired('a token is refused one second after it expires', EXPIRY, token({ exp: NOW - 1 })),
      expired('a token that expired a year ago is refused', EXPIRY, token({ exp: NOW - 31536000 })),
      ...[
        [1, 0],
        [60, 59],
        [300, 299],
      ].map(([tolerance, age]) =>
        accepted(
          `with ${tolerance} s of tolerance a token is accepted ${age} s after it expires`,
          EXPIRY,
          token({ exp: NOW - age }),
          tolerant(tolerance),
        ),
      ),
      ...[1, 60, 300].map((tolerance) =>
        expired(
          `with ${tolerance} s of tolerance a token is refused ${tolerance} s after it expires`,
          EXPIRY,
          token({ exp: NOW - tolerance }),
          tolerant(tolerance),
        ),
      ),
      expired('a tolerance of zero changes nothing', EXPIRY, token({ exp: NOW }), tolerant(0)),
      ...[0, -1, -0.5, -(2 ** 53)].map((exp) => expired(`an exp of ${exp} has passed`, EXPIRY, token({ exp }))),
      ...[2 ** 53, 2 ** 53 - 1].map((exp) =>
        accepted(`an exp of ${exp} lies ahead`, 'the last numbers within ±2⁵³', token({ exp })),
      ),
      accepted(
        'an exp in milliseconds lies ahead',
        'it is a number within ±2⁵³, and the issuer’s to answer for',
        token({ exp: (NOW + 3600) * 1000 }),
      ),
      accepted('an exp half a second ahead is accepted', FRACTION, token({ exp: NOW + 0.5 })),
      expired('an exp half a second ago has passed', FRACTION, token({ exp: NOW - 0.5 })),
      accepted(
        'an exp written with a zero fraction is a number like any other',
        FRACTION,
        written('exp', `${NOW + 1}.0`),
      ),
      expired('an exp of now written with a zero fraction has passed', FRACTION, written('exp', `${NOW}.0`)),
      accepted(
        'an exp written with an exponent is a number like any other',
        'RFC 8259 §6',
        written('exp', '1.795204216e9'),
      ),
      expired('an exp of now written with an exponent has passed', 'RFC 8259 §6', written('exp', '1.795204215E+9')),
      accepted(
        'half a second past the second, a token that expires with the next is accepted',
        FRACTION,
        token({ exp: NOW + 1 }),
        { now: NOW + 0.5 },
      ),
      expired('half a second past exp a token is refused', FRACTION, token({ exp: NOW }), { now: NOW + 0.5 }),
      expired('a token is refused at its fractional exp', FRACTION, token({ exp: NOW + 0.5 }), { now: NOW + 0.5 }),

      accepted('a token is accepted in the second of its nbf', NOT_BEFORE, token({ nbf: NOW })),
      accepted('a token is accepted after its nbf', NOT_BEFORE, token({ nbf: NOW - 1 })),
      early('a token is refused one second before its nbf', NOT_BEFORE, token({ nbf: NOW + 1 })),
      early('a token is refused half a second before its nbf', FRACTION, token({ nbf: NOW + 0.5 })),
      accepted(
        'with 60 s of tolerance a token is accepted 60 s before its nbf',
        NOT_BEFORE,
        token({ nbf: NOW + 60 }),
        tolerant(60),
      ),
      early(
        'with 60 s of tolerance a token is refused 61 s before its nbf',
        NOT_BEFORE,
        token({ nbf: NOW + 61 }),
        tolerant(60),
      ),
      early(
        'with 300 s of tolerance a token is refused 301 s before its nbf',
        NOT_BEFORE,
        token({ nbf: NOW + 301 }),
        tolerant(300),
      ),
      ...[0, -1, -(2 ** 53)].map((nbf) => accepted(`an nbf of ${nbf} has passed`, NOT_BEFORE, token({ nbf }))),
      early('an nbf of 2⁵³ lies ahead', NOT_BEFORE, token({ nbf: 2 ** 53, exp: 2 ** 53 })),
      early('an nbf in milliseconds lies ahead', NOT_BEFORE, token({ nbf: NOW * 1000 })),
      expired(
        'a token whose nbf lies behind its exp is expired first',
        'exp is checked before nbf',
        token({ exp: NOW - 1, nbf: NOW + 60 }),
      ),

      accepted(
        'an iat in the future refuses nothing',
        'RFC 7519 §4.1.6: iat tells the age, no rule is tied to it',
        token({ iat: NOW + 3600 }),
      ),
      accepted('an iat long ago refuses nothing', 'RFC 7519 §4.1.6', token({ iat: 0 })),
      accepted('a fractional iat is accepted', FRACTION, token({ iat: NOW - 0.25 })),
    ],
  };
}
