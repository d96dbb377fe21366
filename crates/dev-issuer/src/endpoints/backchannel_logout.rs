//! Telling applications that a session ended (OpenID Connect Back-Channel Logout 1.0).

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use url::{Url, form_urlencoded};

use crate::keys::{Members, sign};
use crate::model::is_loopback_http;
use crate::random;
use crate::server::Shared;
use crate::state::Session;

/// For so long the issuer waits for an application before the browser goes on without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Posts a logout token to every application of the session that asked for it, to all at once, and waits.
pub(super) async fn notify(shared: &Shared, session: &Session) {
    let mut deliveries = JoinSet::new();
    for (client_id, sid) in session.clients() {
        let application = shared.directory.application(client_id);
        if let Some(uri) = application.and_then(|application| application.logout_uri()) {
            let token = logout_token(shared, &session.user_id, client_id, sid);
            deliveries.spawn(deliver(uri.to_owned(), client_id.to_owned(), token));
        }
    }
    while deliveries.join_next().await.is_some() {}
}

fn logout_token(shared: &Shared, user_id: &str, client_id: &str, sid: &str) -> String {
    let now = shared.clock.unix_seconds();
    let payload = Members::default()
        .with("sub", user_id)
        .with("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} }))
        .with("jti", random::identifier())
        .with("sid", sid)
        .with("aud", client_id)
        .with("exp", now.saturating_add(120))
        .with("iat", now)
        .with("iss", shared.issuer.as_str());
    let keys = shared.keys();
    let key = keys.current();
    let header = Members::default()
        .with("alg", key.algorithm().name())
        .with("typ", "logout+jwt")
        .with("kid", key.key_id());
    sign(key, &header, &payload)
}

async fn deliver(uri: String, client_id: String, token: String) {
    // A failure does not keep the user from signing out; the log says what a developer has to look at.
    match tokio::time::timeout(PATIENCE, post(&uri, &token)).await {
        Ok(Ok(status)) if (200..300).contains(&status) => {}
        Ok(Ok(status)) => tracing::warn!(client_id, uri, status, "the application refused the logout token"),
        Ok(Err(error)) => tracing::warn!(client_id, uri, %error, "the logout token could not be delivered"),
        Err(_) => tracing::warn!(client_id, uri, "the application did not answer to the logout token"),
    }
}

/// One HTTP/1.1 request over a connection of its own. Only addresses of this machine can be configured, so that
/// no TLS and no redirect is needed, and with them no HTTP client.
async fn post(uri: &str, token: &str) -> std::io::Result<u16> {
    let invalid = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    let url = Url::parse(uri).map_err(|_| invalid("not a URL"))?;
    if !is_loopback_http(uri) {
        return Err(invalid("not an http address of this machine"));
    }
    let host = url.host_str().ok_or_else(|| invalid("no host"))?;
    let port = url.port().unwrap_or(80);
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token).finish();
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nAccept: */*\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    stream.write_all(request.as_bytes()).await?;

    // `HTTP/1.1 200 OK`: the status is all that matters, and it stands in the first bytes.
    let mut start = [0_u8; 12];
    stream.read_exact(&mut start).await?;
    let status = std::str::from_utf8(&start).ok().and_then(|text| text.strip_prefix("HTTP/1."));
    let status = status.and_then(|text| text.get(2..)).and_then(|text| text.parse().ok());
    // The rest is read, so that the application does not see a connection that was reset.
    tokio::io::copy(&mut stream.take(64 * 1024), &mut tokio::io::sink()).await?;
    status.ok_or_else(|| invalid("not an HTTP answer"))
}
