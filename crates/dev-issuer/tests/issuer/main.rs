//! The issuer over real HTTP, seen the way an application and a browser see it.

// What a test unwraps is what it asserts; clippy makes this exception for test functions only, not for their helpers.
#![allow(clippy::unwrap_used)]

mod browser;
mod client_credentials;
mod configuration;
mod discovery;
mod faults;
mod keys;
mod organizations;
mod refresh;
mod sign_in;
mod sign_out;
mod token_builder;
mod tokens_about;
mod verify;
