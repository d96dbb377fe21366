//! The endpoints, one file each, and what several of them need.

mod access_token;
mod authorization_code;
mod authorize;
mod backchannel_logout;
mod claims;
mod client_authentication;
mod client_credentials;
mod cookie;
mod discovery;
mod end_session;
mod introspection;
mod jwks;
mod oauth_error;
mod parameters;
mod pkce;
mod refresh_token;
mod revocation;
mod scopes;
mod sign_in;
mod token;
mod userinfo;

pub(crate) use authorize::authorize;
pub(crate) use discovery::discovery;
pub(crate) use end_session::{confirm as end_session_confirm, end_session, signed_out};
pub(crate) use introspection::introspection;
pub(crate) use jwks::jwks;
pub(crate) use parameters::Parameters;
pub(crate) use revocation::revocation;
pub(crate) use sign_in::{show as sign_in_page, submit as sign_in};
pub(crate) use token::token;
pub(crate) use userinfo::userinfo;
