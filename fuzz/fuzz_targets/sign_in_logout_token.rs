//! A logout token ends the sessions that it names, once, and only if the issuer signed it and it says all that it must.
//!
//! An input of two lines is a header and a payload that the issuer signs; any other is the body of a request.
#![no_main]

use std::sync::{Arc, LazyLock};

use http::{HeaderMap, Method, Response, Uri};
use libfuzzer_sys::fuzz_target;
use logto_authkit_fuzz::{Application, ISSUER, NOW, RecordingStore, sign, sign_in_as, wait};
use logto_authkit_token::MAX_TOKEN_LENGTH;
use serde_json::Value;

static WORLD: LazyLock<(Application, Arc<RecordingStore>)> = LazyLock::new(|| {
    let store = Arc::new(RecordingStore::default());
    let app = Application::with_store(store.clone());
    sign_in_as(&app, "alice", "sid_alice");
    (app, store)
});

fuzz_target!(|input: &[u8]| {
    let (app, store) = &*WORLD;
    store.forget_leases();
    let mut lines = input.splitn(2, |&byte| byte == b'\n');
    let (Some(header), Some(payload)) = (lines.next(), lines.next()) else {
        assert_eq!(post(app, input).status(), 400, "a token that the issuer has not signed");
        assert!(store.take_deletions().is_empty());
        return;
    };
    let token = sign(header, payload);
    let body = format!("logout_token={token}");
    let answer = post(app, body.as_bytes());
    let deleted = store.take_deletions();
    if answer.status() == 200 {
        assert!(token.len() <= MAX_TOKEN_LENGTH);
        let header: Value = serde_json::from_slice(header).expect("a header");
        assert!(header.get("typ").is_none_or(|kind| kind.as_str().is_some_and(is_logout_token)), "{header}");
        let claims: Value = serde_json::from_slice(payload).expect("claims");
        check(&claims);
        let (of_user, of_session) = (&store.indexes()[0], &store.indexes()[1]);
        assert_eq!(deleted.len(), 1);
        assert_eq!(deleted[0] == *of_session, claims["sid"] == "sid_alice", "{claims}");
        let names_user = claims.get("sid").is_none_or(Value::is_null) && claims["sub"] == "alice";
        assert_eq!(deleted[0] == *of_user, names_user, "{claims}");
        assert_eq!(post(app, body.as_bytes()).status(), 400, "a token that was used before");
    } else {
        assert_eq!(answer.status(), 400);
        let body = String::from_utf8_lossy(answer.body());
        assert!(body.contains("invalid_logout_token"), "{body}");
        assert!(deleted.is_empty());
    }
});

fn post(app: &Application, body: &[u8]) -> Response<Vec<u8>> {
    let uri = Uri::from_static("/auth/backchannel-logout");
    wait(app.routes.handle(&Method::POST, &uri, &HeaderMap::new(), body))
}

fn is_logout_token(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    kind == "logout+jwt" || kind == "application/logout+jwt"
}

/// OpenID Connect Back-Channel Logout §2.4, §2.6.
fn check(claims: &Value) {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    assert_eq!(claims["iss"], ISSUER);
    let audience = &claims["aud"];
    assert!(audience == "app" || audience.as_array().is_some_and(|all| all.iter().any(|one| one == "app")));
    assert!(claims["iat"].as_i64().is_some_and(|at| (NOW - 300..=NOW + 300).contains(&at)));
    assert!(is_text(&claims["jti"]));
    assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
    assert!(claims.get("nonce").is_none());
    assert!(is_text(&claims["sid"]) || (claims["sid"].is_null() && is_text(&claims["sub"])));
    if let Some(expires) = claims["exp"].as_i64() {
        assert!(expires > NOW - 300);
    }
}
