use logto_authkit_sign_in::{LogtoClient, LogtoConfig, SignInError};

use crate::world::{API, Browser, HOME, KEY, World, code};

#[tokio::test]
async fn a_user_in_many_organizations_fits_into_cookies_or_is_told_why_not() {
    for (count, fits) in [(150, true), (240, false)] {
        let world =
            World::with_organizations((0..count).map(|number| format!("organization_{number:04}"))).await;
        let app = world.cookie_app();
        let mut browser = Browser::default();
        let callback = world.callback_of(&app, &mut browser, "alice", "/auth/sign-in").await;
        let answer = browser.get(&app, &callback).await;
        if fits {
            assert_eq!(answer.status(), 303);
            let session = browser.session(&app).await;
            assert_eq!(session.organizations().len(), count);
            session.access_token(Some(API)).await.unwrap();
            browser.take_from(&session);
            assert!(browser.is_signed_in(&app).await);
        } else {
            assert_eq!((answer.status().as_u16(), code(&answer)), (500, "session_too_large".to_owned()));
            assert!(!browser.is_signed_in(&app).await);
        }
    }
}

#[tokio::test]
async fn cookies_that_were_touched_open_nothing() {
    let world = World::new().await;
    let app = world.cookie_app();
    let whole = world.alice(&app).await;
    let names: Vec<String> = whole.cookies.keys().cloned().collect();
    let signed_in = async |cookies: std::collections::BTreeMap<String, String>| {
        Browser { cookies, ..Browser::default() }.is_signed_in(&app).await
    };
    assert!(signed_in(whole.cookies.clone()).await);
    let name = &names[0];
    let value = &whole.cookies[name];
    for place in (0..value.len()).step_by(value.len() / 40) {
        let mut changed = value.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let cookies = [(name.clone(), String::from_utf8(changed).unwrap())].into();
        assert!(!signed_in(cookies).await, "changed at {place}");
    }
    for length in [0, 1, 30, value.len() - 1] {
        assert!(!signed_in([(name.clone(), value[..length].to_owned())].into()).await, "{length} bytes");
    }
    // Under another name.
    let pending = format!("{}_pending_0123456789abcdef", name.trim_end_matches(".0"));
    for other in [name.replace(".0", ".1"), name.replace(".0", ""), pending] {
        assert!(!signed_in([(other.clone(), value.clone())].into()).await, "{other}");
    }
    // By another secret.
    let config = LogtoConfig::builder(world.issuer.logto_url(), "public").base_url(HOME);
    let foreign = world.app_of(config.sealing_key("another secret of thirty-two bytes!"), None);
    assert!(!whole.clone().is_signed_in(&foreign).await);
}

#[tokio::test]
async fn the_session_of_one_application_opens_nothing_in_another() {
    let world = World::new().await;
    // The same secret, the same store, the same host, and even the same name of the cookie.
    let store = world.store();
    for store in [Some(store), None] {
        let config = |id: &str, prefix: &str| {
            let config = LogtoConfig::builder(world.issuer.logto_url(), id).app_secret("web secret+/:");
            config.base_url(HOME).auth_routes_prefix(prefix).cookie_name("s").sealing_key(KEY)
        };
        let app = world.app_of(config("web", "/auth"), store.clone());
        let mut browser = world.alice(&app).await;
        assert!(browser.is_signed_in(&app).await);
        for other in [config("other", "/auth"), config("web", "/admin/auth")] {
            let other = world.app_of(other, store.clone());
            assert!(!browser.session(&other).await.is_authenticated());
        }
    }
}

#[tokio::test]
async fn a_sealing_key_is_replaced_without_signing_anybody_out() {
    let world = World::new().await;
    let store = world.store();
    let config = || LogtoConfig::builder(world.issuer.logto_url(), "public").base_url(HOME);
    let new = "a new secret of thirty-two bytes, newer";
    for store in [Some(store), None] {
        let old = world.app_of(config().sealing_key(KEY), store.clone());
        let both = world.app_of(config().sealing_key(new).sealing_key(KEY), store.clone());
        let after = world.app_of(config().sealing_key(new), store);
        let mut early = world.alice(&old).await;
        assert!(early.is_signed_in(&both).await);
        assert!(!early.is_signed_in(&after).await);
        let mut late = world.alice(&both).await;
        assert!(late.is_signed_in(&after).await);
    }
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_up() {
    let world = World::new().await;
    for store in [Some(world.store()), None] {
        let app = world.app_of(world.config().session_lifetime(std::time::Duration::from_secs(600)), store);
        let mut browser = world.alice(&app).await;
        world.advance(599);
        assert!(browser.is_signed_in(&app).await);
        world.advance(1);
        assert!(!browser.is_signed_in(&app).await);
    }
}

#[tokio::test]
async fn a_request_with_the_cookie_of_before_a_refresh_is_handed_what_came_of_it() {
    let world = World::new().await;
    let app = world.cookie_app();
    let browser = world.alice(&app).await;
    let token = browser.session(&app).await.access_token(Some(API)).await.unwrap();
    // The same cookie, on its way when the answer was made.
    let late = browser.session(&app).await;
    assert_eq!(late.access_token(Some(API)).await.unwrap(), token);
    assert_eq!(world.issuer.counters().token_refresh, 1);
}

#[tokio::test]
async fn what_is_sealed_and_configured_is_not_shown() {
    let world = World::new().await;
    let app = world.app();
    let browser = world.alice(&app).await;
    let session = browser.session(&app).await;
    let token = session.access_token(Some(API)).await.unwrap();
    let shown = format!("{:?} {session:?} {token:?} {:?}", app.client, session.remembered());
    assert!(!shown.contains("eyJ") && !shown.contains(KEY) && !shown.contains(token.token()), "{shown}");
}

#[tokio::test]
async fn back_channel_logout_needs_a_store() {
    let world = World::new().await;
    let config = world.config().build().unwrap();
    let error = LogtoClient::builder(config).build_with_backchannel_logout().unwrap_err();
    assert_eq!(error.option(), "store");
}

#[test]
fn options_that_are_wrong_are_named() {
    let right = || {
        LogtoConfig::builder("https://tenant.logto.app", "app")
            .base_url("https://app.example.com")
            .sealing_key(KEY)
    };
    right().build().unwrap();
    for (name, builder) in [
        (
            "logto_url",
            LogtoConfig::builder("https://tenant.logto.app/oidc", "app").base_url(HOME).sealing_key(KEY),
        ),
        ("app_id", LogtoConfig::builder("https://tenant.logto.app", "").base_url(HOME).sealing_key(KEY)),
        ("base_url", LogtoConfig::builder("https://tenant.logto.app", "app").sealing_key(KEY)),
        ("base_url", right().base_url("app.example.com")),
        ("base_url", right().base_url("http://app.example.com")),
        ("base_url", right().base_url("https://app.example.com/path")),
        ("base_url", right().base_url("https://user@app.example.com")),
        ("auth_routes_prefix", right().auth_routes_prefix("auth")),
        ("auth_routes_prefix", right().auth_routes_prefix("/")),
        ("auth_routes_prefix", right().auth_routes_prefix("/a/../b")),
        ("scopes", right().scope("two words")),
        ("scopes", right().without_reserved_scopes()),
        ("resources", right().resource("not a resource")),
        ("resources", right().resource("https://api.example.com#x")),
        ("session_lifetime", right().session_lifetime(std::time::Duration::from_secs(1))),
        ("cookie_name", right().cookie_name("a b")),
        ("sealing_keys", right().sealing_key("short")),
        ("sealing_keys", LogtoConfig::builder("https://tenant.logto.app", "app").base_url(HOME)),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.option(), name, "{error}");
    }
}

#[test]
fn errors_have_the_status_of_their_kind() {
    for (error, status) in [
        (SignInError::NotAuthenticated, 401),
        (SignInError::StateMismatch, 400),
        (SignInError::AuthorizationDenied { error: "access_denied".to_owned() }, 403),
        (SignInError::SessionStoreUnavailable, 503),
    ] {
        assert_eq!(error.status(), status);
        let body: serde_json::Value = serde_json::from_str(&error.body()).unwrap();
        assert_eq!(body["code"], error.code());
    }
}
