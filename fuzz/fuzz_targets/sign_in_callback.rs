//! A callback signs somebody in where every parameter is there once and right, and in no other case.
#![no_main]

use std::sync::LazyLock;

use http::header::{LOCATION, SET_COOKIE};
use libfuzzer_sys::fuzz_target;
use logto_authkit_fuzz::{
    Answer, Application, BASE, Begun, COOKIE, ISSUER, begin, cookie_header, fill, id_token,
};
use serde_json::{Value, json};
use url::Url;

/// A sign-in, and the answer of the token endpoint to its code.
static SIGN_IN: LazyLock<(Begun, Answer)> = LazyLock::new(|| {
    let begun = begin(&Application::with_cookies(), "/after?all#of-it");
    let token = id_token("alice", "sid", &begun.nonce);
    let answer = json!({ "access_token": "opaque", "expires_in": 3600, "id_token": token });
    (begun, Answer::ok(answer.to_string()))
});

fuzz_target!(|text: &str| {
    let (begun, tokens) = &*SIGN_IN;
    let places = [("{state}", begun.state.as_str()), ("{iss}", ISSUER)];
    let query = String::from_utf8(fill(text.as_bytes(), &places)).expect("text between text");
    let path = format!("/auth/sign-in-callback?{query}");
    if path.parse::<http::Uri>().is_err() {
        return;
    }
    for promises_iss in [false, true] {
        let app = Application::with_cookies();
        app.issuer.promise_iss(promises_iss);
        app.issuer.set_answer(tokens.clone());
        let expected = code(&path, &begun.state, promises_iss);
        let answer = app.get(&path, &cookie_header(&[(&begun.name, &begun.value)]));
        let asked = app.issuer.take_asked();
        let exchanges: Vec<_> =
            asked.iter().filter(|request| request.method() == http::Method::POST).collect();
        if let Some(code) = expected {
            assert_eq!(answer.status(), 303, "{}", String::from_utf8_lossy(answer.body()));
            assert_eq!(answer.headers()[LOCATION], format!("{BASE}/after?all#of-it"));
            assert_eq!(exchanges.len(), 1);
            let form = url::form_urlencoded::parse(exchanges[0].body());
            let codes: Vec<_> = form.filter(|(name, _)| name == "code").map(|(_, code)| code).collect();
            assert_eq!(codes, [code]);
        } else {
            assert!([400, 403].contains(&answer.status().as_u16()), "{}", answer.status());
            assert!(exchanges.is_empty(), "a code was used up");
            let sets = |value: &http::HeaderValue| value.to_str().is_ok_and(|text| text.starts_with(COOKIE));
            assert!(!answer.headers().get_all(SET_COOKIE).iter().any(sets));
            let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
            let issuers = body.get("issuer_error").map(|error| error.as_str().expect("a text"));
            let legal = |error: &str| {
                (1..=64).contains(&error.len())
                    && error.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            };
            assert!(issuers.is_none_or(legal), "{body}");
        }
    }
});

/// The code, where the query is the answer to the sign-in.
fn code(path: &str, state: &str, promises_iss: bool) -> Option<String> {
    let url = Url::parse(&format!("https://other.example{path}")).ok()?;
    let values = |name: &str| -> Vec<String> {
        url.query_pairs().filter(|(found, _)| found == name).map(|(_, value)| value.into_owned()).collect()
    };
    let issuer_fits = match values("iss").as_slice() {
        [] => !promises_iss,
        [iss] => iss == ISSUER,
        _ => false,
    };
    match (values("code").as_slice(), values("state").as_slice(), values("error").as_slice()) {
        ([code], [found], []) if found == state && issuer_fits && !code.is_empty() => Some(code.clone()),
        _ => None,
    }
}
