//! Routes behind the layers, asked the way a client asks: what is admitted, what is denied, and how the denial reads.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]
#![cfg(feature = "axum")]

mod credentials;
mod extractors;
mod guests;
mod organizations;
mod plain_tower;
mod requirements;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use logto_authkit_dev_issuer::{DevIssuer, Resource, SigningAlgorithm, TokenBuilder};
use logto_authkit_verifier::{Clock, KeySources, ManualClock, ReqwestClient, Verifier};
use serde_json::Value;
use tower::ServiceExt;

const API: &str = "https://api.example.com";

/// An issuer, a clock that stands still, and a verifier of one's own.
struct World {
    issuer: DevIssuer,
    clock: Arc<ManualClock>,
    verifier: Verifier,
}

impl World {
    async fn new() -> Self {
        let issuer = DevIssuer::builder()
            .algorithm(SigningAlgorithm::Es256)
            .resource(Resource::new(API).scopes(["read:products", "write:products"]))
            .start()
            .await
            .unwrap();
        let clock = Arc::new(ManualClock::at_present());
        let sources = KeySources::new(Arc::new(ReqwestClient::new()), Arc::clone(&clock) as Arc<dyn Clock>);
        let verifier =
            Verifier::builder(issuer.logto_url()).audience(API).key_sources(&sources).build().unwrap();
        World { issuer, clock, verifier }
    }

    fn token(&self) -> TokenBuilder {
        self.issuer.token().subject("alice")
    }
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and code of a denial, after a look at what every denial must have.
    fn denial(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let mut members: Vec<_> = self.json().as_object().unwrap().keys().cloned().collect();
        members.sort();
        assert_eq!(members, ["code", "error", "message"]);
        (self.status.as_u16(), self.code())
    }
}

async fn send(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A request with headers.
fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path);
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(Body::empty()).unwrap()
}

async fn get(app: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(app, request("GET", path, headers)).await
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn cookie(token: &str) -> String {
    format!("theme=dark; logto_authtoken={token}")
}
