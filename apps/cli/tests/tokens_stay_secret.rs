//! Whatever is typed wrong, no token is printed.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::process::{Command, Output, Stdio};

const HEADER: &str = "eyJhbGciOiJFUzM4NCIsInR5cCI6ImF0K2p3dCJ9";
const PAYLOAD: &str = "eyJzdWIiOiJhbGljZSIsImF1ZCI6ImFwaSJ9";
const SIGNATURE: &str = "c2lnbmF0dXJlX29mX2FsaWNlX3RoYXRfbm9ib2R5X21heV9zZWU";
const OPAQUE: &str = "DJaOsZqVFbBsZZYH8P3oZ4JHzLHzQ2Q8wW8Tt3u6O6X";
const TENANT: &str = "https://tenant.logto.app";

/// Nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:9";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_logto-authkit"))
        .args(arguments)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs a command with a token wherever its arguments say `TOKEN`.
fn assert_not_printed(arguments: &[&str], token: &str, code: i32) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let filled: Vec<_> = arguments.iter().map(|argument| argument.replace("TOKEN", token)).collect();
    let output = run(&filled.iter().map(String::as_str).collect::<Vec<_>>());
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{printed}");
    for part in parts {
        let part = part.to_ascii_lowercase();
        assert!(!printed.to_ascii_lowercase().contains(&part), "{arguments:?}\n{printed}");
    }
    printed
}

#[test]
fn a_mistake_in_the_arguments_shows_no_token() {
    let jws = [HEADER, PAYLOAD, SIGNATURE].join(".");
    for arguments in [
        &["TOKEN"] as &[&str],
        &["help", "TOKEN"],
        &["demo", "TOKEN"],
        &["demo", "--port", "TOKEN"],
        &["doctor", "--logto-url", TENANT, "TOKEN"],
        &["issuer", "--port=TOKEN"],
        &["verify", "TOKEN", "TOKEN"],
        &["verify", "--TOKEN"],
        &["verify", "--now", "TOKEN"],
        &["verify", "--now=TOKEN"],
        &["verify", "--json=TOKEN"],
        // The file of that name is not there.
        &["verify", "--logto-url", TENANT, "--audience", "api", "--jwks", "TOKEN", "x"],
        &["issuer", "--config", "TOKEN"],
    ] {
        for token in [jws.as_str(), OPAQUE] {
            assert!(assert_not_printed(arguments, token, 2).contains("[token not shown]"), "{arguments:?}");
        }
    }
}

#[test]
fn a_wrong_setting_shows_no_token() {
    let jws = [HEADER, PAYLOAD, SIGNATURE].join(".");
    for arguments in [
        &["verify", "--audience", "api", "--logto-url", "TOKEN", "x"] as &[&str],
        &["verify", "--audience", "api", "--logto-url", "https://h/TOKEN/oidc", "x"],
        &["verify", "--audience", "api", "--logto-url", TENANT, "--required-scope", "TOKEN b", "x"],
        &["doctor", "--logto-url", "TOKEN"],
    ] {
        for token in [jws.as_str(), OPAQUE] {
            assert!(assert_not_printed(arguments, token, 2).contains("[token not shown]"), "{arguments:?}");
        }
    }
}

#[test]
fn a_result_shows_no_token() {
    let jws = [HEADER, PAYLOAD, SIGNATURE].join(".");
    let address = format!("{NOWHERE}/TOKEN");
    // {"alg":"ES384","typ":"at+jwt"} and the claims that a token must have.
    let of_another = "eyJhbGciOiJFUzM4NCIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUvb2lkYyIsInN1YiI6ImEiLCJhdWQiOiJhcGkiLCJleHAiOjk5OTk5OTk5OTksImlhdCI6MX0.AAAA";
    for (arguments, code) in [
        (&["doctor", "--logto-url", &address] as &[&str], 2),
        (&["doctor", "--logto-url", &address, "--json"], 2),
        (&["verify", "--logto-url", TENANT, "--audience", "TOKEN", of_another], 1),
        (&["verify", "--logto-url", TENANT, "--audience", "TOKEN", "--json", of_another], 1),
    ] {
        assert!(assert_not_printed(arguments, &jws, code).contains("[token not shown]"), "{arguments:?}");
    }
}

#[test]
fn a_mistake_in_the_issuer_s_file_shows_no_secret() {
    let file = std::env::temp_dir().join(format!("logto-authkit-secret-{}.toml", std::process::id()));
    std::fs::write(&file, "[[applications]]\nkind = \"web\"\nsecret = tr0ub4dor\n").unwrap();
    let output = run(&["issuer", "--config", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("line 3: ") && !errors.contains("tr0ub4dor"), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}
