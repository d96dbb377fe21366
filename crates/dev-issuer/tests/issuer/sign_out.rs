use logto_authkit_dev_issuer::Application;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_SECURITY_POLICY, LOCATION};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::browser::{AFTER_LOGOUT, Ask, CALLBACK, World, hidden, location, shop};
use crate::verify::{decode, verifies};

async fn confirm(world: &World, page: &str) -> reqwest::Response {
    let secret = hidden(page, "xsrf");
    let form = [("xsrf", secret.as_str()), ("logout", "yes")];
    world.browse(world.http.post(world.url("/oidc/session/end/confirm")).form(&form)).await
}

async fn ask_to_sign_out(world: &World, query: &[(&str, &str)]) -> reqwest::Response {
    world.browse(world.http.get(world.url("/oidc/session/end")).query(query)).await
}

#[tokio::test]
async fn signing_out_ends_the_session_and_leads_back_with_the_state() {
    let world = World::shop().await;
    let tokens = world.alice_at("web").await;
    let hint = tokens["id_token"].as_str().unwrap();
    let query = [("id_token_hint", hint), ("post_logout_redirect_uri", AFTER_LOGOUT), ("state", "b&ye")];
    let response = ask_to_sign_out(&world, &query).await;
    assert_eq!(response.status(), StatusCode::OK);
    let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'sha256-"), "the page confirms by itself: {policy}");
    let page = response.text().await.unwrap();
    assert!(page.contains("<button type=\"submit\""), "and by a button without scripts");

    let response = confirm(&world, &page).await;
    assert_eq!(location(&response), format!("{AFTER_LOGOUT}?state=b%26ye"));
    assert!(location(&world.authorize(&Ask::of("web")).await).starts_with("/sign-in?"), "no session is left");
    let again = confirm(&world, &page).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST, "a page confirms once");
    assert_eq!(world.issuer.counters().end_session, 1);
}

#[tokio::test]
async fn offline_grants_outlive_the_session_and_the_others_do_not() {
    let world = World::shop().await;
    let offline = world.alice_at("web").await;
    let ask = Ask::of("always").with("scope", "openid profile").without("prompt");
    let callback = world.sign_in(&ask, "alice", "wonderland").await;
    let bound = world.exchange("always", &callback.code()).await;

    let page = ask_to_sign_out(&world, &[]).await.text().await.unwrap();
    let response = confirm(&world, &page).await;
    assert_eq!(response.headers()[LOCATION], "/oidc/session/end/success");
    let page = world.browse(world.http.get(world.url("/oidc/session/end/success"))).await;
    assert!(page.text().await.unwrap().contains("You are signed out"));

    let refresh = world.refresh("web", offline["refresh_token"].as_str().unwrap(), &[]).await;
    assert_eq!(refresh.status, 200);
    assert_eq!(world.userinfo(offline["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(world.refresh("always", bound.text("refresh_token"), &[]).await.status, 400);
    assert_eq!(world.userinfo(bound.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn an_address_that_is_not_registered_and_a_forged_hint_are_refused() {
    let world = World::shop().await;
    let forged = world.issuer.token().audience("web").signature(vec![0; 96]).sign();
    let signed = world.issuer.token().audience("web").sign();
    for (query, works) in [
        (vec![("client_id", "web"), ("post_logout_redirect_uri", AFTER_LOGOUT)], true),
        (vec![("id_token_hint", signed.as_str()), ("post_logout_redirect_uri", AFTER_LOGOUT)], true),
        (vec![("client_id", "web"), ("post_logout_redirect_uri", "http://evil.example/")], false),
        (vec![("client_id", "other"), ("post_logout_redirect_uri", AFTER_LOGOUT)], false),
        (vec![("post_logout_redirect_uri", AFTER_LOGOUT)], false),
        (vec![("client_id", "nobody")], false),
        (vec![("client_id", "other"), ("id_token_hint", signed.as_str())], false),
        (vec![("id_token_hint", forged.as_str())], false),
        (vec![("id_token_hint", "garbage")], false),
    ] {
        let status = ask_to_sign_out(&world, &query).await.status();
        assert_eq!(status == StatusCode::OK, works, "{query:?}");
        assert!(works || status == StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn another_browser_cannot_confirm() {
    let world = World::shop().await;
    world.alice_at("web").await;
    let page = ask_to_sign_out(&world, &[]).await.text().await.unwrap();
    let form = [("xsrf", hidden(&page, "xsrf")), ("logout", "yes".to_owned())];
    let stranger = world.http.post(world.url("/oidc/session/end/confirm")).form(&form).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::BAD_REQUEST);
    let silent = world.authorize(&Ask::of("web")).await;
    assert!(location(&silent).starts_with(CALLBACK), "the session is still there");
}

#[tokio::test]
async fn applications_that_asked_for_it_are_told_over_the_back_channel() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = Application::web("told", "told-secret")
        .redirect_uri(CALLBACK)
        .backchannel_logout_uri(format!("http://localhost:{port}/auth/backchannel-logout?x=1"));
    let world = World::with(shop().application(told)).await;
    let callback = world.sign_in(&Ask::of("told"), "alice", "wonderland").await;
    let code = callback.code();
    let mut form = crate::browser::code_form(&code).to_vec();
    form.extend([("client_id", "told"), ("client_secret", "told-secret")]);
    let tokens = world.http.post(world.url("/oidc/token")).form(&form).send().await.unwrap();
    let tokens: serde_json::Value = tokens.json().await.unwrap();
    let id_token = decode(tokens["id_token"].as_str().unwrap()).payload;

    let application = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut received = Vec::new();
        while !String::from_utf8_lossy(&received).contains("logout_token=") || !received.ends_with(b"\n") {
            let mut chunk = [0; 4096];
            let length = stream.read(&mut chunk).await.unwrap();
            received.extend_from_slice(&chunk[..length]);
            let text = String::from_utf8_lossy(&received).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let announced = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
                if body.len() == announced.parse::<usize>().unwrap() {
                    break;
                }
            }
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        String::from_utf8(received).unwrap()
    });

    let page = ask_to_sign_out(&world, &[]).await.text().await.unwrap();
    assert_eq!(confirm(&world, &page).await.status(), StatusCode::SEE_OTHER);
    // The browser goes on after the application answered, so the request is here by now.
    let request = application.await.unwrap();
    assert!(request.starts_with("POST /auth/backchannel-logout?x=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("Content-Type: application/x-www-form-urlencoded\r\n"));
    let token = request.split_once("logout_token=").unwrap().1;
    assert!(verifies(token, &world.issuer.jwks()));
    let decoded = decode(token);
    assert_eq!(decoded.header["typ"], "logout+jwt");
    let expected = json!({
        "sub": "user_alice", "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        "jti": decoded.payload["jti"], "sid": id_token["sid"], "aud": "told", "iat": 1_800_000_000,
        "exp": 1_800_000_120, "iss": world.issuer.issuer(),
    });
    assert_eq!(decoded.payload, expected);
    assert!(id_token["sid"].is_string(), "only the ID token of such an application has a sid");
}

#[tokio::test]
async fn an_application_that_does_not_listen_does_not_keep_anybody_from_signing_out() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let gone = Application::spa("gone")
        .redirect_uri(CALLBACK)
        .backchannel_logout_uri(format!("http://127.0.0.1:{port}/"));
    let world = World::with(shop().application(gone)).await;
    world.alice_at("gone").await;
    let page = ask_to_sign_out(&world, &[]).await.text().await.unwrap();
    assert_eq!(confirm(&world, &page).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_grant_from_before_a_second_password_ends_with_the_session_too() {
    let world = World::shop().await;
    let ask = || Ask::of("always").with("scope", "openid profile").with("prompt", "login");
    let first = world.sign_in(&ask(), "alice", "wonderland").await;
    let first = world.exchange("always", &first.code()).await;
    world.sign_in(&ask(), "alice", "wonderland").await;
    assert_eq!(world.userinfo(first.text("access_token")).await.status, 200);
    let page = ask_to_sign_out(&world, &[]).await.text().await.unwrap();
    confirm(&world, &page).await;
    assert_eq!(world.userinfo(first.text("access_token")).await.status, 401);
}
