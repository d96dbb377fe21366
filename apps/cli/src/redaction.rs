//! Tokens do not get printed: people paste them into the wrong place, and what is printed ends up in logs and screenshots.
//!
//! A text is looked at word by word, a word being a run of the characters that tokens are made of.

use serde_json::Value;

/// The text without anything that has the shape of a signed or an encrypted token.
pub(crate) fn redact_tokens(text: &str) -> String {
    redact(text, start_of_token)
}

/// The text without such tokens, and without anything long and random: an opaque token, or a secret.
///
/// Too strict for results, because ids of keys are long and random, too.
pub(crate) fn redact_secrets(text: &str) -> String {
    redact(text, |word| if is_opaque(word) { start_of_value(word) } else { start_of_token(word) })
}

/// [`redact_tokens`] for each string in a JSON document. After it is written, an escape can look like a part of a token.
pub(crate) fn redact_tokens_in_json(value: &Value) -> Value {
    match value {
        Value::String(text) => redact_tokens(text).into(),
        Value::Array(entries) => entries.iter().map(redact_tokens_in_json).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (redact_tokens(name), redact_tokens_in_json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Replaces the end of each word from where `start_of_secret` says.
fn redact(text: &str, start_of_secret: impl Fn(&str) -> Option<usize>) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_token_character) {
        let (between, words) = rest.split_at(start);
        let (run, after) = words.split_at(words.find(|c| !is_token_character(c)).unwrap_or(words.len()));
        // The dot behind a word ends a sentence.
        let word = run.trim_end_matches('.');
        redacted.push_str(between);
        match start_of_secret(word) {
            Some(start) => redacted.extend([&word[..start], IN_ITS_PLACE]),
            None => redacted.push_str(word),
        }
        redacted.push_str(&run[word.len()..]);
        rest = after;
    }
    redacted.push_str(rest);
    redacted
}

/// RFC 6750 §2.1 allows `/` and `=` as well, but these stand between the parts of addresses, paths and options.
fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '~' | '+')
}

/// Where in a word a compact JWS or JWE starts (RFC 7515 §7.1, RFC 7516 §7.1).
fn start_of_token(word: &str) -> Option<usize> {
    // White space in front of it makes a header start differently, so that its shape is what counts first.
    let dots = word.bytes().filter(|byte| *byte == b'.').count();
    if matches!(dots, 2 | 4) && word.len() >= SHORTEST_DOTTED && looks_random(word) {
        return start_of_value(word);
    }
    start_of_header(word)
}

/// Behind the dashes of an option.
fn start_of_value(word: &str) -> Option<usize> {
    word.find(|character| character != '-')
}

/// Where `{"` stands in base64url: at the start of a name even if it was cut, elsewhere only with enough behind it. An
/// address that is read as a URL gets its host in lower case.
fn start_of_header(word: &str) -> Option<usize> {
    const HEADER: &str = "eyJ";
    (0..=word.len().checked_sub(HEADER.len())?).find(|&at| {
        let found = &word[at..at + HEADER.len()];
        let starts_a_name = !word[..at].ends_with(|before: char| before.is_ascii_alphanumeric());
        (found == HEADER && starts_a_name)
            || (found.eq_ignore_ascii_case(HEADER) && word.len() - at >= SHORTEST_INSIDE)
    })
}

fn is_opaque(word: &str) -> bool {
    let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.len() >= SHORTEST_OPAQUE && (looks_random(word) || hexadecimal)
}

/// Names of hosts and files are rarely written with all three.
fn looks_random(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_uppercase())
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
        && word.bytes().any(|byte| byte.is_ascii_digit())
}

const IN_ITS_PLACE: &str = "[token not shown]";

/// Shorter than any token with a signature: that of an HS256 alone is 43 characters long.
const SHORTEST_DOTTED: usize = 64;
const SHORTEST_INSIDE: usize = 40;

/// Logto's opaque tokens have 43 characters, its secrets 32.
const SHORTEST_OPAQUE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const JWS: &str = "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlX3NpZ25hdHVyZV9zaWduYXR1cmU";
    /// A header that starts with white space, and so not with `eyJ`.
    const SPACED: &str = "IHsiYWxnIjoiRVMzODQifQ.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlX3NpZ25hdHVyZV9zaWdu";
    const JWE: &str = "ewogImFsZyI6ImRpciJ9..aXZpdml2aXZpdml2.Y2lwaGVydGV4dGNpcGhlcnRleHQ.dGFndGFndGFndGFn";
    const OPAQUE: &str = "DJaOsZqVFbBsZZYH8P3oZ4JHzLHzQ2Q8wW8Tt3u6O6X";
    const HEXADECIMAL: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn a_token_is_redacted_wherever_it_stands() {
        for token in [JWS, SPACED, JWE, "eyJhbGciOiJF", "eyJ"] {
            for (before, after) in [
                ("", ""),
                ("unexpected argument '", "' found"),
                ("--bogus=", "\n"),
                ("write https://", ". Or not"),
                ("https://h/", "/oidc"),
                ("Bearer ", "\u{1b}[0m"),
                ("ä", "ä"),
            ] {
                let found = redact_tokens(&format!("{before}{token}{after}"));
                assert_eq!(found, format!("{before}[token not shown]{after}"));
            }
        }
        assert_eq!(redact_tokens(&format!("--{JWS}")), "--[token not shown]");
        assert_eq!(redact_tokens(&format!("%22{JWS}")), "%[token not shown]");
        assert_eq!(redact_tokens(&format!("key{}", &JWS[..60])), "key[token not shown]");
        assert_eq!(redact_tokens(&format!("{JWS} {JWS}")), "[token not shown] [token not shown]");
        assert_eq!(redact_tokens(&JWS.to_ascii_lowercase()), "[token not shown]");
    }

    #[test]
    fn opaque_secrets_are_redacted_from_errors_but_not_from_results() {
        for secret in [OPAQUE, HEXADECIMAL] {
            let text = format!("invalid value '{secret}' for '--now <UNIX>'");
            assert_eq!(redact_secrets(&text), "invalid value '[token not shown]' for '--now <UNIX>'");
            assert_eq!(redact_tokens(&text), text);
        }
        assert_eq!(redact_secrets(JWS), "[token not shown]");
    }

    #[test]
    fn what_is_no_token_stays() {
        for text in [
            "",
            "--logto-url: it has no scheme; write https://tenant.logto.app",
            "https://authentication-service-2.production-cluster-eu-central-1.internal.example.com/oidc/jwks answers",
            "--jwks: /tmp/logto-authkit-test-123456789-abcdef/key-set.json cannot be read: No such file",
            "cannot tell 2f1c1c52-6f0a-4f6e-9a39-0d8f7f8f1c52 from another",
            "monkeyJar.json, ey, ... and é…",
            "Usage: logto-authkit verify [OPTIONS] --logto-url <URL> [TOKEN]\n",
        ] {
            assert_eq!(redact_tokens(text), text);
            assert_eq!(redact_secrets(text), text);
        }
    }

    #[test]
    fn json_stays_json() {
        let document =
            json!({ "a": [JWS, 1, null, true], JWS: { "b": format!("\n\u{e}{JWS}"), "kid": OPAQUE } });
        let found = redact_tokens_in_json(&document);
        let expected = json!({
            "a": ["[token not shown]", 1, null, true],
            "[token not shown]": { "b": "\n\u{e}[token not shown]", "kid": OPAQUE },
        });
        assert_eq!(found, expected);
    }
}
