//! What holds for every input that somebody outside can write: of `return_to`, of cookies, and of sealed texts.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use logto_authkit_token::Timestamp;
use proptest::prelude::*;
use url::Url;

use crate::LogtoConfig;
use crate::callback::error_code;
use crate::cookies;
use crate::key_ring::KeyRing;
use crate::pending::PendingSignIn;
use crate::return_to::return_to;

const BASES: [&str; 4] =
    ["https://app.example.com", "http://localhost:4000", "http://[::1]:4000", "https://app.example.com:8443"];
const SECRET: &str = "thirty-two random bytes, or more of them";
const NOW: i64 = 1_795_204_215;
/// So many pending sign-ins a browser may have.
const MOST_PENDING: usize = 5;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn config() -> LogtoConfig {
    let builder = LogtoConfig::builder("https://tenant.logto.app", "app").base_url(BASES[0]).cookie_name("s");
    builder.sealing_key(SECRET).build().unwrap()
}

fn begin(config: &LogtoConfig) -> PendingSignIn {
    PendingSignIn::begin(config.redirect_uri(), "/".to_owned(), "openid".to_owned(), at(NOW)).unwrap()
}

/// The name and the value that a `Set-Cookie` header sets.
fn set_by(header: &HeaderValue) -> (String, String) {
    let (name, value) = header.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
    (name.to_owned(), value.to_owned())
}

/// The names of the cookies of a line. What is no ASCII is another application's.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let pairs = line.split(';').filter(|pair| pair.is_ascii()).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, _)| name.trim_matches([' ', '\t']))
}

fn request(lines: &[String]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.iter().filter_map(|line| HeaderValue::from_bytes(line.as_bytes()).ok()) {
        headers.append(COOKIE, line);
    }
    headers
}

/// Texts in which what leads away is frequent.
fn target() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(vec![
            "/", "//", "\\", ".", "..", "%2e", "%2F", "%5c", "?", "#", "@", ":", "&", "=", "\t", "\n", "\r", "\0", " ",
            "\u{7f}", "\u{a0}", "\u{2028}", "/\u{2f}", "https:", "http://", "javascript:", "evil.example", "a", "é",
            "app.example.com", "[::1]", ":4000", "\"", "<", "{", "^", "|", "'",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Pairs of which some look like ours.
fn cookie_lines() -> impl Strategy<Value = Vec<String>> {
    let name = prop_oneof![
        proptest::sample::select(vec![
            "__Host-s",
            "__Host-s.0",
            "__Host-s.1",
            "__Host-s_pending_",
            "s",
            "",
            "a"
        ])
        .prop_map(str::to_owned),
        "__Host-s_pending_[A-Za-z0-9_-]{1,16}",
        "__Host-s_pending_[ -~]{0,8}",
    ];
    // What is no ASCII is another application's.
    let value = prop_oneof![4 => "[ -~\\t]{0,12}", 1 => "[ -~éß]{0,12}"];
    let pair = (name, value, "[ \\t]{0,2}")
        .prop_map(|(name, value, blank)| format!("{blank}{name}{blank}={blank}{value}"));
    let line = proptest::collection::vec(pair, 0..8).prop_map(|pairs| pairs.join(";"));
    proptest::collection::vec(line, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn return_to_stays_on_the_applications_origin(wanted in target(), slash in any::<bool>()) {
        let wanted = if slash { format!("/{wanted}") } else { wanted };
        for base in BASES {
            let base = Url::parse(base).unwrap();
            let path = return_to(Some(&wanted), &base);
            prop_assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
            prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{path:?}");
            let written = format!("{}{path}", base.as_str().trim_end_matches('/'));
            for found in [base.join(&path).unwrap(), Url::parse(&written).unwrap()] {
                prop_assert_eq!(found.origin(), base.origin());
                prop_assert_eq!((found.username(), found.password()), ("", None));
            }
            prop_assert_eq!(return_to(Some(&path), &base), path);
        }
    }

    #[test]
    fn plain_paths_are_kept(path in "(/[a-z0-9_~-]{1,8}){1,5}(\\?[a-z0-9=&%]{0,20})?(#[a-z0-9]{1,9})?") {
        prop_assert_eq!(return_to(Some(&path), &Url::parse(BASES[0]).unwrap()), path);
    }

    #[test]
    fn a_sign_in_is_found_among_any_other_cookies(
        before in cookie_lines(),
        after in cookie_lines(),
        blank in "[ \\t]{0,2}",
    ) {
        let config = config();
        let pending = begin(&config);
        let set = pending.cookies(&config, &HeaderMap::new(), at(NOW)).unwrap();
        prop_assert_eq!(set.len(), 1);
        let (name, value) = set_by(&set[0]);
        let line = format!("{blank}{name}{blank}={blank}{value}{blank}");
        let headers = request(&[before, vec![line], after].concat());
        let found = PendingSignIn::find(&config, &headers, &pending.state, at(NOW));
        prop_assert_eq!(found.map(|found| found.verifier), Some(pending.verifier));
    }

    #[test]
    fn no_cookie_that_was_not_sealed_is_a_sign_in(lines in cookie_lines(), value in "[ -~]{0,200}") {
        let config = config();
        let pending = begin(&config);
        let (name, sealed) = set_by(&pending.cookies(&config, &HeaderMap::new(), at(NOW)).unwrap()[0]);
        prop_assume!(value.trim() != sealed);
        let headers = request(&[lines, vec![format!("{name}={value}")]].concat());
        prop_assert!(PendingSignIn::find(&config, &headers, &pending.state, at(NOW)).is_none());
    }

    #[test]
    fn sign_ins_in_one_browser_stay_few(lines in cookie_lines()) {
        let config = config();
        let headers = request(&lines);
        let mut there: Vec<_> = lines.iter().flat_map(|line| names(line)).collect();
        let sent = there.clone();
        let set: Vec<_> = begin(&config).cookies(&config, &headers, at(NOW)).unwrap().iter().map(set_by).collect();
        let (removed, kept): (Vec<_>, Vec<_>) = set.iter().partition(|(_, value)| value.is_empty());
        prop_assert_eq!(kept.len(), 1);
        for (name, _) in &removed {
            prop_assert!(name.starts_with("__Host-s_pending_") && sent.contains(&name.as_str()), "{name:?} in {lines:?}");
        }
        there.retain(|name| name.starts_with("__Host-s_pending_"));
        there.sort_unstable();
        there.dedup();
        prop_assert!(there.len() + kept.len() - removed.len() <= MOST_PENDING, "{there:?}");
    }

    #[test]
    fn a_cookie_is_one_header_with_five_attributes(name in "[A-Za-z0-9_.-]{1,40}", value in "[A-Za-z0-9_-]{0,80}") {
        let header = cookies::set(&config(), &name, &value, 60).unwrap();
        let text = header.to_str().unwrap();
        prop_assert_eq!(set_by(&header), (name, value));
        let mut attributes: Vec<_> = text.split("; ").skip(1).collect();
        attributes.sort_unstable();
        prop_assert_eq!(attributes, ["HttpOnly", "Max-Age=60", "Path=/", "SameSite=Lax", "Secure"]);
        prop_assert!(header.is_sensitive());
    }

    #[test]
    fn what_was_sealed_opens_to_itself_and_nowhere_else(
        text in proptest::collection::vec(any::<u8>(), 0..300),
        purpose in any::<String>(),
        other in any::<String>(),
        expires in any::<i64>(),
        now in any::<i64>(),
    ) {
        // Times are kept to the millisecond, and so reach less far.
        let (expires, now) = (expires / 1000, now / 1000);
        let ring = KeyRing::new([SECRET]).unwrap();
        let sealed = ring.seal(&purpose, at(expires), &text).unwrap();
        let opened = ring.open(&purpose, at(now), &sealed);
        prop_assert_eq!(opened, (now < expires).then_some(text));
        prop_assert!(other == purpose || ring.open(&other, at(i64::MIN / 1000), &sealed).is_none());
    }

    #[test]
    fn no_changed_text_opens(
        text in proptest::collection::vec(any::<u8>(), 0..300),
        position in any::<prop::sample::Index>(),
        difference in 1..=u8::MAX,
        length in any::<prop::sample::Index>(),
        more in proptest::collection::vec(any::<u8>(), 1..20),
    ) {
        let ring = KeyRing::new([SECRET]).unwrap();
        let sealed = ring.seal("p", at(NOW), &text).unwrap();
        let mut changed = sealed.clone();
        changed[position.index(sealed.len())] ^= difference;
        let shorter = &sealed[..length.index(sealed.len())];
        for text in [&changed[..], shorter, &[&sealed[..], &more].concat(), &more] {
            prop_assert_eq!(ring.open("p", at(0), text), None);
        }
    }

    #[test]
    fn an_issuers_error_is_a_short_word(text in prop_oneof![any::<String>(), "[a-z._-]{60,70}"]) {
        let code = error_code(&text);
        prop_assert!(code == text || code == "unknown");
        prop_assert!((1..=64).contains(&code.len()));
        prop_assert!(code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)));
    }
}
