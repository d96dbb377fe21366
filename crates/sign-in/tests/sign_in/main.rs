//! Sign-in against the development issuer: an application, its browsers, and what goes wrong between them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod attacks;
mod flow;
mod id_tokens;
mod logout;
mod neighbours;
mod oidc_provider;
mod refresh;
mod sessions;
mod world;
