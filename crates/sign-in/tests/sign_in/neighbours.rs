//! What requests that come late, cookies of others and pages of others must not do.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri};
use logto_authkit_dev_issuer::Fault;
use logto_authkit_sign_in::{LogtoConfig, SignInOptions};

use crate::attacks::logout_token;
use crate::world::{API, App, Browser, HOME, KEY, SECOND_API, World, code, cookie_line};

const MANY: usize = 150;

async fn world_of_many_organizations() -> World {
    World::with_organizations((0..MANY).map(organization)).await
}

fn organization(number: usize) -> String {
    format!("organization_{number:04}")
}

/// An answer of the routes to a request that carries the cookies of `carrying`, behind a layer that appends what came of its session.
async fn behind_the_layer(app: &App, browser: &mut Browser, carrying: &Browser, path: &str) {
    let headers = carrying.headers();
    let session = app.client.session(&headers).await.unwrap();
    let uri: Uri = path.parse().unwrap();
    let mut answer = app.routes.handle(&Method::GET, &uri, &headers, b"").await;
    assert_eq!(answer.status(), 303);
    session.append_cookies(answer.headers_mut());
    browser.take(answer.headers());
}

#[tokio::test]
async fn who_signs_out_while_another_request_has_refreshed_stays_signed_out() {
    let world = World::new().await;
    let app = world.cookie_app();
    let before = world.alice(&app).await;
    before.session(&app).await.access_token(Some(API)).await.unwrap();
    let mut browser = before.clone();
    behind_the_layer(&app, &mut browser, &before, "/auth/sign-out").await;
    world.advance(11);
    assert!(!browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn who_signs_in_as_somebody_else_while_another_request_has_refreshed_is_somebody_else() {
    let world = World::new().await;
    let app = world.cookie_app();
    let mut before = world.alice(&app).await;
    before.at_issuer.clear();
    let callback = world.callback_of(&app, &mut before, "bob", "/auth/sign-in").await;
    before.session(&app).await.access_token(Some(API)).await.unwrap();
    let mut browser = before.clone();
    behind_the_layer(&app, &mut browser, &before, &callback).await;
    world.advance(11);
    assert_eq!(browser.user(&app).await["claims"]["sub"], "user_bob");
}

#[tokio::test]
async fn an_answer_that_comes_after_the_sign_out_does_not_bring_the_session_back() {
    let world = World::new().await;
    let app = world.cookie_app();
    let mut browser = world.alice(&app).await;
    let late = browser.session(&app).await;
    late.access_token(Some(API)).await.unwrap();
    browser.get(&app, "/auth/sign-out").await;
    browser.take_from(&late);
    for seconds in [0, 11, 3600, 24 * 3600] {
        world.advance(seconds);
        assert!(!browser.is_signed_in(&app).await, "after {seconds} s");
    }
}

#[tokio::test]
async fn an_answer_that_comes_after_the_next_sign_in_leaves_that_alone() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = world.alice(&app).await;
    let late = browser.session(&app).await;
    let callback = world.callback_of(&app, &mut browser, "alice", "/auth/sign-in").await;
    browser.get(&app, &callback).await;
    late.access_token(Some(API)).await.unwrap_err();
    browser.take_from(&late);
    assert!(browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn a_session_of_one_cookie_takes_the_place_of_one_of_several() {
    let world = world_of_many_organizations().await;
    let app = world.cookie_app();
    let mut browser = world.alice(&app).await;
    let session = browser.session(&app).await;
    for number in 0..3 {
        session.organization_token(&organization(number)).await.unwrap();
    }
    browser.take_from(&session);
    assert!(browser.cookies.len() > 2, "{:?}", browser.cookies.keys());
    browser.at_issuer.clear();
    let large = browser.cookies.clone();
    let callback = world.callback_of(&app, &mut browser, "bob", "/auth/sign-in").await;
    browser.get(&app, &callback).await;
    assert_eq!(browser.user(&app).await["claims"]["sub"], "user_bob");

    // Also where a browser has kept what it was told to forget.
    for (name, value) in large {
        browser.cookies.entry(name).or_insert(value);
    }
    assert_eq!(browser.user(&app).await["claims"]["sub"], "user_bob");
}

#[tokio::test]
async fn tokens_that_do_not_fit_into_cookies_cost_nobody_the_session() {
    let world = world_of_many_organizations().await;
    let app = world.cookie_app();
    let mut browser = world.alice(&app).await;
    for number in 0..12 {
        let session = browser.session(&app).await;
        session.organization_token(&organization(number)).await.unwrap();
        browser.take_from(&session);
        world.advance(11);
    }
    let session = browser.session(&app).await;
    session.access_token(Some(SECOND_API)).await.unwrap();
    browser.take_from(&session);
    assert!(browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn what_is_shown_for_logs_opens_nothing() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        let browser = world.alice(&app).await;
        let shown = format!("{:?}", browser.session(&app).await);
        assert!(shown.contains("user_alice"));
        for value in browser.cookies.values() {
            assert!(!shown.contains(value.as_str()), "{shown}");
        }
    }
    let mut options = SignInOptions::default();
    options.one_time_token = Some("the secret".to_owned());
    options.extra = vec![("token".to_owned(), "the secret".to_owned())];
    assert!(!format!("{options:?}").contains("the secret"));
}

#[tokio::test]
async fn only_who_follows_a_link_is_signed_out_by_it() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = world.alice(&app).await;
    let own = ("sec-fetch-site", "same-origin");
    for headers in [
        [own, ("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")],
        [own, ("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")],
        [own, ("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")],
        [own, ("sec-fetch-mode", "navigate"), ("sec-purpose", "prefetch")],
        [own, ("sec-fetch-mode", "navigate"), ("sec-purpose", "prefetch;prerender")],
    ] {
        let answer = browser.ask(&app, Method::GET, "/auth/sign-out", &headers, b"").await;
        assert_eq!((answer.status().as_u16(), code(&answer)), (403, "csrf_failed".to_owned()), "{headers:?}");
        assert!(browser.is_signed_in(&app).await);
    }
    let link = [own, ("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate")];
    assert_eq!(browser.ask(&app, Method::GET, "/auth/sign-out", &link, b"").await.status(), 303);
    assert!(!browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn a_cookie_of_others_with_a_letter_of_its_own_hides_nothing() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        let browser = world.alice(&app).await;
        for foreign in ["tossed=é; ", "é=1; ", "\u{80}; ", "; ;=;= ;"] {
            let line = [foreign.as_bytes(), cookie_line(&browser.cookies).as_bytes()].concat();
            let mut headers = HeaderMap::new();
            headers.insert("cookie", HeaderValue::from_bytes(&line).unwrap());
            assert!(app.client.session(&headers).await.unwrap().is_authenticated(), "{foreign:?}");
        }
        let mut headers = HeaderMap::new();
        let line = cookie_line(&browser.cookies) + "; tossed=é";
        headers.insert("cookie", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        let answer =
            app.routes.handle(&Method::GET, &Uri::from_static("/auth/sign-out"), &headers, b"").await;
        let mut after = browser.clone();
        after.take(answer.headers());
        assert!(after.cookies.is_empty());
        assert!(!browser.clone().is_signed_in(&app).await);
    }
}

#[tokio::test]
async fn thousands_of_cookies_are_answered_by_a_few() {
    let world = World::new().await;
    let app = world.app_of(world.config().cookie_name("s"), Some(world.store()));
    let line: String = (0..3000).map(|number| format!("s_pending_{number}=;")).collect();
    let mut headers = HeaderMap::new();
    headers.insert("cookie", line.parse().unwrap());
    let answer = app.routes.handle(&Method::GET, &Uri::from_static("/auth/sign-in"), &headers, b"").await;
    assert_eq!(answer.status(), 303);
    assert!(answer.headers().len() < 50, "{} headers", answer.headers().len());
}

#[tokio::test]
async fn sign_ins_to_long_addresses_leave_room_for_other_cookies() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = Browser::default();
    for _ in 0..8 {
        let answer = browser.get(&app, &format!("/auth/sign-in?return_to=/{}", "a".repeat(2000))).await;
        assert_eq!(answer.status(), 303);
        assert!(answer.headers()["set-cookie"].len() < 4096);
    }
    let length = cookie_line(&browser.cookies).len();
    assert!((2000..5200).contains(&length), "{length} bytes");
}

#[tokio::test]
async fn a_callback_whose_first_request_went_away_is_answered_all_the_same() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        let mut browser = Browser::default();
        let callback = world.callback_of(&app, &mut browser, "alice", "/auth/sign-in").await;
        let held = Fault::SlowDrip { bytes_per_chunk: 1 << 20, interval: Duration::from_millis(300) };
        world.issuer.faults().token(held);
        let mut first = browser.clone();
        let gone = tokio::time::timeout(Duration::from_millis(100), first.get(&app, &callback)).await;
        gone.unwrap_err();
        let answer = browser.get(&app, &callback).await;
        world.issuer.faults().clear();
        assert_eq!(answer.status(), 303, "{}", String::from_utf8_lossy(answer.body()));
        assert!(browser.is_signed_in(&app).await);
    }
}

#[tokio::test]
async fn a_callback_that_the_issuer_could_not_serve_may_be_tried_again() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        let mut browser = Browser::default();
        let callback = world.callback_of(&app, &mut browser, "alice", "/auth/sign-in").await;
        world.issuer.faults().token(Fault::Status(503));
        assert_eq!(browser.get(&app, &callback).await.status(), 503);
        world.issuer.faults().clear();
        assert_eq!(browser.get(&app, &callback).await.status(), 303);
        assert!(browser.is_signed_in(&app).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_discovery_document_serves_all_who_wait_for_a_new_one() {
    let world = World::new().await;
    let app = world.app();
    Browser::default().get(&app, "/auth/sign-in").await;
    world.advance(3601);
    world.issuer.faults().discovery(Fault::Status(503));
    let before = world.issuer.counters().discovery;
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { Browser::default().get(&app, "/auth/sign-in").await.status() })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), 303);
    }
    assert_eq!(world.issuer.counters().discovery, before + 1);
}

#[tokio::test]
async fn two_applications_on_one_store_end_only_their_own_sessions() {
    let world = World::new().await;
    let store = world.store();
    let app = |prefix: &str| {
        let config = LogtoConfig::builder(world.issuer.logto_url(), "web").app_secret("web secret+/:");
        let config = config.base_url(HOME).sealing_key(KEY).auth_routes_prefix(prefix).cookie_name("s");
        world.app_of(config, Some(store.clone()))
    };
    let (app, other) = (app("/auth"), app("/admin/auth"));
    let mut browser = world.alice(&app).await;
    let mut browser_of_other = world.sign_in(&other, "alice", "/admin/auth/sign-in").await.0;
    let token = logout_token(&world, &serde_json::json!({ "aud": "web" }));
    assert_eq!(app.client.backchannel_logout(&token).await.unwrap(), 1);
    assert!(!browser.is_signed_in(&app).await);
    assert!(browser_of_other.get(&other, "/admin/auth/user").await.status() == 200);
    assert!(browser_of_other.session(&other).await.is_authenticated());
}

#[tokio::test]
async fn what_a_token_is_for_cannot_be_written_as_two() {
    let world = World::new().await;
    // An application that does not ask for organizations.
    let config = LogtoConfig::builder(world.issuer.logto_url(), "public").base_url(HOME).sealing_key(KEY);
    let app = world.app_of(config.resource(API), Some(world.store()));
    let browser = world.alice(&app).await;
    let before = world.issuer.counters().token;
    let session = browser.session(&app).await;
    let error = session.access_token(Some(&format!("{API} org_acme"))).await.unwrap_err();
    assert_eq!(error.code(), "token_request_failed");
    assert_eq!(world.issuer.counters().token, before, "nothing is asked for");
}
