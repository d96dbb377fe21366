//! What is written to the log while requests are admitted and denied: at the finest level, and without a secret in it.
//!
//! A binary of its own: a subscriber belongs to the whole process.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::routing::get as on_get;
use http::Request;
use logto_authkit_dev_issuer::{DevIssuer, Fault, Resource};
use logto_authkit_tower::{Auth, AuthLayer, Organization, RequireScopes};
use logto_authkit_verifier::{Clock, KeySources, ManualClock, ReqwestClient, Verifier};
use tower::ServiceExt;
use tracing_subscriber::filter::LevelFilter;

const API: &str = "https://api.example.com";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn subscriber(&self, level: LevelFilter) -> impl tracing::Subscriber + Send + Sync + use<> {
        let writer = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn send(app: &Router, path: &str, name: &str, value: String) {
    let request = Request::get(path).header(name, value).body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap();
}

#[tokio::test]
async fn no_token_and_no_cookie_reaches_the_log() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.subscriber(LevelFilter::TRACE)).unwrap();

    let issuer = DevIssuer::builder().resource(Resource::new(API)).start().await.unwrap();
    let clock = Arc::new(ManualClock::at_present());
    let sources = KeySources::new(Arc::new(ReqwestClient::new()), Arc::clone(&clock) as Arc<dyn Clock>);
    let verifier = Verifier::builder(issuer.logto_url()).audience(API).key_sources(&sources).build().unwrap();
    let app = Router::new()
        .route("/", on_get(|auth: Auth| async move { auth.user_id().to_owned() }))
        .route("/scope", on_get(|| async {}).route_layer(RequireScopes::all(["admin"])))
        .layer(AuthLayer::new(verifier));
    let unprotected = Router::new().route("/", on_get(|_: Auth| async {}));
    let tokens = [
        issuer.token().sign(),
        issuer.token().expires_at(1).sign(),
        issuer.token().signature(vec![9; 64]).sign(),
        issuer.token().header("kid", "unheard-of").sign(),
        "no-token-at-all".to_owned(),
    ];
    issuer.faults().jwks(Fault::Status(503));
    send(&app, "/", "authorization", format!("Bearer {}", tokens[0])).await;
    issuer.faults().clear();
    clock.advance(std::time::Duration::from_secs(31));
    for token in &tokens {
        for path in ["/", "/scope"] {
            send(&app, path, "authorization", format!("Bearer {token}")).await;
            send(&app, path, "cookie", format!("logto_authtoken={token}")).await;
        }
        send(&unprotected, "/", "authorization", format!("Bearer {token}")).await;
    }

    let text = log.text();
    for expected in ["a request is denied", "the issuer's keys cannot be fetched", "missing=\"AuthLayer\""] {
        assert!(text.contains(expected), "the log lacks: {expected}\n{text}");
    }
    for token in &tokens {
        for secret in token.split('.').filter(|part| part.len() > 10) {
            assert!(!text.contains(secret), "a part of a token is in the log");
        }
    }
}

#[tokio::test]
async fn strangers_cannot_make_the_log_blame_a_route() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber(LevelFilter::ERROR));
    let verifier = Verifier::builder("https://tenant.logto.app").audience(API).build().unwrap();
    let app = Router::new()
        .route("/organizations/{id}", on_get(|| async {}))
        .route("/products/{product}", on_get(|| async {}))
        .layer(AuthLayer::new(verifier).organization(Organization::path("id")));
    for path in ["/nowhere", "/", "/organizations/%FF", "/organizations/a/b"] {
        send(&app, path, "x", "y".to_owned()).await;
        assert_eq!(log.text(), "", "{path}");
    }
    send(&app, "/products/1", "x", "y".to_owned()).await;
    assert!(log.text().contains("a path parameter that its route does not have"), "{}", log.text());
}
