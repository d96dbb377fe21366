use logto_authkit_dev_issuer::Fault;
use logto_authkit_sign_in::SignInError;

use crate::world::{API, HOME, World, location};

#[tokio::test]
async fn signing_out_ends_the_session_here_and_then_at_the_issuer() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        world.issuer.reset_counters();
        let mut browser = world.alice(&app).await;
        let copy = browser.clone();
        let answer = browser.get(&app, "/auth/sign-out").await;
        let to = location(&answer);
        assert!(to.starts_with(&format!("{}/oidc/session/end?", world.issuer.logto_url())), "{to}");
        assert!(to.contains("id_token_hint=eyJ"));
        assert!(to.contains("post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A4000%2F"));
        assert!(browser.cookies.is_empty());
        assert_eq!(world.issuer.counters().revocation, 1, "the refresh token outlives end_session");
        let mut thief = copy;
        // For good where there is a store; the cookies themselves are all there is where there is none, and the process remembers for
        // a while that they were given up.
        assert!(!thief.is_signed_in(&app).await, "the old cookie opens nothing");
        // A second time it has nothing to do.
        assert_eq!(location(&browser.get(&app, "/auth/sign-out").await), format!("{HOME}/"));
    }
}

#[tokio::test]
async fn an_issuer_that_is_down_keeps_nobody_signed_in() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = world.alice(&app).await;
    world.issuer.faults().all(Fault::Status(503));
    assert_eq!(browser.get(&app, "/auth/sign-out").await.status(), 303);
    assert!(!browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn a_refresh_that_is_under_way_does_not_bring_a_session_back() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        let mut browser = world.alice(&app).await;
        let copy = browser.clone();
        let session = browser.session(&app).await;
        // The issuer has done its part, and its answer is on the way.
        let interval = std::time::Duration::from_millis(300);
        world.issuer.faults().token(Fault::SlowDrip { bytes_per_chunk: 1 << 20, interval });
        world.issuer.reset_counters();
        let refresh = tokio::spawn(async move { session.access_token(Some(API)).await });
        while world.issuer.counters().token_refresh == 0 {
            tokio::task::yield_now().await;
        }
        browser.get(&app, "/auth/sign-out").await;
        assert_eq!(refresh.await.unwrap().unwrap_err(), SignInError::NotAuthenticated);
        world.issuer.faults().clear();
        let mut late = copy;
        assert!(!late.is_signed_in(&app).await);
        assert_eq!(world.issuer.counters().revocation, 2, "what the refresh brought is revoked as well");
    }
}
