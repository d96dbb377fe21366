//! An endpoint that is read once is read the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logto_authkit_token::LogtoUrl;

fuzz_target!(|text: &str| {
    let Ok(logto) = LogtoUrl::parse(text) else { return };
    assert!(logto.is_secure());
    assert!(!logto.endpoint().ends_with('/'));
    assert_eq!(logto.issuer(), format!("{}/oidc", logto.endpoint()));
    assert_eq!(LogtoUrl::parse(logto.endpoint()).as_ref(), Ok(&logto));
});
