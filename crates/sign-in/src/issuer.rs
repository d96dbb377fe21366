use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response};
use logto_authkit_token::{Claims, CompactJws, Timestamp};
use logto_authkit_verifier::{Clock, HttpClient, HttpLimits, Moment};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use crate::SignInError;
use crate::callback::error_code;
use crate::config::{LogtoConfig, is_loopback};
use crate::error;
use crate::session::{AccessToken, Fresh};

/// The requests that are made to the issuer.
pub(crate) struct Issuer {
    client: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    discovery: Mutex<Discovered>,
}

#[derive(Default)]
struct Discovered {
    document: Option<(Moment, Arc<Discovery>)>,
    /// When and why the last attempt failed: told to those who waited for it, and not kept for anybody else.
    failure: Option<(Moment, SignInError)>,
}

impl Discovered {
    /// What there is without a request, for somebody who asked at this moment.
    fn known(&self, asked: Moment) -> Option<Result<Arc<Discovery>, SignInError>> {
        if let Some((read, document)) = &self.document
            && asked.since(*read) < DISCOVERY_LIFETIME
        {
            return Some(Ok(Arc::clone(document)));
        }
        let (when, failure) = self.failure.as_ref()?;
        match &self.document {
            // Better an old one at once than the same wait for everybody.
            Some((_, document)) if failure.is_temporary() && asked < *when + OLD_ONE_SERVES => {
                Some(Ok(Arc::clone(document)))
            }
            _ => (*when > asked).then(|| Err(failure.clone())),
        }
    }
}

/// What the issuer says of itself (OpenID Connect Discovery §3, RFC 8414, RFC 9207).
#[derive(Debug, Deserialize)]
pub(crate) struct Discovery {
    issuer: String,
    pub(crate) authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Option<Url>,
    revocation_endpoint: Option<Url>,
    pub(crate) end_session_endpoint: Option<Url>,
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

/// An answer of the token endpoint (RFC 6749 §5.1).
pub(crate) struct Tokens {
    pub(crate) access_token: AccessToken,
    pub(crate) refresh_token: Option<String>,
    pub(crate) id_token: Option<String>,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    #[serde(default)]
    expires_in: Option<f64>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct ErrorResponse {
    #[serde(default)]
    error: Option<String>,
}

const LIMITS: (Duration, usize) = (Duration::from_secs(10), 1024 * 1024);
/// So long a discovery document is taken as it is.
const DISCOVERY_LIFETIME: Duration = Duration::from_secs(3600);
/// After a failure an old discovery document is taken for so long before it is asked for again.
const OLD_ONE_SERVES: Duration = Duration::from_secs(10);
/// How long a token lives whose issuer does not say it.
const UNTOLD_LIFETIME: f64 = 300.0;

impl Issuer {
    pub(crate) fn new(client: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Issuer { client, clock, discovery: Mutex::default() }
    }

    /// The discovery document: one request an hour, however many ask. A document that was read once outlives an outage.
    pub(crate) async fn discovery(&self, config: &LogtoConfig) -> Result<Arc<Discovery>, SignInError> {
        let asked = self.clock.moment();
        let mut discovered = self.discovery.lock().await;
        if let Some(known) = discovered.known(asked) {
            return known;
        }
        match self.read_discovery(config).await {
            Ok(document) => {
                let document = Arc::new(document);
                *discovered = Discovered {
                    document: Some((self.clock.moment(), Arc::clone(&document))),
                    failure: None,
                };
                Ok(document)
            }
            Err(failure) => {
                discovered.failure = Some((self.clock.moment(), failure.clone()));
                match &discovered.document {
                    Some((_, document)) if failure.is_temporary() => Ok(Arc::clone(document)),
                    _ => Err(failure),
                }
            }
        }
    }

    async fn read_discovery(&self, config: &LogtoConfig) -> Result<Discovery, SignInError> {
        let request =
            Request::builder().uri(config.logto_url.discovery_uri()).header(ACCEPT, "application/json");
        let answer = self.send(request.body(Vec::new())).await?;
        if answer.status() != 200 {
            return Err(unusable("the discovery document", answer.status().as_u16()));
        }
        let document: Discovery =
            serde_json::from_slice(answer.body()).map_err(|_| unusable("the discovery document", 200))?;
        if document.issuer != config.logto_url.issuer() {
            return Err(SignInError::IssuerMismatch);
        }
        let tls = config.logto_url.endpoint().starts_with("https:");
        let secure = |url: &Url| match url.scheme() {
            "https" => true,
            "http" => !tls && is_loopback(url),
            _ => false,
        };
        let endpoints =
            [&document.userinfo_endpoint, &document.revocation_endpoint, &document.end_session_endpoint];
        let all = [&document.authorization_endpoint, &document.token_endpoint];
        if all.into_iter().chain(endpoints.into_iter().flatten()).all(secure) {
            Ok(document)
        } else {
            Err(unusable("an endpoint without TLS", 200))
        }
    }

    /// Exchanges a code (RFC 6749 §4.1.3, RFC 7636 §4.5).
    pub(crate) async fn exchange(
        &self,
        config: &LogtoConfig,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, SignInError> {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect_uri),
        ];
        self.token(config, &parameters).await
    }

    /// Asks for a new token, for at most one resource and one organization (RFC 6749 §6, RFC 8707 §2.2).
    pub(crate) async fn refresh(
        &self,
        config: &LogtoConfig,
        refresh_token: &str,
        resource: Option<&str>,
        organization: Option<&str>,
    ) -> Result<Fresh, SignInError> {
        let mut parameters = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        parameters.extend(resource.map(|resource| ("resource", resource)));
        parameters.extend(organization.map(|organization| ("organization_id", organization)));
        let Tokens { access_token, refresh_token, id_token } = self.token(config, &parameters).await?;
        Ok(Fresh { access_token, refresh_token, id_token })
    }

    /// A token for the application itself (RFC 6749 §4.4).
    pub(crate) async fn client_credentials(
        &self,
        config: &LogtoConfig,
        resource: Option<&str>,
        organization: Option<&str>,
        scope: Option<&str>,
    ) -> Result<AccessToken, SignInError> {
        let mut parameters = vec![("grant_type", "client_credentials")];
        parameters.extend(resource.map(|resource| ("resource", resource)));
        parameters.extend(organization.map(|organization| ("organization_id", organization)));
        parameters.extend(scope.map(|scope| ("scope", scope)));
        Ok(self.token(config, &parameters).await?.access_token)
    }

    async fn token(&self, config: &LogtoConfig, parameters: &[(&str, &str)]) -> Result<Tokens, SignInError> {
        let endpoint = self.discovery(config).await?.token_endpoint.clone();
        let answer = self.send(form(config, &endpoint, parameters)).await?;
        let now = self.clock.now();
        if answer.status() != 200 {
            return Err(refused(&answer));
        }
        let found: TokenResponse = serde_json::from_slice(answer.body())
            .map_err(|_| unusable("the token endpoint's answer", 200))?;
        let access_token = AccessToken {
            expires_at: expiry(&found, now),
            scope: found.scope.unwrap_or_default(),
            token: found.access_token,
        };
        Ok(Tokens { access_token, refresh_token: found.refresh_token, id_token: found.id_token })
    }

    /// What the issuer tells of a user (OpenID Connect Core §5.3). `subject` is who it must be about.
    pub(crate) async fn userinfo(
        &self,
        config: &LogtoConfig,
        token: &str,
        subject: &str,
    ) -> Result<serde_json::Value, SignInError> {
        let discovery = self.discovery(config).await?;
        let endpoint = discovery.userinfo_endpoint.as_ref().ok_or(SignInError::UserinfoFailed)?;
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| SignInError::UserinfoFailed)?;
        bearer.set_sensitive(true);
        let request = Request::builder().uri(endpoint.as_str()).header(AUTHORIZATION, bearer);
        let answer = self.send(request.body(Vec::new())).await?;
        match answer.status().as_u16() {
            200 => {}
            429 | 500.. => return Err(refused(&answer)),
            _ => return Err(SignInError::UserinfoFailed),
        }
        let found: serde_json::Value =
            serde_json::from_slice(answer.body()).map_err(|_| SignInError::UserinfoFailed)?;
        if found["sub"] == subject { Ok(found) } else { Err(SignInError::UserinfoFailed) }
    }

    /// Ends a refresh token (RFC 7009). An empty 200 is success.
    pub(crate) async fn revoke(&self, config: &LogtoConfig, token: &str) -> Result<(), SignInError> {
        let discovery = self.discovery(config).await?;
        let Some(endpoint) = &discovery.revocation_endpoint else { return Ok(()) };
        let answer = self.send(form(config, endpoint, &[("token", token)])).await?;
        if answer.status() == 200 { Ok(()) } else { Err(refused(&answer)) }
    }

    async fn send(
        &self,
        request: Result<Request<Vec<u8>>, http::Error>,
    ) -> Result<Response<Vec<u8>>, SignInError> {
        let request = request.map_err(|_| unusable("an endpoint's address", 0))?;
        let (timeout, max_body) = LIMITS;
        Ok(self.client.send(request, HttpLimits::new(timeout, max_body)).await?)
    }
}

/// A form with the client's proof of who it is: HTTP Basic with both halves form-encoded (RFC 6749 §2.3.1), or for a public client its
/// id alone.
fn form(
    config: &LogtoConfig,
    endpoint: &Url,
    parameters: &[(&str, &str)],
) -> Result<Request<Vec<u8>>, http::Error> {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(parameters);
    body.append_pair("client_id", &config.app_id);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(endpoint.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json");
    if let Some(secret) = &config.app_secret {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(&config.app_id), encoded(secret.reveal()));
        let mut basic = HeaderValue::try_from(format!("Basic {}", crate::secret::base64(pair.as_bytes())))?;
        basic.set_sensitive(true);
        request = request.header(AUTHORIZATION, basic);
    }
    request.body(body.finish().into_bytes())
}

/// The token's own `exp` counts before what is said of it.
fn expiry(found: &TokenResponse, now: Timestamp) -> i64 {
    let own = CompactJws::parse(&found.access_token).ok().and_then(|jws| Claims::parse(jws.payload()).ok());
    match own {
        Some(claims) => claims.expires_at().as_unix_seconds(),
        None => {
            let seconds = found.expires_in.filter(|span| span.is_finite()).unwrap_or(UNTOLD_LIFETIME);
            now.as_unix_seconds().saturating_add(seconds.clamp(0.0, 1e9) as i64)
        }
    }
}

fn refused(answer: &Response<Vec<u8>>) -> SignInError {
    let status = answer.status().as_u16();
    let retry_after = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map_or(error::RETRY_AFTER, |seconds: u64| Duration::from_secs(seconds.clamp(1, 3600)));
    match status {
        429 => SignInError::RateLimited { retry_after },
        500.. => {
            tracing::warn!(status, "the issuer fails");
            SignInError::IssuerUnavailable { retry_after }
        }
        _ => {
            let found: Option<ErrorResponse> = serde_json::from_slice(answer.body()).ok();
            let error =
                found.and_then(|found| found.error).as_deref().map_or("unknown".to_owned(), error_code);
            tracing::warn!(status, error, "the issuer refuses a request");
            SignInError::TokenRequestFailed { error, status }
        }
    }
}

fn unusable(what: &'static str, status: u16) -> SignInError {
    tracing::warn!(status, what, "the issuer's answer cannot be used");
    SignInError::IssuerUnavailable { retry_after: error::RETRY_AFTER }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Issuer")
    }
}
