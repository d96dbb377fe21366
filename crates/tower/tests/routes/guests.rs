use axum::routing::get as on_get;
use axum::{Json, Router};
use logto_authkit_dev_issuer::Fault;
use logto_authkit_tower::{Auth, AuthContext, AuthLayer};

use crate::{World, bearer, cookie, get};

fn app(world: &World) -> Router {
    Router::new()
        .route("/context", on_get(|context: AuthContext| async move { Json(context) }))
        .route("/user", on_get(|auth: Auth| async move { auth.user_id().to_owned() }))
        .route("/maybe", on_get(|auth: Option<Auth>| async move { format!("{}", auth.is_some()) }))
        .layer(AuthLayer::new(world.verifier.clone()).allow_guests(true))
}

#[tokio::test]
async fn a_visitor_without_a_token_is_a_guest_with_a_lasting_id() {
    let world = World::new().await;
    let app = app(&world);
    let first = get(&app, "/context", &[("host", "shop.example.com")]).await;
    let context = first.json();
    let id = context["guestId"].as_str().unwrap().to_owned();
    assert_eq!(
        context,
        serde_json::json!({
            "userId": null, "isAuthenticated": false, "payload": null, "isGuest": true, "guestId": id,
            "guestReason": "no_token"
        })
    );
    assert_eq!((id.len(), &id[14..15]), (36, "4"));
    let set = first.header("set-cookie").unwrap();
    assert_eq!(
        set,
        format!("guest_logto_authtoken={id}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000")
    );
    let again = get(&app, "/context", &[("cookie", &format!("guest_logto_authtoken={id}"))]).await;
    assert_eq!(again.json()["guestId"], id);
    assert_eq!(again.header("set-cookie"), None);
}

#[tokio::test]
async fn the_guest_cookie_is_secure_except_on_loopback() {
    let world = World::new().await;
    let app = app(&world);
    for (host, secure) in
        [("127.0.0.1:3000", false), ("localhost", false), ("[::1]:80", false), ("example.com", true)]
    {
        let answer = get(&app, "/context", &[("host", host)]).await;
        assert_eq!(answer.header("set-cookie").unwrap().contains("Secure"), secure, "{host}");
    }
}

#[tokio::test]
async fn a_guest_id_that_is_no_uuid_is_replaced() {
    let world = World::new().await;
    let app = app(&world);
    for value in
        ["1", "x; Domain=evil", "{550e8400-e29b-41d4-a716-446655440000}", "550e8400e29b41d4a716446655440000"]
    {
        let answer = get(&app, "/context", &[("cookie", &format!("guest_logto_authtoken={value}"))]).await;
        assert_ne!(answer.json()["guestId"], value);
        assert!(answer.header("set-cookie").is_some(), "{value}");
    }
}

#[tokio::test]
async fn a_refused_token_makes_a_guest_who_knows_why() {
    let world = World::new().await;
    let app = app(&world);
    for (token, reason) in [
        (world.token().expires_at(1).sign(), "token_expired"),
        (world.token().signature(vec![7; 64]).sign(), "invalid_signature"),
        ("nonsense".to_owned(), "malformed_token"),
    ] {
        let answer = get(&app, "/context", &[("cookie", &cookie(&token))]).await;
        assert_eq!(answer.json()["guestReason"], reason);
        assert_eq!(answer.json()["isGuest"], true);
    }
}

#[tokio::test]
async fn an_outage_makes_nobody_a_guest() {
    let world = World::new().await;
    let app = app(&world);
    world.issuer.faults().jwks(Fault::Status(500));
    let token = world.token().sign();
    let answer = get(&app, "/context", &[("cookie", &cookie(&token))]).await;
    assert_eq!(answer.denial(), (503, "keys_unavailable".into()));
    // Not even beside a token that is refused for good: the other one may be right.
    let expired = world.token().expires_at(1).sign();
    for headers in [
        [("cookie", cookie(&expired)), ("authorization", bearer(&token))],
        [("cookie", cookie(&token)), ("authorization", bearer(&expired))],
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(get(&app, "/context", &headers).await.denial(), (503, "keys_unavailable".into()));
    }
    // Without any token there is nothing to ask the issuer about.
    assert_eq!(get(&app, "/context", &[]).await.json()["guestReason"], "no_token");
}

#[tokio::test]
async fn a_handler_that_asks_for_a_user_gets_no_guest() {
    let world = World::new().await;
    let app = app(&world);
    assert_eq!(get(&app, "/user", &[]).await.denial(), (401, "missing_token".into()));
    let expired = world.token().expires_at(1).sign();
    assert_eq!(
        get(&app, "/user", &[("cookie", &cookie(&expired))]).await.denial(),
        (401, "token_expired".into())
    );
    assert_eq!(get(&app, "/maybe", &[]).await.body, "false");
    assert_eq!(get(&app, "/maybe", &[("cookie", &cookie(&world.token().sign()))]).await.body, "true");
}

#[tokio::test]
async fn a_user_s_context_holds_the_payload() {
    let world = World::new().await;
    let token = world.token().scope("read:products").claim("plan", "gold").sign();
    let context = get(&app(&world), "/context", &[("authorization", &bearer(&token))]).await.json();
    assert_eq!(context["userId"], "alice");
    assert_eq!((&context["isAuthenticated"], &context["isGuest"]), (&true.into(), &false.into()));
    assert_eq!(
        (&context["payload"]["plan"], &context["payload"]["scope"]),
        (&"gold".into(), &"read:products".into())
    );
    assert_eq!(context["guestId"], serde_json::Value::Null);
}
