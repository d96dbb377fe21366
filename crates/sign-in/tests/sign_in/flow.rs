use http::Method;
use logto_authkit_dev_issuer::Fault;
use logto_authkit_sign_in::{ContextOptions, LogtoConfig, SignInError, SignInOptions};
use url::Url;

use crate::world::{API, App, Browser, HOME, KEY, World, code, location};

#[tokio::test]
async fn somebody_signs_in_and_is_sent_back_to_the_page_that_asked() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        let mut stranger = Browser::default();
        assert!(!stranger.is_signed_in(&app).await);
        let (mut browser, back) =
            world.sign_in(&app, "alice", "/auth/sign-in?return_to=%2Fcart%3Fa%3Db").await;
        assert_eq!(back, format!("{HOME}/cart?a=b"));
        let user = browser.user(&app).await;
        assert_eq!((&user["isAuthenticated"], &user["claims"]["sub"]), (&true.into(), &"user_alice".into()));
        assert!(!user.to_string().contains("eyJ"), "a token is in {user}");
        assert!(
            browser.cookies.keys().all(|name| !name.contains("pending")),
            "the pending sign-in is forgotten"
        );
    }
}

#[tokio::test]
async fn a_confidential_application_signs_in_with_a_secret_of_special_characters() {
    let world = World::new().await;
    let config = LogtoConfig::builder(world.issuer.logto_url(), "web")
        .app_secret("web secret+/:")
        .base_url(format!("{HOME}/"))
        .sealing_key(KEY);
    let app = world.app_of(config, Some(world.store()));
    let mut browser = world.alice(&app).await;
    assert!(browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn the_authorization_request_asks_for_what_was_configured_and_for_nothing_twice() {
    let world = World::new().await;
    let app = world.app();
    let mut options = SignInOptions::default();
    options.login_hint = Some("alice@example.com".to_owned());
    options.direct_sign_in = Some("social:google".to_owned());
    options.identifiers = vec!["email".to_owned(), "phone".to_owned()];
    options.extra =
        vec![("prompt".to_owned(), "login".to_owned()), ("ui_locales".to_owned(), "de".to_owned())];
    let redirect = app.client.sign_in(&Browser::default().headers(), &options).await.unwrap();
    let url = Url::parse(&redirect.location).unwrap();
    let all = |name: &str| {
        let found = url.query_pairs().filter(|(known, _)| known == name).map(|(_, value)| value.into_owned());
        found.collect::<Vec<_>>()
    };
    assert_eq!(all("prompt"), ["login"]);
    assert_eq!(all("ui_locales"), ["de"]);
    assert_eq!(all("identifier"), ["email phone"]);
    assert_eq!(all("direct_sign_in"), ["social:google"]);
    assert_eq!(all("login_hint"), ["alice@example.com"]);
    assert_eq!(all("code_challenge_method"), ["S256"]);
    assert_eq!(all("redirect_uri"), [format!("{HOME}/auth/sign-in-callback")]);
    assert_eq!(all("resource").len(), 3);
    assert_eq!(all("scope")[0].matches("openid").count(), 1);
    for name in ["state", "nonce", "code_challenge"] {
        assert!(all(name)[0].len() >= 43, "{name}");
    }
    options.extra = vec![("redirect_uri".to_owned(), "https://evil.example".to_owned())];
    assert!(app.client.sign_in(&Browser::default().headers(), &options).await.is_err());
}

#[tokio::test]
async fn a_registration_begins_at_the_registration_page() {
    let world = World::new().await;
    let begun = Browser::default().get(&world.app(), "/auth/sign-up").await;
    assert!(location(&begun).contains("first_screen=register"));
}

#[tokio::test]
async fn three_tabs_sign_in_at_once() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = Browser::default();
    let mut callbacks = Vec::new();
    for tab in ["a", "b", "c"] {
        let path = format!("/auth/sign-in?return_to=%2F{tab}");
        callbacks.push(world.callback_of(&app, &mut browser, "alice", &path).await);
    }
    for (callback, tab) in callbacks.iter().zip(["a", "b", "c"]).rev() {
        let answer = browser.get(&app, callback).await;
        assert_eq!(location(&answer), format!("{HOME}/{tab}"));
    }
    assert!(browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn of_more_than_five_tabs_the_oldest_begins_anew() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = Browser::default();
    let oldest = world.callback_of(&app, &mut browser, "alice", "/auth/sign-in").await;
    for _ in 0..5 {
        world.advance(1);
        browser.get(&app, "/auth/sign-in").await;
    }
    assert_eq!(browser.cookies.len(), 5);
    let answer = browser.get(&app, &oldest).await;
    assert_eq!((answer.status().as_u16(), code(&answer)), (400, "state_mismatch".to_owned()));
}

#[tokio::test]
async fn a_second_click_on_the_callback_does_not_fail_the_first() {
    let world = World::new().await;
    for app in [world.app(), world.cookie_app()] {
        let mut browser = Browser::default();
        let callback = world.callback_of(&app, &mut browser, "alice", "/auth/sign-in").await;
        let (mut first, mut second) = (browser.clone(), browser);
        let (one, other) = tokio::join!(first.get(&app, &callback), second.get(&app, &callback));
        assert_eq!((one.status().as_u16(), other.status().as_u16()), (303, 303));
        assert!(first.is_signed_in(&app).await && second.is_signed_in(&app).await);
        // Much later, by the back button.
        assert_eq!(first.get(&app, &callback).await.status(), 303);
        assert!(first.is_signed_in(&app).await);
    }
    assert_eq!(world.issuer.counters().token_authorization_code, 2);
}

#[tokio::test]
async fn a_sign_in_takes_a_quarter_of_an_hour_at_most() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = Browser::default();
    let callback = world.callback_of(&app, &mut browser, "alice", "/auth/sign-in").await;
    world.advance(15 * 60);
    let answer = browser.get(&app, &callback).await;
    assert_eq!((answer.status().as_u16(), code(&answer)), (400, "state_mismatch".to_owned()));
}

#[tokio::test]
async fn who_asks_at_another_name_of_the_host_begins_at_the_application_s_own() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = Browser::default();
    let path = "/auth/sign-in?return_to=%2Fa";
    let answer = browser.ask(&app, Method::GET, path, &[("host", "127.0.0.1:4000")], b"").await;
    let home = location(&answer);
    assert_eq!(home, format!("{HOME}/auth/sign-in?return_to=%2Fa&at_home=1"));
    assert!(browser.cookies.is_empty());
    // Behind a proxy that changes `Host`, this happens once and is no loop.
    let answer = browser.ask(&app, Method::GET, &home[HOME.len()..], &[("host", "10.0.0.1")], b"").await;
    assert!(location(&answer).starts_with(world.issuer.logto_url()));
    let answer = browser.ask(&app, Method::GET, path, &[("host", "LOCALHOST:4000")], b"").await;
    assert!(location(&answer).starts_with(world.issuer.logto_url()));
}

#[tokio::test]
async fn clocks_may_be_two_minutes_apart() {
    for minutes in [-2, 2] {
        let mut world = World::new().await;
        world.set_our_clock_apart(minutes * 60);
        let app = world.app();
        let mut browser = world.alice(&app).await;
        assert!(browser.is_signed_in(&app).await);
    }
}

#[tokio::test]
async fn two_applications_of_one_host_do_not_disturb_each_other() {
    let world = World::new().await;
    let app = world.app();
    let admin: App = world.app_of(
        LogtoConfig::builder(world.issuer.logto_url(), "web")
            .app_secret("web secret+/:")
            .base_url(HOME)
            .auth_routes_prefix("/admin/auth/")
            .sealing_key(KEY),
        Some(world.store()),
    );
    let mut browser = world.alice(&app).await;
    let callback = world.callback_of(&admin, &mut browser, "bob", "/admin/auth/sign-in").await;
    assert_eq!(browser.get(&admin, &callback).await.status(), 303);
    assert_eq!(browser.user(&app).await["claims"]["sub"], "user_alice");
    let there = browser.get(&admin, "/admin/auth/user").await;
    assert!(String::from_utf8_lossy(there.body()).contains("isAuthenticated\":true"));
}

#[tokio::test]
async fn routes_answer_their_own_methods_and_paths() {
    let world = World::new().await;
    let app = world.app();
    let mut browser = Browser::default();
    for (method, path, status) in [
        (Method::POST, "/auth/sign-in", 405),
        (Method::HEAD, "/auth/sign-in", 405),
        (Method::DELETE, "/auth/sign-out", 405),
        (Method::GET, "/auth/backchannel-logout", 405),
        (Method::GET, "/auth/nothing", 404),
        (Method::GET, "/auth/", 404),
        (Method::GET, "/auth", 404),
        (Method::GET, "/authx/sign-in", 404),
        (Method::GET, "/auth/sign-in/", 303),
        (Method::GET, "/auth/user", 200),
    ] {
        let answer = browser.ask(&app, method.clone(), path, &[], b"").await;
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
    }
    let post = browser.ask(&world.cookie_app(), Method::POST, "/auth/backchannel-logout", &[], b"").await;
    assert_eq!(post.status(), 404, "sessions in cookies cannot be ended from afar");
}

#[tokio::test]
async fn an_issuer_that_fails_is_told_as_such_and_is_no_refusal() {
    let world = World::new().await;
    let app = world.app();
    world.issuer.faults().discovery(Fault::Status(503));
    let mut browser = Browser::default();
    let answer = browser.get(&app, "/auth/sign-in").await;
    assert_eq!((answer.status().as_u16(), code(&answer)), (503, "issuer_unavailable".to_owned()));
    assert!(answer.headers().contains_key("retry-after"));
    world.issuer.faults().clear();
    // A failure is not kept.
    assert_eq!(browser.get(&app, "/auth/sign-in").await.status(), 303);
    assert_eq!(world.issuer.counters().discovery, 2);
    browser.get(&app, "/auth/sign-in").await;
    assert_eq!(world.issuer.counters().discovery, 2, "a document that was read is kept");
}

#[tokio::test]
async fn the_context_has_what_is_asked_for() {
    let world = World::new().await;
    let app = world.app();
    let browser = world.alice(&app).await;
    let session = browser.session(&app).await;
    let mut options = ContextOptions::default();
    options.get_access_token = true;
    options.resource = Some(API.to_owned());
    options.fetch_user_info = true;
    options.get_organization_token = true;
    let context = session.context(&options).await;
    assert_eq!(context.error, None);
    assert!(context.is_authenticated);
    assert_eq!(context.scopes, ["read:products"]);
    assert_eq!(context.user_info.unwrap()["sub"], "user_alice");
    assert_eq!(context.organization_tokens.keys().collect::<Vec<_>>(), ["org_acme", "org_other"]);
    for token in context.organization_tokens.values() {
        let token = token.as_ref().unwrap();
        assert_eq!(token.scopes().collect::<Vec<_>>(), ["read:members"]);
    }
}

#[tokio::test]
async fn one_organization_s_failure_does_not_take_the_others_along() {
    let world = World::new().await;
    let app = world.app();
    let session = world.alice(&app).await.session(&app).await;
    let refused = session.organization_token("org_of_others").await.unwrap_err();
    assert_eq!(refused.code(), "token_request_failed");
    session.organization_token("org_acme").await.unwrap();
    let refused = session.access_token(Some("https://never.example.com")).await.unwrap_err();
    assert_eq!(refused, SignInError::TokenRequestFailed { error: "invalid_target".to_owned(), status: 400 });
    assert!(session.is_authenticated());
}

#[tokio::test]
async fn an_application_has_tokens_of_its_own() {
    let world = World::new().await;
    let config = LogtoConfig::builder(world.issuer.logto_url(), "robot").app_secret("robot-secret");
    let app = world.app_of(config.base_url(HOME).sealing_key(KEY), None);
    let ask =
        || async { app.client.client_credentials(Some(API), None, Some("read:products")).await.unwrap() };
    let (one, other) = tokio::join!(ask(), ask());
    assert_eq!(one, other);
    assert_eq!(world.issuer.counters().token_client_credentials, 1);
    world.advance(3600 - 59);
    assert_ne!(ask().await, one, "less than a minute is left of it");
}

#[tokio::test]
async fn what_needs_a_sign_in_sends_browsers_there_and_tells_programs() {
    let world = World::new().await;
    let routes = world.app().routes;
    let uri = "/cart?a=b&c=d".parse().unwrap();
    let page = Browser::default().headers();
    let answer = routes.require_sign_in(&Method::GET, &uri, &page);
    assert_eq!(
        (answer.status().as_u16(), location(&answer)),
        (303, "/auth/sign-in?return_to=%2Fcart%3Fa%3Db%26c%3Dd".to_owned())
    );
    assert_eq!(routes.require_sign_in(&Method::POST, &uri, &page).status(), 401);
    let answer = routes.require_sign_in(&Method::GET, &uri, &http::HeaderMap::new());
    assert_eq!((answer.status().as_u16(), code(&answer)), (401, "not_authenticated".to_owned()));
}
