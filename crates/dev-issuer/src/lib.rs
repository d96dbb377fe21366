//! An OpenID Connect issuer in the process that behaves like a [Logto](https://logto.io) server.
//!
//! It is for development without a server to install, and for tests: it signs real tokens with real keys, serves
//! discovery, keys, sign-in, tokens, userinfo and sign-out over HTTP on a free port of 127.0.0.1, and can be told
//! to be slow, wrong or gone. What it answers follows a real server's answers. It keeps everything in memory, knows
//! its users' passwords in plain text, and is not for production.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use logto_authkit_dev_issuer::{Application, DevIssuer, Fault, Resource, Role, User};
//!
//! let issuer = DevIssuer::builder()
//!     .resource(Resource::new("https://api.example.com").scopes(["read:products"]))
//!     .role(Role::new("reader").grant("https://api.example.com", ["read:products"]))
//!     .user(User::new("alice", "wonderland").roles(["reader"]))
//!     .application(Application::machine("robot", "robot-secret").roles(["reader"]))
//!     .start()
//!     .await?;
//!
//! // Give this to the application under test:
//! assert!(issuer.logto_url().starts_with("http://127.0.0.1:"));
//!
//! // A valid token, and one that has expired:
//! let token = issuer.token().subject("alice").scope("read:products").sign();
//! let expired = issuer.token().expires_at(1_000_000_000).sign();
//! # assert_ne!(token, expired);
//!
//! // The issuer rotates its keys, and then fails:
//! issuer.rotate_keys(logto_authkit_dev_issuer::SigningAlgorithm::Es256);
//! issuer.faults().jwks(Fault::Status(503));
//! assert_eq!(issuer.counters().jwks, 0);
//!
//! issuer.shutdown().await;
//! # Ok(()) }
//! ```
//!
//! [`DevIssuer::demo`] starts with an example of everything, and [`IssuerConfig`] reads all of it from a file.

mod builder;
mod clock;
mod config;
mod counters;
mod demo;
mod endpoints;
mod faults;
mod issuer;
mod keys;
mod model;
mod pages;
mod random;
mod server;
mod state;

pub use builder::{DevIssuerBuilder, StartError};
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::IssuerConfig;
pub use counters::Counters;
pub use faults::{Fault, Faults};
pub use issuer::DevIssuer;
pub use keys::{Audience, HmacAlgorithm, SigningAlgorithm, SigningKey, TokenBuilder};
pub use model::{Application, ConfigError, Organization, OrganizationRole, Resource, Role, User};
