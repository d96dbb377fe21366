use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use crate::{HttpClient, HttpError, HttpFuture, HttpLimits};

/// The HTTP client that is used unless another is given: `reqwest` over rustls with the system's certificates.
///
/// `https` goes through the proxy that the environment names (`HTTPS_PROXY`, `ALL_PROXY`, less `NO_PROXY`), which sees no more of
/// it than the host. Plain `http` goes through none, whatever the environment says: a proxy could answer with keys of its own.
///
/// It keeps no idle connections: keys are asked for every few minutes, and a pooled connection would belong to whichever
/// runtime opened it.
#[derive(Clone, Debug, Default)]
pub struct ReqwestClient {
    /// Each is built at its first request: most processes need one of them.
    https: OnceLock<Built>,
    http: OnceLock<Built>,
}

/// Certificates that cannot be loaded are told at every request instead of ending the program.
type Built = Result<reqwest::Client, String>;

impl ReqwestClient {
    /// A client that follows no redirects and asks for no compression.
    pub fn new() -> Self {
        ReqwestClient::default()
    }

    fn client_for(&self, uri: &http::Uri) -> Result<&reqwest::Client, HttpError> {
        let built = match uri.scheme_str() {
            Some("https") => self.https.get_or_init(|| build(base())),
            _ => self.http.get_or_init(|| build(base().no_proxy())),
        };
        built.as_ref().map_err(|problem| HttpError::Connect(problem.clone()))
    }

    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        max_body: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        let client = self.client_for(request.uri())?;
        let request =
            request.try_into().map_err(|error: reqwest::Error| HttpError::Exchange(innermost(&error)))?;
        let mut answer = client.execute(request).await.map_err(|error| classify(&error))?;
        let mut response = http::Response::new(Vec::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        while let Some(chunk) = answer.chunk().await.map_err(|error| classify(&error))? {
            if response.body().len() + chunk.len() > max_body {
                return Err(HttpError::BodyTooLarge);
            }
            response.body_mut().extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

fn base() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(5))
        .user_agent(concat!("logto-authkit/", env!("CARGO_PKG_VERSION")))
}

fn build(builder: reqwest::ClientBuilder) -> Built {
    builder.build().map_err(|error| innermost(&error))
}

impl HttpClient for ReqwestClient {
    fn send(&self, request: http::Request<Vec<u8>>, limits: HttpLimits) -> HttpFuture<'_> {
        Box::pin(async move {
            tokio::time::timeout(limits.timeout, self.exchange(request, limits.max_body))
                .await
                .unwrap_or(Err(HttpError::Timeout))
        })
    }
}

fn classify(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() {
        HttpError::Timeout
    } else if error.is_connect() {
        HttpError::Connect(innermost(error))
    } else {
        HttpError::Exchange(innermost(error))
    }
}

/// The cause at the bottom: it says what happened without repeating the address.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
