use http::Response;
use http::request::Parts;
use logto_authkit_web::Denial;

/// What is answered to a request that is denied. Closures implement it.
///
/// ```
/// use http::Response;
/// use http::request::Parts;
/// use logto_authkit_tower::{Denial, OnDenied};
///
/// fn is_on_denied(_: impl OnDenied<String>) {}
/// is_on_denied(|denial: Denial, request: &Parts| {
///     let mut response: Response<String> = denial.to_response();
///     *response.body_mut() = format!("{} may not be read: {}", request.uri.path(), denial.code());
///     response
/// });
/// ```
pub trait OnDenied<B>: Clone {
    /// The answer to `request`. It should keep the denial's status and headers.
    fn on_denied(&self, denial: Denial, request: &Parts) -> Response<B>;
}

/// The answer that everybody gets unless the application gives its own: status, headers and the JSON body.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonDenial;

impl<B: From<String>> OnDenied<B> for JsonDenial {
    fn on_denied(&self, denial: Denial, _: &Parts) -> Response<B> {
        denial.to_response()
    }
}

impl<F, B> OnDenied<B> for F
where
    F: Fn(Denial, &Parts) -> Response<B> + Clone,
{
    fn on_denied(&self, denial: Denial, request: &Parts) -> Response<B> {
        self(denial, request)
    }
}
