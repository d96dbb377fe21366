//! The keys of an issuer, from a file or from the server.

use std::path::Path;
use std::time::Duration;

use http::header::DATE;
use logto_authkit::LogtoUrl;
use logto_authkit::keys::{HttpClient, HttpLimits, JwkSet, ReqwestClient};

use crate::failure::Failure;

const LIMITS: (Duration, usize) = (Duration::from_secs(5), 1024 * 1024);

/// A document that a server sent, with what its `Date` header says.
pub(crate) struct Document {
    pub(crate) body: Vec<u8>,
    pub(crate) date: Option<std::time::SystemTime>,
}

/// Reads a key set from a file.
pub(crate) fn from_file(path: &Path) -> Result<JwkSet, Failure> {
    let shown = path.display();
    let text = std::fs::read(path).map_err(|error| {
        Failure::new(format!("--jwks: {shown} cannot be read: {error}; write the path of a JWKS file"))
    })?;
    JwkSet::parse(&text).map_err(|error| {
        Failure::new(format!("--jwks: {shown}: {error}; save what the issuer's /oidc/jwks answers"))
    })
}

/// Asks the server for its keys.
pub(crate) async fn from_server(logto: &LogtoUrl) -> Result<JwkSet, String> {
    let document = get(logto.jwks_uri()).await?;
    JwkSet::parse(&document.body).map_err(|error| format!("{}: {error}", logto.jwks_uri()))
}

/// Gets a document: status 200, within five seconds, a megabyte at most.
pub(crate) async fn get(address: &str) -> Result<Document, String> {
    let request = http::Request::get(address)
        .header("accept", "application/json")
        .body(Vec::new())
        .map_err(|error| format!("{address}: {error}"))?;
    let answer = ReqwestClient::new()
        .send(request, HttpLimits::new(LIMITS.0, LIMITS.1))
        .await
        .map_err(|error| format!("{address}: {error}"))?;
    if answer.status() != 200 {
        return Err(format!("{address} answers with status {}", answer.status().as_u16()));
    }
    let date =
        answer.headers().get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    Ok(Document { body: answer.into_body(), date })
}
