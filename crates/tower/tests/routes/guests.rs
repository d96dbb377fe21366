use axum::routing::{any, get as on_get};
use axum::{Json, Router};
use logto_authkit_dev_issuer::Fault;
use logto_authkit_tower::{Auth, AuthContext, AuthLayer};
use logto_authkit_web::{Guard, RequestOrganization};

use crate::{World, bearer, cookie, get, request, send};

fn app(world: &World) -> Router {
    Router::new()
        .route("/context", any(|context: AuthContext| async move { Json(context) }))
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
async fn behind_a_proxy_the_guest_cookie_is_secure_whatever_the_host() {
    let world = World::new().await;
    for of_a_proxy in [
        ("forwarded", "for=203.0.113.7"),
        ("via", "1.1 proxy"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-host", "shop.example.com"),
        ("x-forwarded-proto", "https"),
    ] {
        let answer = get(&app(&world), "/context", &[("host", "127.0.0.1:3000"), of_a_proxy]).await;
        assert!(answer.header("set-cookie").unwrap().contains("; Secure;"), "{of_a_proxy:?}");
    }
}

#[tokio::test]
async fn a_guest_cookie_whose_name_asks_for_it_is_secure_on_loopback_too() {
    let world = World::new().await;
    for name in ["__Host-guest", "__Secure-guest", "__host-guest"] {
        let layer =
            AuthLayer::new(world.verifier.clone()).allow_guests(true).guest_cookie_name(name).unwrap();
        let app =
            Router::new().route("/", on_get(|context: AuthContext| async { Json(context) })).layer(layer);
        let first = get(&app, "/", &[("host", "localhost:3000")]).await;
        let id = first.json()["guestId"].as_str().unwrap().to_owned();
        assert_eq!(
            first.header("set-cookie").unwrap(),
            format!("{name}={id}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000")
        );
        let again = get(&app, "/", &[("cookie", &format!("{name}={id}"))]).await;
        assert_eq!((again.json()["guestId"].as_str(), again.header("set-cookie")), (Some(&*id), None));
    }
}

#[tokio::test]
async fn a_request_that_another_site_may_have_sent_is_not_made_in_the_guest_s_name() {
    let world = World::new().await;
    let app = app(&world);
    let id = "550e8400-e29b-41d4-a716-446655440000";
    let known = format!("guest_logto_authtoken={id}");
    let own = [("host", "shop.example.com"), ("cookie", known.as_str())];
    let ask = async |method: &str, headers: &[(&str, &str)]| {
        send(&app, request(method, "/context", &[&own, headers].concat())).await
    };
    for forgery in [
        &[("origin", "https://evil.example.com")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site")],
        &[],
    ] {
        let answer = ask("POST", forgery).await;
        assert_eq!(answer.json()["isGuest"], true, "{forgery:?}");
        assert_ne!(answer.json()["guestId"], id, "{forgery:?}");
        assert_eq!(answer.header("set-cookie"), None, "{forgery:?}");
    }
    let handshake = [("upgrade", "websocket"), ("origin", "https://evil.example.com")];
    assert_ne!(ask("GET", &handshake).await.json()["guestId"], id);
    for (method, proof) in [
        ("POST", ("sec-fetch-site", "same-origin")),
        ("POST", ("origin", "https://shop.example.com")),
        ("GET", ("sec-fetch-site", "cross-site")),
    ] {
        assert_eq!(ask(method, &[proof]).await.json()["guestId"], id, "{method} {proof:?}");
    }
}

#[tokio::test]
async fn a_guest_of_layers_inside_each_other_has_one_id_and_gets_one_cookie() {
    let world = World::new().await;
    let layer = || AuthLayer::new(world.verifier.clone()).allow_guests(true);
    let app = app(&world).layer(layer().guest_cookie_name("outer").unwrap()).layer(layer());
    // Decided at once, and behind a wait for the issuer's keys.
    for token in [None, Some(bearer(&world.token().header("kid", "unheard-of").sign()))] {
        let headers: Vec<_> = token.iter().map(|token| ("authorization", token.as_str())).collect();
        let answer = get(&app, "/context", &headers).await;
        let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies.len(), 1, "{cookies:?}");
        let id = answer.json()["guestId"].as_str().unwrap().to_owned();
        let start = format!("guest_logto_authtoken={id};");
        assert!(cookies[0].to_str().unwrap().starts_with(&start), "{id} {cookies:?}");
    }
    let id = "550e8400-e29b-41d4-a716-446655440000";
    let again = get(&app, "/context", &[("cookie", &format!("guest_logto_authtoken={id}"))]).await;
    assert_eq!((&again.json()["guestId"], again.header("set-cookie")), (&id.into(), None));
}

#[tokio::test]
async fn a_context_that_is_already_in_the_extensions_admits_nobody() {
    let world = World::new().await;
    let guard = Guard::new(world.verifier.clone());
    let token = world.token().sign();
    let user = guard.admit(&guard.credentials_of_token(&token), RequestOrganization::AsConfigured).await;
    let ask = async |app: &Router| {
        let mut request = request("GET", "/context", &[]);
        request.extensions_mut().insert(user.clone().unwrap().into_parts().0);
        send(app, request).await
    };
    let for_users = app(&world).layer(AuthLayer::new(world.verifier.clone()));
    assert_eq!(ask(&for_users).await.denial(), (401, "missing_token".into()));
    let answer = ask(&app(&world)).await;
    assert_eq!((&answer.json()["isGuest"], &answer.json()["userId"]), (&true.into(), &().into()));
    assert!(answer.header("set-cookie").is_some());
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
