//! Sign-in in a real axum router, mounted as its documentation says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "../../../sign-in/tests/sign_in/world.rs"]
#[allow(dead_code, reason = "a part of it is for other tests")]
mod world;

use axum::body::Body;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use http::{Request, Response};
use logto_authkit_sign_in::LogtoContext;
use logto_authkit_tower::{RequireSignIn, SignedIn, WithLogto, auth_router};
use tower::ServiceExt as _;
use world::{API, App, Browser, World};

fn router(app: &App) -> Router {
    let token = async |user: SignedIn| {
        user.access_token(Some(API)).await.unwrap();
        ([("cache-control", "public, max-age=3600"), ("set-cookie", "own=1")], user.user_id().to_owned())
    };
    let inner = Router::new().route("/page", get(async || "in").route_layer(RequireSignIn));
    let inner = inner.route("/hello", get(async |user: SignedIn| user.user_id().to_owned()));
    Router::new()
        .route("/token", get(token))
        .route("/page", get(async || Html("<p>page")))
        .route("/context", get(async |context: LogtoContext| Json(context)))
        .nest("/inner", inner)
        .merge(auth_router(app.routes.clone()))
        .layer(WithLogto::new(app.client.clone()))
}

async fn ask(router: &Router, browser: &Browser, path: &str) -> Response<Body> {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    *request.headers_mut() = browser.headers();
    router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_back_to_the_whole_path() {
    let world = World::new().await;
    let router = router(&world.app());
    for path in ["/token", "/inner/page?a=b", "/inner/hello"] {
        let answer = ask(&router, &Browser::default(), path).await;
        assert_eq!(answer.status(), 303);
        let wanted = path.replace('/', "%2F").replace('?', "%3F").replace('=', "%3D");
        assert_eq!(answer.headers()[LOCATION], format!("/auth/sign-in?return_to={wanted}"));
    }
}

#[tokio::test]
async fn an_answer_that_refreshed_keeps_the_application_s_cookies_and_is_not_for_caches() {
    let world = World::new().await;
    let app = world.cookie_app();
    let browser = world.alice(&app).await;
    let answer = ask(&router(&app), &browser, "/token").await;
    let cookies: Vec<_> = answer.headers().get_all(SET_COOKIE).iter().collect();
    assert_eq!(cookies[0], "own=1");
    assert!(cookies.len() > 1);
    assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");

    // A page for one person alone is not for caches either; what anybody may see is.
    for (browser, wanted) in [(&browser, Some("no-store")), (&Browser::default(), None)] {
        let answer = ask(&router(&app), browser, "/page").await;
        assert_eq!(answer.headers().get(CACHE_CONTROL).map(|value| value.to_str().unwrap()), wanted);
    }

    // With the session in a store nothing changes in the browser.
    let app = world.app();
    let browser = world.alice(&app).await;
    let answer = ask(&router(&app), &browser, "/token").await;
    assert_eq!(answer.headers().get_all(SET_COOKIE).iter().count(), 1);
    assert_eq!(answer.headers()[CACHE_CONTROL], "public, max-age=3600");
}

#[tokio::test]
async fn signing_out_while_another_request_has_refreshed_signs_out() {
    let world = World::new().await;
    let app = world.cookie_app();
    let router = router(&app);
    let before = world.alice(&app).await;
    assert_eq!(ask(&router, &before, "/token").await.status(), 200);
    let mut browser = before.clone();
    let answer = ask(&router, &before, "/auth/sign-out").await;
    assert_eq!(answer.status(), 303);
    browser.take(answer.headers());
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies.keys());
    world.advance(11);
    assert!(!browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn handlers_see_who_is_signed_in() {
    let world = World::new().await;
    let app = world.app();
    let router = router(&app);
    let browser = world.alice(&app).await;
    for (browser, wanted) in [(&browser, true), (&Browser::default(), false)] {
        let answer = ask(&router, browser, "/context").await;
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let context: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(context["isAuthenticated"], wanted);
        assert_eq!(context["claims"]["sub"] == "user_alice", wanted);
    }
    let answer = ask(&router, &browser, "/inner/page").await;
    assert_eq!(answer.status(), 200);
}
