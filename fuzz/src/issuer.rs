use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Request, Response};
use logto_authkit_verifier::{HttpClient, HttpFuture, HttpLimits};
use serde_json::json;

/// The issuer's name.
pub const ISSUER: &str = "https://tenant.logto.app/oidc";

/// An answer of the issuer's.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Vec<u8>,
    pub body: Vec<u8>,
}

/// Answers what it is told to, and remembers what it was asked.
#[derive(Debug)]
pub struct ScriptedIssuer {
    discovery: Mutex<Answer>,
    /// Of every endpoint.
    answer: Mutex<Answer>,
    asked: Mutex<Vec<Request<Vec<u8>>>>,
}

impl Answer {
    /// 200.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Answer { status: 200, retry_after: Vec::new(), body: body.into() }
    }
}

impl ScriptedIssuer {
    /// An issuer with a right discovery document.
    pub(crate) fn new() -> Self {
        ScriptedIssuer {
            discovery: Mutex::new(Answer::ok(discovery_document(false))),
            answer: Mutex::new(Answer::ok("")),
            asked: Mutex::default(),
        }
    }

    pub fn set_discovery(&self, answer: Answer) {
        *lock(&self.discovery) = answer;
    }

    /// With a discovery document that promises `iss` in callbacks (RFC 9207).
    pub fn promise_iss(&self, promised: bool) {
        self.set_discovery(Answer::ok(discovery_document(promised)));
    }

    /// What every endpoint answers from now on.
    pub fn set_answer(&self, answer: Answer) {
        *lock(&self.answer) = answer;
    }

    /// What it was asked since the last time, unless that was much.
    pub fn take_asked(&self) -> Vec<Request<Vec<u8>>> {
        std::mem::take(&mut lock(&self.asked))
    }
}

impl HttpClient for ScriptedIssuer {
    fn send(&self, request: Request<Vec<u8>>, _: HttpLimits) -> HttpFuture<'_> {
        let is_discovery = request.uri().path().ends_with("/.well-known/openid-configuration");
        let answer = lock(if is_discovery { &self.discovery } else { &self.answer }).clone();
        let mut asked = lock(&self.asked);
        if asked.len() >= 64 {
            asked.clear();
        }
        asked.push(request);
        drop(asked);
        let mut response = Response::builder().status(answer.status);
        if let Ok(value) = http::HeaderValue::from_bytes(&answer.retry_after) {
            response = response.header("retry-after", value);
        }
        let response = response.body(answer.body).expect("a response");
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn discovery_document(promises_iss: bool) -> String {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/auth"),
        "token_endpoint": format!("{ISSUER}/token"),
        "userinfo_endpoint": format!("{ISSUER}/me"),
        "revocation_endpoint": format!("{ISSUER}/token/revocation"),
        "end_session_endpoint": format!("{ISSUER}/session/end"),
        "authorization_response_iss_parameter_supported": promises_iss,
    })
    .to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
