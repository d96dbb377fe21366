use http::Method;
use serde_json::json;

use crate::world::{Browser, HOME, World, code, location};

#[tokio::test]
async fn a_callback_of_another_browser_is_refused() {
    let world = World::new().await;
    let app = world.app();
    let mut attacker = Browser::default();
    let callback = world.callback_of(&app, &mut attacker, "bob", "/auth/sign-in").await;
    // Login CSRF: the victim follows the attacker's link.
    for mut victim in [Browser::default(), world.alice(&app).await] {
        let answer = victim.get(&app, &callback).await;
        assert_eq!((answer.status().as_u16(), code(&answer)), (400, "state_mismatch".to_owned()));
        assert_ne!(victim.user(&app).await["claims"]["sub"], "user_bob");
    }
    assert_eq!(world.issuer.counters().token_authorization_code, 1, "no code of an attacker was sent on");
}

#[tokio::test]
async fn a_callback_is_refused_unless_everything_about_it_is_right() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = Browser::default();
    let right = world.callback_of(&app, &mut browser, "alice", "/auth/sign-in").await;
    assert!(right.contains("iss="), "the issuer names itself: {right}");
    let parameters: Vec<(String, String)> =
        url::form_urlencoded::parse(right.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let with = |change: &dyn Fn(&str) -> Option<&str>| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &parameters {
            let changed = change(name);
            match changed {
                Some("") => {}
                changed => drop(query.append_pair(name, changed.unwrap_or(value))),
            }
        }
        format!("/auth/sign-in-callback?{}", query.finish())
    };
    let when =
        |wanted: &'static str, value: &'static str| with(&move |name| (name == wanted).then_some(value));
    for (callback, expected) in [
        (when("state", ""), "state_mismatch"),
        (when("state", "x"), "state_mismatch"),
        (when("iss", ""), "issuer_mismatch"),
        (when("iss", "https://evil.example/oidc"), "issuer_mismatch"),
        (when("code", ""), "invalid_callback"),
        (format!("{right}&code=another"), "invalid_callback"),
        (format!("{right}&state=another"), "invalid_callback"),
        (right.replace("/sign-in-callback?", "/sign-in-callback/?"), "redirect_uri_mismatch"),
        (format!("{right}&error=access_denied"), "authorization_denied"),
        ("/auth/sign-in-callback".to_owned(), "state_mismatch"),
    ] {
        let answer = browser.get(&app, &callback).await;
        assert_eq!(code(&answer), expected, "{callback}");
        assert!(!browser.is_signed_in(&app).await);
    }
    // And none of them has used anything up.
    assert_eq!(browser.get(&app, &right).await.status(), 303);
}

#[tokio::test]
async fn a_code_of_another_sign_in_is_worth_nothing() {
    let world = World::new().await;
    let app = world.app();
    let (mut attacker, mut victim) = (Browser::default(), Browser::default());
    let foreign = world.callback_of(&app, &mut attacker, "bob", "/auth/sign-in").await;
    let own = world.callback_of(&app, &mut victim, "alice", "/auth/sign-in").await;
    let code_of =
        |callback: &str| callback.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    let injected = own.replace(&code_of(&own), &code_of(&foreign));
    let answer = victim.get(&app, &injected).await;
    assert_eq!((answer.status().as_u16(), code(&answer)), (502, "token_request_failed".to_owned()));
    assert!(!victim.is_signed_in(&app).await);
}

#[tokio::test]
async fn what_an_error_says_is_not_shown() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let text = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let path = format!("/auth/sign-in-callback?error={text}&error_description={text}&state={text}");
    for headers in [&[("accept", "text/html")][..], &[("accept", "application/json")]] {
        let answer = browser.ask(&world.app(), Method::GET, &path, headers, b"").await;
        assert_eq!(answer.status(), 403);
        assert!(!String::from_utf8_lossy(answer.body()).contains("alert"));
    }
}

#[tokio::test]
async fn no_sign_in_ends_on_another_site() {
    let world = World::new().await;
    let app = world.app();
    for target in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let query: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let (_, back) = world.sign_in(&app, "alice", &format!("/auth/sign-in?return_to={query}")).await;
        assert_eq!(back, format!("{HOME}/"), "{target}");
    }
}

#[tokio::test]
async fn a_session_id_that_was_there_before_is_not_used() {
    let world = World::new().await;
    let app = world.app();
    let planted = world.sign_in(&app, "bob", "/auth/sign-in").await.0;
    // The victim has the attacker's session when signing in: afterwards it is gone, and the new one has another id.
    let mut victim = Browser { cookies: planted.cookies.clone(), ..Browser::default() };
    let callback = world.callback_of(&app, &mut victim, "alice", "/auth/sign-in").await;
    victim.get(&app, &callback).await;
    assert_eq!(victim.user(&app).await["claims"]["sub"], "user_alice");
    assert_ne!(victim.cookies, planted.cookies);
    let mut attacker = planted;
    assert!(!attacker.is_signed_in(&app).await, "the planted session does not become the victim's");
}

#[tokio::test]
async fn nobody_is_signed_out_by_another_site() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = world.alice(&app).await;
    let another = ("origin", "https://evil.example");
    for (method, headers) in [
        (Method::GET, &[("sec-fetch-site", "cross-site")][..]),
        (Method::GET, &[("sec-fetch-site", "same-site")]),
        (Method::POST, &[("sec-fetch-site", "cross-site")]),
        (Method::POST, &[another]),
        (Method::POST, &[]),
    ] {
        let answer = browser.ask(&app, method, "/auth/sign-out", headers, b"").await;
        assert_eq!((answer.status().as_u16(), code(&answer)), (403, "csrf_failed".to_owned()));
        assert!(browser.is_signed_in(&app).await);
    }
    let own = [("origin", HOME)];
    assert_eq!(browser.ask(&app, Method::POST, "/auth/sign-out", &own, b"").await.status(), 303);
    assert!(!browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn what_a_proxy_says_changes_no_redirect_uri() {
    let world = World::new().await;
    let forged = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example"),
    ];
    let answer = Browser::default().ask(&world.app(), Method::GET, "/auth/sign-in", &forged, b"").await;
    assert!(
        location(&answer).contains("redirect_uri=http%3A%2F%2Flocalhost%3A4000%2Fauth%2Fsign-in-callback")
    );
}

/// A logout token with these claims on top of the right ones, or without those that are null.
pub(crate) fn logout_token(world: &World, changes: &serde_json::Value) -> String {
    let now = world.clock_seconds();
    let mut token = world
        .issuer
        .token()
        .header("typ", "logout+jwt")
        .audience("public")
        .subject("user_alice")
        .claim("iat", now)
        .claim("exp", now + 120)
        .claim("jti", format!("jti-{}", world.issuer.counters().token + 1))
        .claim("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    for name in ["scope", "client_id"] {
        token = token.without_claim(name);
    }
    for (name, value) in changes.as_object().unwrap() {
        token = if value.is_null() { token.without_claim(name) } else { token.claim(name, value.clone()) };
    }
    token.sign()
}

#[tokio::test]
async fn only_a_proper_logout_token_ends_sessions() {
    let world = World::new().await;
    let app = world.app();
    let mut alice = world.alice(&app).await;
    let (mut bob, _) = world.sign_in(&app, "bob", "/auth/sign-in").await;
    let now = world.clock_seconds();
    let post = async |token: &str| {
        let body = format!("logout_token={token}");
        let mut issuer = Browser::default();
        issuer
            .ask(&app, Method::POST, "/auth/backchannel-logout", &[("accept", "*/*")], body.as_bytes())
            .await
    };
    for (name, changes) in [
        ("a nonce", json!({ "nonce": "n" })),
        ("no events", json!({ "events": null })),
        ("another event", json!({ "events": { "x": {} } })),
        ("another audience", json!({ "aud": "web" })),
        ("another issuer", json!({ "iss": "https://evil.example/oidc" })),
        ("an old one", json!({ "iat": now - 301 })),
        ("one from the future", json!({ "iat": now + 301 })),
        ("an expired one", json!({ "exp": now - 301 })),
        ("nobody", json!({ "sub": null })),
        ("no id", json!({ "jti": null })),
    ] {
        let answer = post(&logout_token(&world, &changes)).await;
        assert_eq!(
            (answer.status().as_u16(), code(&answer)),
            (400, "invalid_logout_token".to_owned()),
            "{name}"
        );
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert!(alice.is_signed_in(&app).await, "{name}");
    }
    let access_token = world.issuer.token().audience("public").subject("user_alice").sign();
    assert_eq!(post(&access_token).await.status(), 400, "an access token");
    assert_eq!(post("x").await.status(), 400);

    // 1.37 sends no `exp`.
    let right = logout_token(&world, &json!({ "exp": null }));
    let answer = post(&right).await;
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["cache-control"].as_bytes()),
        (200, &b"no-store"[..])
    );
    assert!(!alice.is_signed_in(&app).await);
    assert!(bob.is_signed_in(&app).await);
    let mut again = world.alice(&app).await;
    assert_eq!(post(&right).await.status(), 400, "a replayed one");
    assert!(again.is_signed_in(&app).await);
}
