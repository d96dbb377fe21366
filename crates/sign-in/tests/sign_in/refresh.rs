use std::sync::Arc;
use std::time::Duration;

use logto_authkit_dev_issuer::Fault;
use logto_authkit_sign_in::SignInError;

use crate::world::{API, App, Browser, SECOND_API, World};

/// Asks so many times at once, each time as a request of its own.
async fn ask_at_once(app: &App, browser: &Browser, count: usize) -> Vec<Result<String, SignInError>> {
    let mut tasks = Vec::new();
    for _ in 0..count {
        let (app, browser) = (app.clone(), browser.clone());
        tasks.push(tokio::spawn(async move {
            let session = browser.session(&app).await;
            session.access_token(Some(API)).await.map(|token| token.token().to_owned())
        }));
    }
    let mut found = Vec::new();
    for task in tasks {
        found.push(task.await.unwrap());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_at_expiry_make_one_refresh() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        let mut browser = world.alice(&app).await;
        for round in 0..5 {
            world.issuer.reset_counters();
            let found = ask_at_once(&app, &browser, 100).await;
            let first = found[0].clone().unwrap();
            assert!(found.iter().all(|token| token.as_ref().ok() == Some(&first)), "round {round}");
            assert_eq!(world.issuer.counters().token_refresh, 1, "round {round}");
            // What the browser was given by one of the answers.
            let session = browser.session(&app).await;
            session.access_token(Some(API)).await.unwrap();
            browser.take_from(&session);
            world.advance(3600);
        }
        assert!(browser.is_signed_in(&app).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_on_one_store_make_one_refresh() {
    let world = World::new().await;
    let store = world.store();
    let apps = [0, 1, 2].map(|_| world.app_of(world.config(), Some(Arc::clone(&store))));
    let mut browser = world.alice(&apps[0]).await;
    for round in 0..10 {
        world.issuer.reset_counters();
        let asked = apps.iter().map(|app| ask_at_once(app, &browser, 50));
        let mut found = Vec::new();
        let [one, two, three] = <[_; 3]>::try_from(asked.collect::<Vec<_>>()).ok().unwrap();
        let (one, two, three) = tokio::join!(one, two, three);
        found.extend(one.into_iter().chain(two).chain(three));
        let first = found[0].clone().unwrap();
        assert!(found.iter().all(|token| token.as_ref().ok() == Some(&first)), "round {round}");
        assert_eq!(world.issuer.counters().token_refresh, 1, "round {round}");
        world.advance(3600);
    }
    assert!(browser.is_signed_in(&apps[1]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_for_different_resources_are_refreshed_one_after_another() {
    let world = World::new().await;
    let app = world.app();
    let browser = world.alice(&app).await;
    let mut tasks = Vec::new();
    for index in 0..60 {
        let session = browser.session(&app).await;
        tasks.push(tokio::spawn(async move {
            match index % 3 {
                0 => session.access_token(Some(API)).await,
                1 => session.access_token(Some(SECOND_API)).await,
                _ => session.organization_token("org_acme").await,
            }
        }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(world.issuer.counters().token_refresh, 3);
    // The rotated refresh tokens were all kept: the grant is alive.
    world.advance(3600);
    browser.session(&app).await.access_token(Some(API)).await.unwrap();
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_its_end() {
    let world = World::new().await;
    let app = world.app();
    let session = world.alice(&app).await.session(&app).await;
    let first = session.access_token(Some(API)).await.unwrap();
    world.advance(3600 - 61);
    assert_eq!(session.access_token(Some(API)).await.unwrap(), first);
    world.advance(2);
    assert_ne!(session.access_token(Some(API)).await.unwrap(), first);
}

#[tokio::test]
async fn who_asked_may_go_and_the_refresh_goes_on() {
    let world = World::new().await;
    let app = world.app();
    let browser = world.alice(&app).await;
    world.issuer.faults().token(Fault::Latency(Duration::from_millis(200)));
    let session = browser.session(&app).await;
    let gone = tokio::time::timeout(Duration::from_millis(50), session.access_token(Some(API))).await;
    assert!(gone.is_err(), "the request was cancelled while the issuer was asked");
    world.issuer.faults().clear();
    browser.session(&app).await.access_token(Some(API)).await.unwrap();
    assert_eq!(world.issuer.counters().token_refresh, 1, "the token of the cancelled request was kept");
}

#[tokio::test]
async fn an_issuer_that_fails_signs_nobody_out_and_is_asked_once_in_a_while() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = world.alice(&app).await;
    for (fault, code) in [
        (Fault::Status(503), "issuer_unavailable"),
        (Fault::RetryAfter(429, Duration::from_secs(7)), "rate_limited"),
        (Fault::DropConnection, "issuer_unavailable"),
        (Fault::Html, "issuer_unavailable"),
    ] {
        world.issuer.faults().token(fault);
        world.issuer.reset_counters();
        let found = ask_at_once(&app, &browser, 100).await;
        for result in &found {
            let error = result.as_ref().unwrap_err();
            assert_eq!((error.code(), error.status()), (code, 503));
            assert!(error.retry_after().is_some());
        }
        assert_eq!(world.issuer.counters().token_refresh, 1, "{code}");
        let user = browser.user(&app).await;
        assert_eq!((&user["isAuthenticated"], &user["claims"]["sub"]), (&true.into(), &"user_alice".into()));
        world.advance(11);
    }
    world.issuer.faults().clear();
    browser.session(&app).await.access_token(Some(API)).await.unwrap();
}

#[tokio::test]
async fn a_grant_that_has_ended_signs_out() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = world.alice(&app).await;
    // Fourteen days later the refresh token has ended, a moment before the session.
    world.advance(14 * 24 * 3600 - 1);
    world.issuer.faults().token(Fault::None);
    let session = browser.session(&app).await;
    assert!(session.is_authenticated());
    world.advance(2);
    assert!(!browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn a_revoked_grant_signs_out_and_takes_the_cookies_along() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        let mut browser = world.alice(&app).await;
        let copy = browser.clone();
        // The same grant is used by another copy of the session that nobody knows of: its reuse ends the grant.
        let other = world.app_of(world.config(), None);
        let mut stale = copy.clone();
        if stale.is_signed_in(&other).await {
            stale.session(&other).await.access_token(Some(API)).await.unwrap();
            world.advance(10);
            let session = browser.session(&app).await;
            assert_eq!(session.access_token(Some(API)).await.unwrap_err(), SignInError::NotAuthenticated);
            assert!(!session.is_authenticated());
            browser.take_from(&session);
            assert!(browser.cookies.is_empty());
        }
    }
}
