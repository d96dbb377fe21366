//! The same against an issuer that nobody here wrote: npm's `oidc-provider`, the engine inside Logto, configured as Logto configures it.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use http::Method;
use http::header::{LOCATION, SET_COOKIE};
use logto_authkit_sign_in::{AuthRoutes, LogtoClient, LogtoConfig, MemoryStore, SignInError, scopes};
use logto_authkit_verifier::{KeySources, ReqwestClient, SystemClock};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::world::{API, App, Browser, HOME, KEY, code, cookie_line, location, take_cookie};

const ORGANIZATION: &str = "8kzczmmn03u2";

/// The provider in a process of its own, which ends with this value.
struct Provider {
    _process: Child,
    _commands: ChildStdin,
    _answers: Lines<BufReader<ChildStdout>>,
    ready: Value,
    http: reqwest::Client,
}

impl Provider {
    async fn start(options: &Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testing/oidc-provider");
        assert!(folder.join("node_modules").exists(), "the test needs oidc-provider: run cargo xtask setup");
        let mut process = Command::new("node")
            .arg("server.mjs")
            .arg(options.to_string())
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the test needs Node.js: run cargo xtask setup");
        let commands = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = serde_json::from_str(&answers.next_line().await.unwrap().unwrap()).unwrap();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Provider { _process: process, _commands: commands, _answers: answers, ready, http }
    }

    fn app(&self) -> App {
        let web = &self.ready["clients"]["web"];
        let config = LogtoConfig::builder(
            self.ready["logto_url"].as_str().unwrap(),
            web["client_id"].as_str().unwrap(),
        )
        .app_secret(web["client_secret"].as_str().unwrap())
        .base_url(HOME)
        .resource(API)
        .scope("read:products")
        .scope("read:members")
        .scope(scopes::EMAIL)
        .scope(scopes::ORGANIZATIONS)
        .sealing_key(KEY)
        .build()
        .unwrap();
        let keys = KeySources::new(Arc::new(ReqwestClient::new()), Arc::new(SystemClock::new()));
        let client = LogtoClient::builder(config).store(MemoryStore::new()).key_sources(&keys).build();
        App { routes: AuthRoutes::new(client.clone()), client }
    }

    /// Goes where the provider sends a browser, over its pages, until it is sent back to the application: the path and query of that.
    async fn follow(&self, browser: &mut Browser, url: &str, form: &[(&str, &str)]) -> String {
        let mut url = url::Url::parse(url).unwrap();
        let mut answer = browse(browser, self.http.get(url.clone())).await;
        loop {
            if answer.status() == 200 {
                let page = answer.text().await.unwrap();
                let mut fields = form.to_vec();
                let hidden = page
                    .split_once("name=\"xsrf\" value=\"")
                    .map(|(_, rest)| rest.split_once('"').unwrap().0);
                fields.extend(hidden.map(|token| ("xsrf", token)));
                if let Some((_, action)) = page.split_once("action=\"") {
                    url = url.join(action.split_once('"').unwrap().0).unwrap();
                }
                answer = browse(browser, self.http.post(url.clone()).form(&fields)).await;
            }
            assert!(answer.status().is_redirection(), "{} from {url}", answer.status());
            let to = answer.headers()[LOCATION].to_str().unwrap().to_owned();
            if let Some(path) = to.strip_prefix(HOME) {
                return path.to_owned();
            }
            url = url.join(&to).unwrap();
            answer = browse(browser, self.http.get(url.clone())).await;
        }
    }

    async fn sign_in(&self, app: &App) -> Browser {
        let mut browser = Browser::default();
        let begun = browser.get(app, "/auth/sign-in?return_to=%2Fcart").await;
        let form = [("username", "alice"), ("password", "correct horse")];
        let callback = self.follow(&mut browser, &location(&begun), &form).await;
        let answer = browser.get(app, &callback).await;
        assert_eq!(answer.status(), 303, "{}", code(&answer));
        assert_eq!(location(&answer), format!("{HOME}/cart"));
        browser
    }
}

async fn browse(browser: &mut Browser, request: reqwest::RequestBuilder) -> reqwest::Response {
    let answer = request.header("cookie", cookie_line(&browser.at_issuer)).send().await.unwrap();
    for line in answer.headers().get_all(SET_COOKIE) {
        take_cookie(&mut browser.at_issuer, line.to_str().unwrap());
    }
    answer
}

#[tokio::test]
async fn the_whole_way_from_sign_in_to_sign_out() {
    let callback = format!("{HOME}/auth/sign-in-callback");
    let options = json!({ "redirectUris": [callback], "postLogoutRedirectUris": [format!("{HOME}/")] });
    let provider = Provider::start(&options).await;
    let app = provider.app();
    let mut browser = provider.sign_in(&app).await;

    let user = browser.user(&app).await;
    assert_eq!(user["isAuthenticated"], true);
    assert_eq!(user["claims"]["email"], "alice@example.test");
    assert_eq!(user["claims"]["picture"], Value::Null, "a claim that is null is kept");

    let session = browser.session(&app).await;
    let token = session.access_token(Some(API)).await.unwrap();
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["read:products"]);
    let token = session.organization_token(ORGANIZATION).await.unwrap();
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["read:members"]);
    assert_eq!(session.fetch_user_info().await.unwrap()["sub"], user["claims"]["sub"]);
    let refused = session.access_token(Some("https://never.example.com")).await.unwrap_err();
    assert!(
        matches!(&refused, SignInError::TokenRequestFailed { error, .. } if error == "invalid_target"),
        "{refused:?}"
    );

    let answer = browser.get(&app, "/auth/sign-out").await;
    let back = provider.follow(&mut browser, &location(&answer), &[("logout", "yes")]).await;
    assert_eq!(back, "/");
    assert!(!browser.is_signed_in(&app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_use_a_refresh_token_without_grace_once() {
    let callback = format!("{HOME}/auth/sign-in-callback");
    let provider = Provider::start(&json!({ "redirectUris": [callback] })).await;
    let app = provider.app();
    let mut browser = provider.sign_in(&app).await;
    let mut asking = Vec::new();
    for _ in 0..100 {
        let session = browser.session(&app).await;
        asking.push(tokio::spawn(async move { session.access_token(Some(API)).await.unwrap() }));
    }
    let mut tokens = Vec::new();
    for token in asking {
        tokens.push(token.await.unwrap());
    }
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    // Had the refresh token been used twice, the grant would be gone.
    browser.session(&app).await.organization_token(ORGANIZATION).await.unwrap();
    assert!(browser.is_signed_in(&app).await);
}

#[tokio::test]
async fn its_logout_tokens_end_sessions() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let backchannel = format!("http://{}/auth/backchannel-logout", listener.local_addr().unwrap());
    let callback = format!("{HOME}/auth/sign-in-callback");
    let options = json!({
        "redirectUris": [callback],
        "postLogoutRedirectUris": [format!("{HOME}/")],
        "backchannelLogoutUri": backchannel,
    });
    let provider = Provider::start(&options).await;
    let app = provider.app();
    let mut browser = provider.sign_in(&app).await;
    assert!(browser.is_signed_in(&app).await);

    // The same browser signs out in another application.
    let elsewhere = provider.app();
    let mut there = Browser { at_issuer: browser.at_issuer.clone(), ..Browser::default() };
    let begun = there.get(&elsewhere, "/auth/sign-in").await;
    let callback = provider.follow(&mut there, &location(&begun), &[]).await;
    assert_eq!(there.get(&elsewhere, &callback).await.status(), 303);
    let leaving = there.get(&elsewhere, "/auth/sign-out").await;
    let serving = tokio::spawn(serve_once(listener, app.clone()));
    provider.follow(&mut there, &location(&leaving), &[("logout", "yes")]).await;
    assert_eq!(serving.await.unwrap(), 200);
    assert!(!browser.is_signed_in(&app).await);
}

/// Receives one request over HTTP, as a server would hand it to the routes, and returns the status of the answer.
async fn serve_once(listener: TcpListener, app: App) -> u16 {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut received = Vec::new();
    let (head, body) = loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.unwrap();
        received.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&received).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let announced = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= announced.unwrap_or(0_usize) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let answer =
        Browser::default().ask(&app, Method::POST, &path, &[("accept", "*/*")], body.as_bytes()).await;
    let status = answer.status().as_u16();
    let line = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(line.as_bytes()).await.unwrap();
    status
}
