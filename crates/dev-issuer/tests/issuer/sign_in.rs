use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, SET_COOKIE};
use serde_json::{Value, json};

use crate::browser::{API, Answer, Ask, CALLBACK, Callback, SECOND_API, World, code_form, hidden, location};
use crate::verify::{decode, verifies};

#[tokio::test]
async fn a_person_signs_in_and_the_application_learns_who_it_is() {
    let world = World::shop().await;
    let callback = world.sign_in(&Ask::of("web"), "alice", "wonderland").await;
    assert_eq!(callback.get("state").as_deref(), Some("s t&te"));
    assert_eq!(callback.get("iss").as_deref(), Some(world.issuer.issuer()));
    assert_eq!(callback.code().len(), 43);

    let answer = world.exchange("web", &callback.code()).await;
    assert_eq!((answer.status, &answer.body["expires_in"]), (200, &json!(3600)));
    assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
    assert_eq!(answer.text("access_token").len(), 43, "without a resource the token is opaque");
    assert_eq!(answer.text("refresh_token").len(), 43);
    assert!(answer.text("scope").starts_with("openid offline_access profile"));
    assert!(!answer.text("scope").contains("read:products"));

    let id_token = answer.text("id_token");
    assert!(verifies(id_token, &world.issuer.jwks()));
    let decoded = decode(id_token);
    let kid = world.issuer.signing_key().key_id().to_owned();
    assert_eq!(decoded.header, json!({ "alg": "ES384", "kid": kid }), "no typ");
    let expected = json!({
        "sub": "user_alice", "name": "Alice Example", "family_name": "Example", "given_name": "Alice",
        "preferred_username": "alice", "picture": null, "locale": "en-GB",
        "updated_at": 1_800_000_000_000_i64, "username": "alice", "created_at": 1_800_000_000_000_i64,
        "email": "alice@example.com", "email_verified": true, "phone_number": null, "phone_number_verified": false,
        "roles": ["manager"], "organizations": ["org_acme"], "organization_roles": ["org_acme:member"],
        "nonce": "nonce-1", "aud": "web", "exp": 1_800_003_600, "iat": 1_800_000_000, "iss": world.issuer.issuer(),
    });
    assert_eq!(decoded.payload, expected);
    let counters = world.issuer.counters();
    assert_eq!((counters.authorize, counters.token, counters.token_authorization_code), (1, 1, 1));
}

#[tokio::test]
async fn claims_follow_the_scopes_that_were_asked_for() {
    let world = World::shop().await;
    let ask = Ask::of("web").with("scope", "openid unknown:scope").without("nonce");
    let callback = world.sign_in(&ask, "bob", "builder").await;
    let answer = world.exchange("web", &callback.code()).await;
    let payload = decode(answer.text("id_token")).payload;
    let names: Vec<&String> = payload.as_object().unwrap().keys().collect();
    assert_eq!(names, ["aud", "exp", "iat", "iss", "sub"]);
    assert_eq!(answer.text("scope"), "openid");
    assert_eq!(answer.body.get("refresh_token"), None);
}

#[tokio::test]
async fn without_openid_there_is_no_id_token() {
    let world = World::shop().await;
    let nonce = world.authorize(&Ask::of("web").with("scope", "profile")).await;
    assert_eq!(Callback::of(&location(&nonce)).get("error").as_deref(), Some("invalid_request"));
    let ask = Ask::of("web").with("scope", "profile").without("nonce");
    let callback = world.sign_in(&ask, "alice", "wonderland").await;
    assert_eq!(world.exchange("web", &callback.code()).await.body.get("id_token"), None);
}

#[tokio::test]
async fn offline_access_without_prompt_consent_is_dropped_without_a_word() {
    let world = World::shop().await;
    for prompt in [None, Some("login")] {
        let ask = Ask::of("web").without("prompt");
        let ask = match prompt {
            Some(prompt) => ask.with("prompt", prompt),
            None => ask,
        };
        let callback = world.sign_in(&ask, "alice", "wonderland").await;
        let answer = world.exchange("web", &callback.code()).await;
        assert_eq!((answer.status, answer.body.get("refresh_token")), (200, None));
        assert!(!answer.text("scope").contains("offline_access"));
    }
}

#[tokio::test]
async fn a_code_can_be_exchanged_for_a_token_of_a_resource_that_was_named() {
    let world = World::shop().await;
    let callback = world.sign_in(&Ask::of("web").without("resource"), "alice", "wonderland").await;
    let code = callback.code();
    let mut form = code_form(&code).to_vec();
    form.push(("resource", API));
    let unnamed = world.token("web", &form).await;
    assert_eq!(unnamed.failure(), (400, "invalid_target", "resource indicator is missing, or unknown"));

    let code = world.sign_in(&Ask::of("web"), "alice", "wonderland").await.code();
    let mut form = code_form(&code).to_vec();
    form.push(("resource", API));
    let answer = world.token("web", &form).await;
    let payload = decode(answer.text("access_token")).payload;
    assert_eq!((&payload["aud"], &payload["sub"]), (&json!(API), &json!("user_alice")));
    assert_eq!(payload["scope"], "read:products write:products", "delete:products is hers in Acme only");
    assert_eq!(answer.text("scope"), "read:products write:products");
    assert!(answer.body.get("id_token").is_some());
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again_and_the_right_one_still_works() {
    let world = World::shop().await;
    let to = location(&world.authorize(&Ask::of("web")).await);
    let page = world.browse(world.http.get(world.url(&to))).await.text().await.unwrap();
    let interaction = hidden(&page, "interaction");
    for (username, password) in [("alice", "wrong"), ("nobody", "wonderland"), ("", "")] {
        let response = world.submit(&interaction, username, password).await;
        assert_eq!((response.status(), response.headers().get(SET_COOKIE)), (StatusCode::BAD_REQUEST, None));
        let page = response.text().await.unwrap();
        assert!(page.contains("role=\"alert\""), "{page}");
        assert!(page.contains(&format!("value=\"{username}\"")), "the name need not be typed again");
    }
    let response = world.submit(&interaction, "alice", "wonderland").await;
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    assert!(Callback::of(&location(&response)).get("code").is_some());
    let again = world.submit(&interaction, "alice", "wonderland").await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST, "the page works once");
}

#[tokio::test]
async fn the_page_shows_what_came_from_outside_as_text() {
    let world = World::shop().await;
    let ask = Ask::of("web").with("login_hint", "\"><script>alert(1)</script>");
    let to = location(&world.authorize(&ask).await);
    let response = world.browse(world.http.get(world.url(&to))).await;
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("script-src") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let page = response.text().await.unwrap();
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
}

#[tokio::test]
async fn an_application_can_send_people_to_sign_up() {
    let world = World::shop().await;
    let to = location(&world.authorize(&Ask::of("web").with("first_screen", "register")).await);
    let page = world.browse(world.http.get(world.url(&to))).await.text().await.unwrap();
    assert!(page.contains("<h1>Create your account</h1>"));
}

#[tokio::test]
async fn a_sign_in_page_that_is_too_old_says_so() {
    let world = World::shop().await;
    let to = location(&world.authorize(&Ask::of("web")).await);
    world.clock.advance(std::time::Duration::from_secs(3600));
    let page = world.browse(world.http.get(world.url(&to))).await;
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert!(page.text().await.unwrap().contains("start again"));
}

#[tokio::test]
async fn another_site_cannot_sign_a_visitor_in() {
    let world = World::shop().await;
    let to = location(&world.authorize(&Ask::of("web")).await);
    let interaction = to.split_once('=').unwrap().1;
    let form = [("interaction", interaction), ("username", "alice"), ("password", "wonderland")];
    let request = world.http.post(world.url("/sign-in")).form(&form).header("sec-fetch-site", "cross-site");
    assert_eq!(world.browse(request).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_second_sign_in_is_silent_unless_the_application_wants_a_password() {
    let world = World::shop().await;
    world.alice_at("web").await;
    let silent = world.authorize(&Ask::of("spa")).await;
    assert!(Callback::of(&location(&silent)).get("code").is_some());
    for ask in [Ask::of("spa").with("prompt", "login"), Ask::of("spa").with("prompt", "login consent")] {
        assert!(location(&world.authorize(&ask).await).starts_with("/sign-in?"));
    }
    world.forget_cookie();
    assert!(location(&world.authorize(&Ask::of("spa")).await).starts_with("/sign-in?"));
}

#[tokio::test]
async fn prompt_none_never_shows_a_page() {
    let world = World::shop().await;
    let ask = || Ask::of("web").with("prompt", "none");
    let refused = Callback::of(&location(&world.authorize(&ask()).await));
    assert_eq!(refused.get("error").as_deref(), Some("login_required"));
    assert_eq!(refused.get("state").as_deref(), Some("s t&te"));
    assert_eq!(refused.get("iss").as_deref(), Some(world.issuer.issuer()));
    world.alice_at("web").await;
    assert!(Callback::of(&location(&world.authorize(&ask()).await)).get("code").is_some());
}

#[tokio::test]
async fn max_age_asks_again_and_tells_the_time_of_the_sign_in() {
    let world = World::shop().await;
    world.alice_at("web").await;
    world.clock.advance(std::time::Duration::from_secs(100));
    let young_enough = world.sign_in(&Ask::of("web").with("max_age", "100"), "", "").await;
    let answer = world.exchange("web", &young_enough.code()).await;
    assert_eq!(decode(answer.text("id_token")).payload["auth_time"], 1_800_000_000);

    let ask = || Ask::of("web").with("max_age", "99");
    let refused = world.authorize(&ask().with("prompt", "none")).await;
    assert_eq!(Callback::of(&location(&refused)).get("error").as_deref(), Some("login_required"));
    let again = world.sign_in(&ask(), "alice", "wonderland").await;
    let answer = world.exchange("web", &again.code()).await;
    assert_eq!(decode(answer.text("id_token")).payload["auth_time"], 1_800_000_100);
}

#[tokio::test]
async fn errors_that_the_application_may_know_are_sent_back_to_it() {
    let world = World::shop().await;
    for (client, name, value, error) in [
        ("web", "code_challenge_method", "plain", "invalid_request"),
        ("web", "code_challenge", "short", "invalid_request"),
        ("web", "response_type", "token", "unsupported_response_type"),
        ("web", "response_mode", "fragment", "unsupported_response_mode"),
        ("web", "resource", "https://api.example.com/", "invalid_target"),
        ("web", "request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
        ("web", "prompt", "none login", "invalid_request"),
        ("web", "prompt", "dance", "invalid_request"),
        ("web", "max_age", "-1", "invalid_request"),
    ] {
        let response = world.authorize(&Ask::of(client).with(name, value)).await;
        let callback = Callback::of(&location(&response));
        assert_eq!(callback.get("error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(callback.get("state").as_deref(), Some("s t&te"));
        assert_eq!(callback.get("iss").as_deref(), Some(world.issuer.issuer()));
        assert_eq!(callback.get("code"), None);
    }
    let without = Ask::of("spa").without("code_challenge").without("code_challenge_method");
    let callback = Callback::of(&location(&world.authorize(&without).await));
    let description = "Authorization Server policy requires PKCE to be used for this request";
    assert_eq!(callback.get("error_description").as_deref(), Some(description));
}

#[tokio::test]
async fn errors_that_concern_the_way_back_stay_at_the_issuer() {
    let world = World::shop().await;
    for (ask, error) in [
        (
            Ask::of("web").with("redirect_uri", "http://127.0.0.1:4000/auth/sign-in-callback/"),
            "invalid_redirect_uri",
        ),
        (Ask::of("web").with("redirect_uri", "http://evil.example/<b>"), "invalid_redirect_uri"),
        (Ask::of("robot"), "invalid_redirect_uri"),
        (Ask::of("nobody"), "invalid_client"),
        (Ask::of("web").without("redirect_uri"), "invalid_request"),
    ] {
        let page = world.authorize(&ask).await;
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
        let page = page.text().await.unwrap();
        assert!(page.contains(error) && page.starts_with("<!doctype html>"), "{page}");

        let program = world.http.get(world.url("/oidc/auth")).query(&ask.0).send().await.unwrap();
        let answer = Answer::of(program).await;
        assert_eq!((answer.status, answer.text("error"), answer.text("state")), (400, error, "s t&te"));
        assert_eq!(answer.text("iss"), world.issuer.issuer());
    }
}

#[tokio::test]
async fn a_confidential_application_may_leave_pkce_out_and_then_has_no_verifier() {
    let world = World::shop().await;
    let ask = || Ask::of("web").without("code_challenge").without("code_challenge_method");
    let code = world.sign_in(&ask(), "alice", "wonderland").await.code();
    let surplus = world.exchange("web", &code).await;
    assert_eq!(surplus.failure(), (400, "invalid_grant", "grant request is invalid"));
    let form = &code_form(&code)[..3];
    assert_eq!(world.token("web", form).await.status, 200);
}

#[tokio::test]
async fn a_code_is_refused_with_a_wrong_verifier_address_or_application() {
    let world = World::shop().await;
    let code = world.sign_in(&Ask::of("spa"), "alice", "wonderland").await.code();
    let refused = (400, "invalid_grant", "grant request is invalid");
    for (client, place, value) in [
        ("spa", 3, ("code_verifier", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")),
        ("spa", 3, ("code_verifier", "")),
        ("spa", 2, ("redirect_uri", "http://127.0.0.1:4000/")),
        ("spa", 1, ("code", "unknown")),
        ("web", 0, ("grant_type", "authorization_code")),
    ] {
        let mut form = code_form(&code);
        form[place] = value;
        assert_eq!(world.token(client, &form).await.failure(), refused, "{value:?}");
    }
    assert_eq!(world.exchange("spa", &code).await.status, 200, "no failure used the code up");
}

#[tokio::test]
async fn a_code_lives_for_sixty_seconds() {
    let world = World::shop().await;
    let code = world.sign_in(&Ask::of("spa"), "alice", "wonderland").await.code();
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(world.exchange("spa", &code).await.failure().1, "invalid_grant");
}

#[tokio::test]
async fn a_code_that_is_used_twice_ends_everything_it_gave() {
    let world = World::shop().await;
    let code = world.sign_in(&Ask::of("web"), "alice", "wonderland").await.code();
    let first = world.exchange("web", &code).await;
    assert_eq!(world.exchange("web", &code).await.failure().1, "invalid_grant");
    let refresh = world.refresh("web", first.text("refresh_token"), &[]).await;
    assert_eq!(refresh.failure().1, "invalid_grant");
    assert_eq!(world.userinfo(first.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn userinfo_says_more_than_the_id_token() {
    let world = World::shop().await;
    let tokens = world.alice_at("web").await;
    let answer = world.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["custom_data"], json!({ "plan": "gold" }));
    assert_eq!((&answer.body["identities"], &answer.body["sso_identities"]), (&json!({}), &json!([])));
    let organization = json!([{ "id": "org_acme", "name": "Acme", "description": "Acme Inc" }]);
    assert_eq!(answer.body["organization_data"], organization);
    let mut from_id_token = decode(tokens["id_token"].as_str().unwrap()).payload;
    for protocol in ["aud", "exp", "iat", "iss", "nonce"] {
        from_id_token.as_object_mut().unwrap().remove(protocol);
    }
    for (name, value) in from_id_token.as_object().unwrap() {
        assert_eq!(&answer.body[name], value, "{name}");
    }
    assert_eq!(world.issuer.counters().userinfo, 1);
}

#[tokio::test]
async fn userinfo_takes_opaque_tokens_only() {
    let world = World::shop().await;
    let jwt = world.issuer.token().sign();
    for token in [jwt.as_str(), "garbage"] {
        let answer = world.userinfo(token).await;
        assert_eq!(answer.failure(), (401, "invalid_token", "invalid token provided"));
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.ends_with("error=\"invalid_token\", error_description=\"invalid token provided\""));
    }
    let none = Answer::of(world.http.get(world.url("/oidc/me")).send().await.unwrap()).await;
    assert_eq!(none.failure(), (401, "invalid_token", "no access token provided"));
    assert_eq!(none.headers["www-authenticate"], format!("Bearer realm=\"{}\"", world.issuer.issuer()));

    let tokens = world.alice_at("web").await;
    let token = tokens["access_token"].as_str().unwrap();
    let posted = world.http.post(world.url("/oidc/me")).bearer_auth(token).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::OK);
    world.clock.advance(std::time::Duration::from_secs(3600));
    assert_eq!(world.userinfo(token).await.status, 401, "it lives for an hour");
}

#[tokio::test]
async fn a_request_may_come_as_a_form_and_a_resource_may_have_its_own_lifetime() {
    let world = World::shop().await;
    world.alice_at("web").await;
    let response = world.browse(world.http.post(world.url("/oidc/auth")).form(&Ask::of("web").0)).await;
    let to = location(&response);
    assert!(to.starts_with(CALLBACK));
    let code = Callback::of(&to).code();
    let mut form = code_form(&code).to_vec();
    form.push(("resource", SECOND_API));
    let answer = world.token("web", &form).await;
    assert_eq!((&answer.body["expires_in"], answer.text("scope")), (&json!(600), ""));
    assert_eq!(decode(answer.text("access_token")).payload["scope"], Value::from(""), "empty, not absent");
}

#[tokio::test]
async fn a_token_without_openid_is_none_for_userinfo() {
    let world = World::shop().await;
    let ask = Ask::of("web").with("scope", "profile").without("nonce");
    let callback = world.sign_in(&ask, "alice", "wonderland").await;
    let tokens = world.exchange("web", &callback.code()).await;
    let answer = world.userinfo(tokens.text("access_token")).await;
    assert_eq!(answer.failure(), (403, "insufficient_scope", "access token missing openid scope"));
}
