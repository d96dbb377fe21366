//! Logto access tokens for tower services and axum.
//!
//! [`AuthLayer`] finds out who makes a request and refuses everybody else; [`RequireScopes`] and [`RequireRoles`] ask for more on
//! single routes; with the feature `axum` handlers take [`Auth`] or [`AuthContext`] as arguments.
//!
#![cfg_attr(feature = "axum", doc = "```no_run")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use axum::{Router, routing::{get, post}};
//! use logto_authkit_tower::{Auth, AuthLayer, RequireScopes};
//! use logto_authkit_verifier::Verifier;
//!
//! let verifier = Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build()?;
//! let app: Router = Router::new()
//!     .route("/products", post(create).route_layer(RequireScopes::all(["write:products"])))
//!     .route("/me", get(me))
//!     .layer(AuthLayer::new(verifier));
//!
//! async fn create() -> &'static str { "created" }
//! async fn me(auth: Auth) -> String { format!("hello {}", auth.user_id()) }
//! # Ok::<(), logto_authkit_tower::ConfigError>(())
//! ```
//!
//! | feature | brings |
//! |---|---|
//! | `axum` | the extractors `Auth`, `Option<Auth>` and `AuthContext`; `Organization::path` |
//! | `sign-in` | `WithLogto` and `RequireSignIn`; with `axum` also `auth_router` and the extractor `SignedIn` |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
#[cfg(feature = "axum")]
mod extract;
mod on_denied;
mod organization;
#[cfg(feature = "axum")]
mod path_parameter;
mod require;
#[cfg(feature = "sign-in")]
mod sign_in;

pub use auth::{AuthFuture, AuthLayer, AuthService};
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use extract::Auth;
pub use logto_authkit_token::{ConfigError, OrganizationId, RoleRequirement, ScopeRequirement};
pub use logto_authkit_web::{AuthContext, Denial};
pub use on_denied::{JsonDenial, OnDenied};
pub use organization::Organization;
pub use require::{RequireFuture, RequireRoles, RequireScopes, RequireService};
#[cfg(feature = "sign-in")]
#[cfg_attr(docsrs, doc(cfg(feature = "sign-in")))]
pub use sign_in::{RequireSignIn, RequireSignInService, SignInFuture, WithLogto, WithLogtoService};
#[cfg(all(feature = "sign-in", feature = "axum"))]
#[cfg_attr(docsrs, doc(cfg(all(feature = "sign-in", feature = "axum"))))]
pub use sign_in::{SignedIn, auth_router};
