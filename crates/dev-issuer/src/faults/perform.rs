//! Answering a request the way a fault says.

use std::future::pending;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::body::{Drip, Huge};
use super::{Fault, FaultPoint};
use crate::keys::SigningAlgorithm;
use crate::keys::SigningKey;
use crate::random;
use crate::server::{Cut, Shared};

const JSON: &str = "application/json; charset=utf-8";

/// Answers the request, rightly or with the fault that is switched on at this point.
pub(crate) async fn apply(shared: &Shared, point: FaultPoint, request: Request, next: Next) -> Response {
    match shared.faults.at(point) {
        Fault::None => next.run(request).await,
        Fault::Status(status) => plain(status),
        Fault::RetryAfter(status, after) => {
            let mut response = plain(status);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs()));
            response
        }
        Fault::Latency(delay) => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        Fault::Hang => pending().await,
        Fault::DropConnection => {
            if let Some(cut) = request.extensions().get::<Cut>() {
                cut.close();
            }
            // The connection ends before this could be sent.
            pending().await
        }
        Fault::Html => (
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            "<!doctype html><p>Please log in to the network.</p>",
        )
            .into_response(),
        Fault::Empty => ([(header::CONTENT_TYPE, JSON)], Body::empty()).into_response(),
        Fault::EmptyKeySet => json_body(&json!({ "keys": [] })),
        Fault::WrongJson => json_body(&json!(["this", "is", { "not": "it" }])),
        Fault::HugeBody(bytes) => {
            ([(header::CONTENT_TYPE, JSON)], Body::new(Huge::new(bytes))).into_response()
        }
        Fault::SlowDrip { bytes_per_chunk, interval } => {
            let (mut parts, body) = next.run(request).await.into_parts();
            // Our own bodies are short and complete, so that reading one cannot fail.
            let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::new(Drip::new(whole, bytes_per_chunk, interval)))
        }
        Fault::Redirect(to) => match HeaderValue::try_from(to) {
            Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
            Err(_) => plain(500),
        },
        Fault::ManyKeys(decoys) => json_body(&many_keys(shared, decoys)),
    }
}

fn plain(status: u16) -> Response {
    let status = StatusCode::from_u16(status).ok().filter(|known| (200..600).contains(&known.as_u16()));
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "a fault is switched on").into_response()
}

fn json_body(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, JSON)], value.to_string()).into_response()
}

/// One key under many ids: making thousands of true keys would take longer than the test that wants them.
fn many_keys(shared: &Shared, decoys: usize) -> Value {
    let decoy = SigningKey::generate(SigningAlgorithm::Es384);
    let mut keys: Vec<Value> =
        (0..decoys).map(|_| decoy.clone().with_key_id(random::identifier()).public_jwk()).collect();
    keys.extend(shared.keys().published().map(SigningKey::public_jwk));
    json!({ "keys": keys })
}
