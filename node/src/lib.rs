//! The native half of the npm package `logto-authkit`: the engine, as plain functions and results.
//!
//! Nothing here throws for what a request brings; the JavaScript half turns results into answers and typed errors. Every decision
//! is made by [`logto_authkit_web::Guard`].

mod answer;
mod cookies;
mod csrf;
mod keys;
mod native_guard;
mod option_reader;
mod options;
mod permissions;
mod problem;
mod request;
mod testing;
