use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use jsonwebtoken::{DecodingKey, Validation};
use logto_authkit_token::{JwkSet, LogtoUrl, Policy, Screened, Timestamp};
use proptest::prelude::*;
use std::sync::LazyLock;
use std::time::SystemTime;

use crate::jose::base64url;

const ISSUER: &str = "https://tenant.logto.app/oidc";
const AUDIENCE: &str = "https://api.example.com";

/// A key pair, and its public half for both implementations.
struct Keys {
    pair: EcdsaKeyPair,
    ours: JwkSet,
    theirs: DecodingKey,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (base64url(x), base64url(y));
    let set = serde_json::json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "x": x, "y": y }] });
    Keys {
        ours: JwkSet::parse(set.to_string().as_bytes()).unwrap(),
        theirs: DecodingKey::from_ec_components(&x, &y).unwrap(),
        pair,
    }
});

fn sign(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", base64url(header.as_bytes()), base64url(payload.as_bytes()));
    let signature = KEYS.pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    format!("{input}.{}", base64url(signature.as_ref()))
}

fn ours_accepts(token: &str, now: i64) -> bool {
    let issuer = LogtoUrl::parse("https://tenant.logto.app").unwrap();
    let policy = Policy::for_resource(AUDIENCE).unwrap();
    Screened::screen(token, &issuer, &policy, Timestamp::from_unix_seconds(now))
        .and_then(|screened| screened.verify(&KEYS.ours))
        .and_then(|signed| policy.authorize(signed.claims()))
        .is_ok()
}

fn theirs_accepts(token: &str) -> bool {
    let mut validation = Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.leeway = 0;
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    jsonwebtoken::decode::<serde_json::Value>(token, &KEYS.theirs, &validation).is_ok()
}

/// A claim's JSON: mostly right, sometimes anything.
fn value(right: impl Into<String>, wrong: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    let right = right.into();
    prop_oneof![
        12 => Just(Some(right)),
        3 => proptest::sample::select(wrong).prop_map(|text| Some(text.to_owned())),
        1 => Just(None),
    ]
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

const ODD: &[&str] =
    &["null", "true", "\"\"", "[]", "{}", "-1", "1e300", "1.5", "\"text\"", "[\"a\",7]", "99999999999"];
/// Without -1: a time before 1970 is a `NumericDate` like any other (RFC 7519 §2), and the other implementation has no sign for it.
const ODD_DATES: &[&str] = &["null", "true", "\"1\"", "[]", "{}", "1e300", "1.5", "99999999999"];
const AUDIENCES: &[&str] = &[
    "\"https://api.example.com/\"",
    "[\"https://api.example.com\",\"x\"]",
    "[\"x\"]",
    "[]",
    "7",
    "{\"0\":\"https://api.example.com\"}",
    "[\"https://api.example.com\",7]",
    "null",
];
const ISSUERS: &[&str] = &[
    "\"https://tenant.logto.app/oidc/\"",
    "[\"https://tenant.logto.app/oidc\"]",
    "\"https://evil.example/oidc\"",
    "null",
    "1",
];
const ALGORITHMS: &[&str] = &["\"none\"", "\"HS256\"", "\"es256\"", "\"ES384\"", "\"RS256\"", "7", "null"];

prop_compose! {
    fn token()(
        alg in value("\"ES256\"", ALGORITHMS),
        typ in value("\"at+jwt\"", ODD),
        kid in value("\"k\"", ODD),
        crit in prop_oneof![20 => Just(None), 1 => Just(Some("[\"exp\"]".to_owned()))],
        iss in value(format!("\"{ISSUER}\""), ISSUERS),
        aud in value(format!("\"{AUDIENCE}\""), AUDIENCES),
        sub in value("\"user\"", ODD),
        exp in value((now() + 3600).to_string(), ODD),
        nbf in value((now() - 60).to_string(), ODD_DATES),
        scope in value("\"read\"", ODD),
        extra in value("{\"a\":1}", ODD),
        repeat in proptest::option::weighted(0.1, 0_usize..7),
        shuffle in any::<u64>(),
        damage in proptest::option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>())),
    ) -> String {
        let object = |members: Vec<(&str, Option<String>)>, repeat: Option<usize>| {
            let mut members: Vec<String> =
                members.into_iter().filter_map(|(name, value)| Some(format!("\"{name}\":{}", value?))).collect();
            if let Some(index) = repeat && let Some(member) = members.get(index).cloned() {
                members.push(member);
            }
            let turn = shuffle as usize % members.len().max(1);
            members.rotate_left(turn);
            format!("{{{}}}", members.join(","))
        };
        let header = object(vec![("alg", alg), ("typ", typ), ("kid", kid), ("crit", crit)], repeat.filter(|index| *index < 3));
        let payload = object(
            vec![("iss", iss), ("aud", aud), ("sub", sub), ("exp", exp), ("nbf", nbf), ("scope", scope), ("x", extra)],
            repeat,
        );
        let mut token = sign(&header, &payload).into_bytes();
        if let Some((index, byte)) = damage {
            let place = index.index(token.len());
            token[place] = byte & 0x7f;
        }
        String::from_utf8(token).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Strictly configured, the other implementation is at least as lenient as ours: what we accept, it accepts.
    #[test]
    fn what_we_accept_the_other_implementation_accepts(token in token()) {
        let (ours, theirs) = (ours_accepts(&token, now()), theirs_accepts(&token));
        prop_assert!(!ours || theirs, "we accept what they refuse: {token}");
    }
}

#[test]
fn the_generated_tokens_are_accepted_and_refused_often_enough_to_say_something() {
    use proptest::strategy::{Strategy as _, ValueTree};
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut both, mut neither, mut stricter) = (0, 0, 0);
    for _ in 0..2000 {
        let token = token().new_tree(&mut runner).unwrap().current();
        match (ours_accepts(&token, now()), theirs_accepts(&token)) {
            (true, true) => both += 1,
            (false, false) => neither += 1,
            (false, true) => stricter += 1,
            (true, false) => panic!("we accept what they refuse: {token}"),
        }
    }
    assert!(
        both > 100 && neither > 400 && stricter > 50,
        "{both} accepted, {neither} refused, {stricter} by us alone"
    );
}
