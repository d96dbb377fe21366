//! The native half of the npm package `logto-authkit`: the engine, as plain functions and results.
//!
//! Nothing here throws for what a request brings; the JavaScript half turns results into answers and typed errors. Every decision
//! is made by [`logto_authkit_web::Guard`].

#![cfg_attr(
    test,
    allow(
        dead_code,
        reason = "what `#[napi]` exports is registered in the addon alone, not in a test build"
    )
)]

mod answer;
mod cookies;
mod csrf;
mod held_claims;
mod judgement;
mod keys;
mod native_guard;
mod option_reader;
mod options;
mod permissions;
mod problem;
mod request;
mod runtime;
mod sign_in;
mod testing;
