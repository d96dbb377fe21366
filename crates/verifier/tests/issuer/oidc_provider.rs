//! An issuer that nobody here wrote: npm's `oidc-provider`, the engine inside Logto, configured the way Logto configures it.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use logto_authkit_verifier::{
    Algorithm, Clock, ErrorCode, HttpClient, HttpLimits, KeySources, ManualClock, Readiness, ReqwestClient,
    Verifier,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::code;

/// The provider in a process of its own, which ends with this value.
struct OidcProvider {
    _process: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    ready: Value,
}

impl OidcProvider {
    async fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testing/oidc-provider");
        assert!(folder.join("node_modules").exists(), "the test needs oidc-provider: run cargo xtask setup");
        let mut process = Command::new("node")
            .arg("server.mjs")
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
        OidcProvider { _process: process, commands, answers, ready }
    }

    async fn tell(&mut self, command: Value) -> Value {
        self.commands.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        let answer: Value = serde_json::from_str(&self.answers.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        answer
    }

    async fn fetches(&mut self) -> u64 {
        self.tell(json!({ "cmd": "counters" })).await["counters"]["/oidc/jwks"].as_u64().unwrap_or_default()
    }

    fn logto_url(&self) -> &str {
        self.ready["logto_url"].as_str().unwrap()
    }

    fn resource(&self) -> &str {
        self.ready["resource"].as_str().unwrap()
    }

    /// A token by client credentials, as a machine would ask for it.
    async fn token(&self) -> String {
        let machine = &self.ready["clients"]["machine"];
        let form = format!(
            "grant_type=client_credentials&resource={}&client_id={}&client_secret={}",
            self.resource(),
            machine["client_id"].as_str().unwrap(),
            machine["client_secret"].as_str().unwrap(),
        );
        let request = http::Request::post(format!("{}/token", self.ready["issuer"].as_str().unwrap()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.into_bytes())
            .unwrap();
        let limits = HttpLimits::new(Duration::from_secs(10), 1024 * 1024);
        let answer = ReqwestClient::new().send(request, limits).await.unwrap();
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }
}

fn verifier(provider: &OidcProvider, clock: &Arc<ManualClock>) -> Verifier {
    let sources = KeySources::new(Arc::new(ReqwestClient::new()), Arc::clone(clock) as Arc<dyn Clock>);
    Verifier::builder(provider.logto_url())
        .audience(provider.resource())
        .key_sources(&sources)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_token_of_oidc_provider_is_verified_and_refused_elsewhere() {
    let mut provider = OidcProvider::start().await;
    let clock = Arc::new(ManualClock::at_present());
    let verifier = verifier(&provider, &clock);
    let token = provider.token().await;

    let claims = verifier.verify(&token).await.unwrap();
    assert_eq!(claims.issuer(), verifier.issuer().issuer());
    assert_eq!(Some(claims.subject()), claims.client_id());
    assert_eq!(provider.fetches().await, 1);

    let other = logto_authkit_verifier::Policy::for_resource("https://other.example.com").unwrap();
    assert_eq!(verifier.verify_with(&token, &other).await.unwrap_err().code(), ErrorCode::InvalidAudience);
    clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(code(&verifier, &token).await, Some(ErrorCode::TokenExpired));
}

#[tokio::test]
async fn its_discovery_document_agrees_with_the_addresses_that_follow_from_the_endpoint() {
    let provider = OidcProvider::start().await;
    let logto = logto_authkit_verifier::LogtoUrl::parse(provider.logto_url()).unwrap();
    let request = http::Request::get(logto.discovery_uri()).body(Vec::new()).unwrap();
    let limits = HttpLimits::new(Duration::from_secs(10), 1024 * 1024);
    let answer = ReqwestClient::new().send(request, limits).await.unwrap();
    let document: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(document["issuer"], logto.issuer());
    assert_eq!(document["jwks_uri"], logto.jwks_uri());
}

#[tokio::test]
async fn its_rotations_refuse_no_token_that_is_still_published() {
    let mut provider = OidcProvider::start().await;
    let clock = Arc::new(ManualClock::at_present());
    let verifier = verifier(&provider, &clock);
    let mut previous = provider.token().await;
    assert_eq!(code(&verifier, &previous).await, None);
    for algorithm in [Algorithm::Rs256, Algorithm::EdDsa, Algorithm::Es384] {
        provider.tell(json!({ "cmd": "rotate", "alg": algorithm.name(), "keepPrevious": true })).await;
        let next = provider.token().await;
        for token in [&next, &previous] {
            assert_eq!(code(&verifier, token).await, None, "{algorithm}");
        }
        previous = next;
        clock.advance(Duration::from_secs(31));
    }
    provider.tell(json!({ "cmd": "rotate", "alg": "ES384", "keepPrevious": false })).await;
    assert_eq!(code(&verifier, &provider.token().await).await, None);
    assert_eq!(code(&verifier, &previous).await, Some(ErrorCode::UnknownKey));
}

#[tokio::test]
async fn it_goes_down_and_nobody_notices() {
    let mut provider = OidcProvider::start().await;
    let clock = Arc::new(ManualClock::at_present());
    let verifier = verifier(&provider, &clock);
    let token = provider.token().await;
    assert_eq!(code(&verifier, &token).await, None);
    provider.tell(json!({ "cmd": "down" })).await;
    for _ in 0..50 {
        clock.advance(Duration::from_secs(60));
        assert_eq!(code(&verifier, &token).await, None);
    }
    provider.tell(json!({ "cmd": "up" })).await;
    verifier.invalidate();
    assert_eq!(code(&verifier, &token).await, None);
    assert!(matches!(verifier.readiness(), Readiness::Ready { keys: 1, .. }));
}
