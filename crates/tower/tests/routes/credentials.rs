use axum::Router;
use axum::routing::{get as on_get, post};
use logto_authkit_dev_issuer::Fault;
use logto_authkit_tower::{Auth, AuthLayer, Denial};
use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Request};

use crate::{World, bearer, cookie, get, request, send};

fn app(world: &World) -> Router {
    Router::new()
        .route("/", on_get(|auth: Auth| async move { auth.user_id().to_owned() }))
        .route("/", post(|auth: Auth| async move { auth.user_id().to_owned() }))
        .layer(AuthLayer::new(world.verifier.clone()))
}

#[tokio::test]
async fn a_token_is_taken_from_the_cookie_or_the_header() {
    let world = World::new().await;
    let app = app(&world);
    let token = world.token().sign();
    for headers in [
        [("authorization", bearer(&token))].as_slice(),
        &[("authorization", format!("bEaReR   {token}"))],
        &[("cookie", cookie(&token))],
        &[("cookie", format!("logto_authtoken=\"{token}\""))],
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = get(&app, "/", &headers).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "alice"), "{headers:?}");
    }
}

#[tokio::test]
async fn a_foreign_cookie_outside_ascii_hides_no_token() {
    let world = World::new().await;
    let app = app(&world);
    let token = world.token().sign();
    for line in [
        [b"name=Jos\xe9; ", cookie(&token).as_bytes()].concat(),
        [cookie(&token).as_bytes(), b"; name=Jos\xe9"].concat(),
    ] {
        let line = HeaderValue::from_bytes(&line).unwrap();
        let request = Request::get("/").header("cookie", line).body(Body::empty()).unwrap();
        let answer = send(&app, request).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "alice"));
    }
}

#[tokio::test]
async fn a_cookie_that_browsers_take_from_this_host_alone_can_hold_the_token() {
    let world = World::new().await;
    let app = Router::new()
        .route("/", on_get(|auth: Auth| async move { auth.user_id().to_owned() }))
        .layer(AuthLayer::new(world.verifier.clone()).cookie_name("__Host-token").unwrap());
    let token = world.token().sign();
    assert_eq!(get(&app, "/", &[("cookie", &format!("a=1; __Host-token={token}"))]).await.body, "alice");
    let planted = format!("__host-token={token}; \u{2000}__Host-token={token}; logto_authtoken={token}");
    let planted = HeaderValue::from_bytes(planted.as_bytes()).unwrap();
    let request = Request::get("/").header("cookie", planted).body(Body::empty()).unwrap();
    assert_eq!(send(&app, request).await.denial(), (401, "missing_token".into()));
}

#[tokio::test]
async fn a_token_in_the_query_is_never_read() {
    let world = World::new().await;
    let path = format!("/?access_token={}", world.token().sign());
    assert_eq!(get(&app(&world), &path, &[]).await.denial(), (401, "missing_token".into()));
}

#[tokio::test]
async fn without_credentials_the_challenge_names_the_realm_alone() {
    let world = World::new().await;
    let answer = get(&app(&world), "/", &[]).await;
    assert_eq!(answer.denial(), (401, "missing_token".into()));
    assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="api""#));
    assert_eq!(answer.json()["error"], "Authentication required");
}

#[tokio::test]
async fn a_refused_token_is_answered_with_its_code_and_never_repeated() {
    let world = World::new().await;
    let app = app(&world);
    for (token, expected) in [
        ("x".to_owned(), "malformed_token"),
        (world.token().typ("JWT").sign(), "wrong_token_type"),
        (world.token().audience("https://other.example.com").sign(), "invalid_audience"),
        (world.token().expires_at(1).sign(), "token_expired"),
        (world.token().header("kid", "other").sign(), "unknown_key"),
        (world.token().signature(vec![0; 64]).sign(), "invalid_signature"),
    ] {
        let answer = get(&app, "/", &[("authorization", &bearer(&token))]).await;
        assert_eq!(answer.denial(), (401, expected.into()));
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with(r#"Bearer realm="api", error="invalid_token", error_description=""#),
            "{challenge}"
        );
        assert!(token == "x" || !format!("{}{challenge}", answer.body).contains(&token));
    }
}

#[tokio::test]
async fn a_bearer_header_that_cannot_be_read_is_a_bad_request() {
    let world = World::new().await;
    let app = app(&world);
    let token = world.token().sign();
    let empty = get(&app, "/", &[("authorization", "Bearer")]).await;
    assert_eq!(empty.denial(), (400, "invalid_request".into()));
    assert!(empty.header("www-authenticate").unwrap().contains(r#"error="invalid_request""#));
    let twice = [("authorization", bearer(&token)), ("authorization", bearer(&token))];
    let twice: Vec<_> = twice.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(get(&app, "/", &twice).await.denial(), (400, "invalid_request".into()));
}

#[tokio::test]
async fn the_header_is_tried_when_the_cookie_is_refused_and_the_first_refusal_is_told() {
    let world = World::new().await;
    let app = app(&world);
    let (good, expired, foreign) = (
        world.token().sign(),
        world.token().expires_at(1).sign(),
        world.token().audience("https://other.example.com").sign(),
    );
    let ask = async |in_cookie: &str, in_header: &str| {
        get(&app, "/", &[("cookie", &cookie(in_cookie)), ("authorization", &bearer(in_header))]).await
    };
    assert_eq!(ask(&expired, &good).await.status, 200);
    assert_eq!(ask(&good, &expired).await.status, 200);
    assert_eq!(ask(&expired, &foreign).await.denial(), (401, "token_expired".into()));
    assert_eq!(ask(&foreign, &expired).await.denial(), (401, "invalid_audience".into()));
}

#[tokio::test]
async fn an_outage_is_answered_with_503_and_when_to_come_back() {
    let world = World::new().await;
    let app = app(&world);
    world.issuer.faults().jwks(Fault::Status(503));
    let answer = get(&app, "/", &[("authorization", &bearer(&world.token().sign()))]).await;
    assert_eq!(answer.denial(), (503, "keys_unavailable".into()));
    assert!((1..=30).contains(&answer.header("retry-after").unwrap().parse::<u64>().unwrap()));
    assert_eq!(answer.header("www-authenticate"), None);
    world.issuer.faults().clear();
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(get(&app, "/", &[("authorization", &bearer(&world.token().sign()))]).await.status, 200);
}

#[tokio::test]
async fn cookie_credentials_on_an_unsafe_method_need_a_proof_of_the_same_origin() {
    let world = World::new().await;
    let app = app(&world);
    let token = world.token().sign();
    let (in_cookie, in_header) = (cookie(&token), bearer(&token));
    let post = async |headers: &[(&str, &str)]| send(&app, request("POST", "/", headers)).await;
    let own = [("host", "app.example.com"), ("cookie", in_cookie.as_str())];
    for proof in [("sec-fetch-site", "same-origin"), ("origin", "https://app.example.com")] {
        assert_eq!(post(&[own[0], own[1], proof]).await.status, 200, "{proof:?}");
    }
    for forgery in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("x", "y"),
    ] {
        let answer = post(&[own[0], own[1], forgery]).await;
        assert_eq!(answer.denial(), (403, "csrf_failed".into()), "{forgery:?}");
        assert_eq!(answer.header("www-authenticate"), None);
    }
    // A header cannot be forged by another site: no proof is asked, also where the cookie is there too.
    assert_eq!(post(&[("authorization", &in_header)]).await.status, 200);
    assert_eq!(
        post(&[own[1], ("authorization", &in_header), ("sec-fetch-site", "cross-site")]).await.status,
        200
    );
    // Only a valid token may be answered with 403.
    let expired = cookie(&world.token().expires_at(1).sign());
    assert_eq!(post(&[("cookie", &expired)]).await.denial(), (401, "token_expired".into()));
}

#[tokio::test]
async fn a_page_of_another_origin_opens_no_web_socket_with_the_user_s_cookie() {
    let world = World::new().await;
    let app = app(&world);
    let token = world.token().sign();
    let (in_cookie, in_header) = (cookie(&token), bearer(&token));
    let handshake = async |headers: &[(&str, &str)]| {
        let own = [
            ("host", "app.example.com"),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        get(&app, "/", &[&own, headers].concat()).await
    };
    for foreign in [
        &[("origin", "https://evil.example.com")][..],
        &[("origin", "https://evil.example.com"), ("sec-fetch-site", "same-site")],
        &[("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")],
        &[],
    ] {
        let answer = handshake(&[foreign, &[("cookie", &in_cookie)]].concat()).await;
        assert_eq!(answer.denial(), (403, "csrf_failed".into()), "{foreign:?}");
    }
    let own = ("origin", "https://app.example.com");
    assert_eq!(handshake(&[own, ("cookie", &in_cookie)]).await.status, 200);
    assert_eq!(handshake(&[("authorization", &in_header)]).await.status, 200);
}

#[tokio::test]
async fn the_application_can_answer_denials_itself() {
    let world = World::new().await;
    let app = Router::new().route("/", on_get(|| async { "in" })).layer(
        AuthLayer::new(world.verifier.clone()).realm("shop").on_denied(
            |denial: Denial, parts: &http::request::Parts| {
                let mut response = denial.to_response::<axum::body::Body>();
                response.headers_mut().insert("x-path", parts.uri.path().parse().unwrap());
                response
            },
        ),
    );
    let answer = get(&app, "/", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-path")), (401, Some("/")));
    assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="shop""#));
}
