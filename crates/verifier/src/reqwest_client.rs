use std::error::Error;
use std::time::Duration;

use crate::{HttpClient, HttpError, HttpFuture, HttpLimits};

/// The HTTP client that is used unless another is given: `reqwest` over rustls with the system's certificates.
///
/// It keeps no idle connections: keys are asked for every few minutes, and a pooled connection would belong to whichever
/// runtime opened it.
#[derive(Clone, Debug)]
pub struct ReqwestClient {
    client: Result<reqwest::Client, String>,
}

impl ReqwestClient {
    /// A client that follows no redirects and asks for no compression.
    pub fn new() -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("logto-authkit/", env!("CARGO_PKG_VERSION")))
            .build()
            // Certificates that cannot be loaded are told at every request instead of ending the program.
            .map_err(|error| innermost(&error));
        ReqwestClient { client }
    }

    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        max_body: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        let client = self.client.as_ref().map_err(|problem| HttpError::Connect(problem.clone()))?;
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

impl Default for ReqwestClient {
    fn default() -> Self {
        ReqwestClient::new()
    }
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
