//! Whatever is asked of the routes, the answer can be sent, is kept by no cache, and sends nobody to a stranger.
//!
//! An input is a request as HTTP/1.1 writes it, with line feeds alone.
#![no_main]

use std::sync::{Arc, LazyLock};

use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use libfuzzer_sys::fuzz_target;
use logto_authkit_fuzz::{Application, BASE, COOKIE, ISSUER, RecordingStore, wait};
use url::Url;

static APPLICATIONS: LazyLock<[Application; 2]> = LazyLock::new(|| {
    [Application::with_cookies(), Application::with_store(Arc::new(RecordingStore::default()))]
});

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |&byte| byte == b'\n');
    let first = parts.next().unwrap_or_default();
    let mut rest = parts.next().unwrap_or_default();
    let mut words = first.splitn(2, |&byte| byte == b' ');
    let Ok(method) = Method::from_bytes(words.next().unwrap_or_default()) else { return };
    let Ok(uri) = Uri::try_from(words.next().unwrap_or_default()) else { return };
    let mut headers = HeaderMap::new();
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n').filter(|&end| end > 0) {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let (name, value) =
            (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(&line[colon + 1..]));
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let body = rest.strip_prefix(b"\n").unwrap_or(rest);
    for app in &*APPLICATIONS {
        let answer = wait(app.routes.handle(&method, &uri, &headers, body));
        let status = answer.status().as_u16();
        assert!([200, 303, 400, 401, 403, 404, 405].contains(&status), "{status}");
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(status == 303, answer.headers().contains_key(LOCATION));
        if let Some(location) = answer.headers().get(LOCATION) {
            let location = location.to_str().expect("visible ASCII");
            let found = Url::parse(location).expect("an address");
            let own = Url::parse(BASE).expect("an address").origin();
            let is_issuers = location.starts_with(&format!("{ISSUER}/auth?"));
            assert!(is_issuers || found.origin() == own, "{location}");
            assert!(found.username().is_empty() && found.password().is_none());
        }
        for cookie in answer.headers().get_all(SET_COOKIE) {
            assert!(cookie.to_str().expect("visible ASCII").starts_with(COOKIE));
        }
        let refusal = app.routes.require_sign_in(&method, &uri, &headers);
        assert!([303, 401].contains(&refusal.status().as_u16()));
        assert_eq!(refusal.status() == 303, refusal.headers().contains_key(LOCATION));
    }
});
