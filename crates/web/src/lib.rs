//! Request authentication for Logto without a framework: credentials, guard, admission or denial, guests, cookies.
//!
//! Adapters turn their framework's request into [`Credentials`], ask the [`Guard`], and turn the [`Admission`] or the [`Denial`]
//! into their framework's answer. They decide nothing.
//!
//! ```no_run
//! # async fn run(request: http::Request<()>) -> Result<(), Box<dyn std::error::Error>> {
//! use logto_authkit_verifier::Verifier;
//! use logto_authkit_web::{Guard, RequestOrganization};
//!
//! let verifier = Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build()?;
//! let guard = Guard::new(verifier);
//! let credentials = guard.credentials(request.method(), request.headers());
//! let answer: http::Response<String> = match guard.admit(&credentials, RequestOrganization::AsConfigured).await {
//!     Ok(admission) => http::Response::new(format!("hello {:?}", admission.context().user_id())),
//!     Err(denial) => denial.to_response(),
//! };
//! # Ok(()) }
//! ```

mod admission;
mod auth_context;
mod auth_cookie;
#[cfg(feature = "axum")]
mod axum;
mod credentials;
mod csrf;
pub mod danger;
mod denial;
mod guard;
mod guest;
mod missing_layer;
mod origin;
mod realm;
mod set_cookie;

pub use admission::Admission;
pub use auth_context::AuthContext;
pub use auth_cookie::{AuthCookie, CookieSameSite};
pub use credentials::Credentials;
pub use csrf::{CsrfTokens, csrf_cookie};
pub use denial::Denial;
pub use guard::{Guard, RequestOrganization};
pub use guest::{Guest, GuestId, GuestReason};
pub use logto_authkit_token::{ConfigError, ErrorCode};
pub use missing_layer::missing_layer;
