//! Whatever the token endpoint answers, somebody is signed in only by an ID token of the issuer's for this very sign-in.
//!
//! The first line of an input is the status and `Retry-After`, the second the body, the rest the payload of the ID token that
//! `{id_token}` stands for in it.
#![no_main]

use std::sync::LazyLock;

use http::header::{RETRY_AFTER, SET_COOKIE};
use libfuzzer_sys::fuzz_target;
use logto_authkit_fuzz::{
    Answer, Application, Begun, ISSUER, NOW, begin, cookie_header, cookies_of, fill, sign, wait,
};
use logto_authkit_sign_in::{ContextOptions, SignInError};
use serde_json::Value;

static BEGUN: LazyLock<Begun> = LazyLock::new(|| begin(&Application::with_cookies(), "/"));

fuzz_target!(|input: &[u8]| {
    let begun = &*BEGUN;
    let mut lines = input.splitn(3, |&byte| byte == b'\n');
    let (Some(head), Some(body), Some(payload)) = (lines.next(), lines.next(), lines.next()) else { return };
    let (status, retry_after) = head.split_at(head.len().min(3));
    let status = std::str::from_utf8(status).ok().and_then(|status| status.parse().ok()).unwrap_or(200);
    let payload = fill(payload, &[("{nonce}", &begun.nonce), ("{iss}", ISSUER)]);
    let id_token = sign(br#"{"alg":"ES256","kid":"key"}"#, &payload);
    let body = fill(body, &[("{id_token}", &id_token)]);
    let status = if (200..600).contains(&status) { status } else { 200 };
    let app = Application::with_cookies();
    app.issuer.set_answer(Answer { status, retry_after: retry_after.to_vec(), body: body.clone() });

    let path = format!("/auth/sign-in-callback?code=c&state={}", begun.state);
    let answer = app.get(&path, &cookie_header(&[(&begun.name, &begun.value)]));
    if answer.status() != 303 {
        assert!([500, 502, 503].contains(&answer.status().as_u16()), "{}", answer.status());
        assert!(answer.headers().get(SET_COOKIE).is_none());
        assert_eq!(answer.status() == 503, answer.headers().contains_key(RETRY_AFTER));
        let found: Value = serde_json::from_slice(answer.body()).expect("JSON");
        let issuers = found.get("issuer_error").and_then(Value::as_str);
        assert!(
            issuers
                .is_none_or(|error| error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_graphic()))
        );
        return;
    }
    assert_eq!(status, 200);
    // What nobody asked for may be no text that this reader takes.
    let Ok(tokens) = serde_json::from_slice::<Value>(&body) else { return };
    assert_eq!(tokens["id_token"], id_token);
    let access_token = tokens["access_token"].as_str().expect("a text");
    let claims = serde_json::from_slice::<Value>(&payload).ok();
    if let Some(claims) = &claims {
        check(claims, &begun.nonce);
    }

    let headers: Vec<_> = answer.headers().get_all(SET_COOKIE).iter().cloned().collect();
    let cookies = cookies_of(&headers);
    assert!(headers.iter().all(|header| header.len() <= 4096));
    let cookies: Vec<_> = cookies.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let headers = cookie_header(&cookies);
    let session = wait(app.client.session(&headers)).expect("no outage");
    let subject = session.user_id().expect("a user");
    let user: Value = serde_json::from_slice(app.get("/auth/user", &headers).body()).expect("JSON");
    assert_eq!(user["isAuthenticated"], true);
    if let Some(claims) = &claims {
        assert_eq!(claims["sub"], subject);
        assert_eq!(user["claims"]["sub"], subject);
        assert!(access_token.len() < 20 || !user.to_string().contains(access_token));
    }

    // The same answer to a refresh, and to a question for the user.
    match wait(session.access_token(Some("https://api.example.com"))) {
        Ok(token) => {
            assert_eq!(token.token(), access_token);
            assert!(tokens["refresh_token"].is_string());
        }
        Err(error) => assert!(
            matches!(
                error,
                SignInError::NotAuthenticated | SignInError::InvalidIdToken(_) | SignInError::SessionTooLarge
            ),
            "{error}"
        ),
    }
    if session.is_authenticated() {
        let mut options = ContextOptions::default();
        options.fetch_user_info = true;
        let context = wait(session.context(&options));
        assert!(context.user_info.is_none_or(|user| user["sub"] == subject));
    }
});

/// OpenID Connect Core §3.1.3.7.
fn check(claims: &Value, nonce: &str) {
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["nonce"], nonce);
    let several = claims["aud"].as_array();
    assert!(claims["aud"] == "app" || several.is_some_and(|all| all.iter().any(|one| one == "app")));
    let needs_azp = several.is_some_and(|all| all.len() > 1);
    assert!(claims["azp"] == "app" || (claims["azp"].is_null() && !needs_azp), "{claims}");
    let is_near = |at: f64| (at - NOW as f64).abs() <= 301.0;
    assert!(claims["exp"].as_f64().is_some_and(|at| at > (NOW - 301) as f64));
    assert!(claims["iat"].as_f64().is_some_and(is_near));
    assert!(claims["sub"].as_str().is_some_and(|subject| !subject.is_empty()));
}
