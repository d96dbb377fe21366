//! The key set.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::counters::Counted;
use crate::keys::base64url;
use crate::server::Shared;

/// `GET /oidc/jwks`, with an `ETag` so that a client that has the keys already gets a 304 without a body.
pub(crate) async fn jwks(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let body = shared.keys().to_json().to_string();
    let etag = format!("\"{}\"", base64url(digest(&SHA256, body.as_bytes())));
    let caching = [
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, "no-cache, max-age=0, must-revalidate".to_owned()),
    ];
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = known.flat_map(|value| value.split(',')).map(str::trim);
    // RFC 9110 §13.1.2: the comparison is weak, so the prefix of a weak tag does not count.
    if tags.any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag) {
        shared.counters.count(Counted::JwksNotModified);
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let content_type = [(header::CONTENT_TYPE, "application/jwk-set+json; charset=utf-8")];
    (StatusCode::OK, content_type, caching, body).into_response()
}
