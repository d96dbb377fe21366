//! Server-side authentication and authorization for [Logto](https://logto.io).
//!
//! One engine verifies access tokens strictly, keeps the issuer's keys through outages and rotations, and authorizes by scope, role
//! and organization. This crate is the one to depend on; its features choose the rest.
//!
//! # An axum application
//!
#![cfg_attr(feature = "axum", doc = "```no_run")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use axum::{Router, routing::{get, post}};
//! use logto_authkit::{Auth, AuthLayer, RequireScopes, Verifier};
//!
//! # fn routes() -> Result<Router, logto_authkit::ConfigError> {
//! let verifier = Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build()?;
//! let app = Router::new()
//!     .route("/products", get(list))
//!     .route("/products", post(create).route_layer(RequireScopes::all(["write:products"])))
//!     .layer(AuthLayer::new(verifier));
//! # Ok(app) }
//!
//! async fn list(auth: Auth) -> String { format!("hello {}", auth.user_id()) }
//! async fn create() -> &'static str { "created" }
//! ```
//!
//! # Without a framework
//!
//! ```no_run
//! # async fn run(token: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use logto_authkit::Verifier;
//!
//! let verifier = Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build()?;
//! let claims = verifier.verify(token).await?;
//! println!("{} may {}", claims.subject(), claims.scopes());
//! # Ok(()) }
//! ```
//!
//! # Features
//!
//! | feature | brings | default |
//! |---|---|---|
//! | `tower` | [`AuthLayer`], [`RequireScopes`], [`RequireRoles`] for any tower stack over `http` types | yes |
//! | `axum` | the extractors `Auth`, `Option<Auth>` and [`AuthContext`], organizations from path parameters | no |
//! | `sign-in` | [`sign_in`]: the browser flow, sessions, refresh exactly once; layers, and with `axum` routes and extractors | no |
//! | `redis`, `postgres` | [`sign_in::RedisStore`], [`sign_in::PostgresStore`]: sessions for many processes | no |
//! | `testing` | `testing::DevIssuer`: a development issuer in the process, for an application's own tests | no |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use logto_authkit_token::{
    Algorithm, Audience, Claims, ConfigError, ErrorCode, Fault, LogtoUrl, OrganizationId, OrganizationRule,
    Policy, RoleRequirement, ScopeRequirement, Scopes, Timestamp, VerifyError, danger,
};
pub use logto_authkit_verifier::{Readiness, Verifier, VerifierBuilder};
pub use logto_authkit_web::{AuthContext, AuthCookie, CsrfTokens, Denial, Guard, Guest, GuestReason};

#[cfg(all(feature = "tower", feature = "axum"))]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use logto_authkit_tower::Auth;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use logto_authkit_tower::{AuthLayer, JsonDenial, OnDenied, Organization, RequireRoles, RequireScopes};

/// Where keys come from, and how: for another HTTP client, another clock, or tests.
pub mod keys {
    pub use logto_authkit_token::{
        JwkSet, JwkSetError, KeyIdentity, KeyProblem, SkippedKey, VerificationKey,
    };
    pub use logto_authkit_verifier::{
        Clock, HttpClient, HttpError, HttpFuture, HttpLimits, KeySources, ManualClock, Moment, ReqwestClient,
        SystemClock,
    };
}

/// The single steps of a verification: for tools that explain why a token is refused.
pub mod token {
    pub use logto_authkit_token::{
        ClaimError, ClaimProblem, CompactJws, MAX_TOKEN_LENGTH, Malformed, OrganizationMismatch, Screened,
        SignedClaims, TokenType,
    };
}

/// The parts that adapters for other frameworks are made of.
pub mod web {
    pub use logto_authkit_web::{
        Admission, CookieSameSite, Credentials, GuestId, RequestOrganization, missing_layer,
    };
}

/// Sign-in for browsers: the authorization code flow, sessions, and tokens that are refreshed exactly once.
///
#[cfg_attr(feature = "axum", doc = "```no_run")]
#[cfg_attr(not(feature = "axum"), doc = "```ignore")]
/// use axum::{Router, routing::get};
/// use logto_authkit::sign_in::{AuthRoutes, LogtoClient, LogtoConfig, MemoryStore, RequireSignIn, SignedIn, WithLogto, auth_router};
///
/// let config = LogtoConfig::builder("https://tenant.logto.app", "my-app-id")
///     .app_secret("my-app-secret")
///     .base_url("https://app.example.com")
///     .resource("https://api.example.com")
///     .sealing_key("thirty-two random bytes, or more of them")
///     .build()?;
/// let client = LogtoClient::builder(config).store(MemoryStore::new()).build();
/// let app: Router = Router::new()
///     .route("/account", get(account).route_layer(RequireSignIn))
///     .merge(auth_router(AuthRoutes::new(client.clone())))
///     .layer(WithLogto::new(client));
///
/// async fn account(user: SignedIn) -> Result<String, String> {
///     let token = user.access_token(Some("https://api.example.com")).await.map_err(|error| error.to_string())?;
///     Ok(format!("{} may {:?}", user.user_id(), token.scopes().collect::<Vec<_>>()))
/// }
/// # Ok::<(), logto_authkit::ConfigError>(())
/// ```
#[cfg(feature = "sign-in")]
#[cfg_attr(docsrs, doc(cfg(feature = "sign-in")))]
pub mod sign_in {
    #[cfg(feature = "postgres")]
    #[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
    pub use logto_authkit_session_postgres::PostgresStore;
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub use logto_authkit_session_redis::RedisStore;
    pub use logto_authkit_sign_in::*;
    pub use logto_authkit_tower::{RequireSignIn, WithLogto};
    #[cfg(feature = "axum")]
    #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
    pub use logto_authkit_tower::{SignedIn, auth_router};
}

/// A development issuer in the process: test an application without a Logto server.
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing {
    pub use logto_authkit_dev_issuer::*;
}

/// The README's examples, compiled.
#[cfg(all(doctest, feature = "axum", feature = "testing"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
