//! What the issuer knows: resources, applications, users, roles and organizations.

mod application;
mod directory;
mod organization;
mod problem;
mod resource;
mod role;
mod user;

pub use application::Application;
pub(crate) use application::Kind;
pub(crate) use directory::{
    Directory, ORGANIZATIONS_RESOURCE, Principal, is_loopback_http, organization_grants,
};
pub use organization::{Organization, OrganizationRole};
pub use problem::ConfigError;
pub use resource::Resource;
pub use role::Role;
pub use user::User;

/// The texts of a list, whatever kind of texts they were.
fn texts<T: Into<String>>(list: impl IntoIterator<Item = T>) -> Vec<String> {
    list.into_iter().map(Into::into).collect()
}

/// Stands in for a secret in `Debug`.
#[derive(Debug)]
struct Redacted;
