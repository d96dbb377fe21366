//! Whatever stands in a request's headers, the answer is a denial that can be sent, and nobody gets in.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;
use logto_authkit_token::JwkSet;
use logto_authkit_verifier::Verifier;
use logto_authkit_web::{Guard, RequestOrganization};
use std::sync::LazyLock;

const NAMES: [HeaderName; 6] = [
    http::header::AUTHORIZATION,
    http::header::COOKIE,
    http::header::HOST,
    http::header::ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("x-other"),
];

static GUARD: LazyLock<Guard> = LazyLock::new(|| {
    let verifier = Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build().expect("right");
    logto_authkit_verifier::KeySources::global().prime(verifier.issuer(), JwkSet::default());
    Guard::new(verifier)
});

fuzz_target!(|lines: Vec<(u8, Vec<u8>)>| {
    let mut headers = HeaderMap::new();
    for (name, value) in &lines {
        let Ok(value) = HeaderValue::from_bytes(value) else { continue };
        headers.append(NAMES[usize::from(*name) % NAMES.len()].clone(), value);
    }
    for guests in [false, true] {
        let guard = GUARD.clone().allow_guests(guests);
        let credentials = guard.credentials(&Method::POST, &headers);
        match guard.admit_cached(&credentials, &RequestOrganization::AsConfigured) {
            Some(Ok(admission)) => assert!(guests && !admission.context().is_authenticated()),
            Some(Err(denial)) => {
                assert!(serde_json::from_str::<serde_json::Value>(&denial.body()).is_ok());
                assert!(denial.headers().contains_key("content-type"));
                assert_eq!(denial.www_authenticate().is_some(), denial.headers().contains_key("www-authenticate"));
            }
            None => {}
        }
    }
});
