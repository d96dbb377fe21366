use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Sends one HTTP request. The engine's only way out of the process; replace it to use another client or a proxy.
///
/// An implementation follows **no redirects**, keeps to the limits, and answers every status as a response, not as an error.
///
/// Keys are fetched on a thread of the library's own: there `send` is called and its future polled, on a Tokio runtime with IO
/// and time. A future that is no longer wanted is dropped; one that blocks the thread holds up the keys of every issuer.
pub trait HttpClient: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` within `limits`.
    fn send(&self, request: http::Request<Vec<u8>>, limits: HttpLimits) -> HttpFuture<'_>;
}

/// What [`HttpClient::send`] returns.
pub type HttpFuture<'a> =
    Pin<Box<dyn Future<Output = Result<http::Response<Vec<u8>>, HttpError>> + Send + 'a>>;

/// How long a request may take in all, and how large its answer may be.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HttpLimits {
    /// From the first byte sent to the last byte received.
    pub timeout: Duration,
    /// In bytes, after decoding.
    pub max_body: usize,
}

impl HttpLimits {
    /// Limits of one's own.
    pub fn new(timeout: Duration, max_body: usize) -> Self {
        HttpLimits { timeout, max_body }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The limit of time passed.
    #[error("no complete answer in time")]
    Timeout,
    /// No connection: the address does not resolve, nobody listens, or TLS fails.
    #[error("no connection: {0}")]
    Connect(String),
    /// The answer is larger than allowed.
    #[error("the answer is too large")]
    BodyTooLarge,
    /// The connection broke, or the answer is no HTTP.
    #[error("the exchange failed: {0}")]
    Exchange(String),
}
