//! A configuration that can be read from a file.

use serde::Deserialize;

use crate::builder::DevIssuerBuilder;
use crate::keys::SigningAlgorithm;
use crate::model::{Application, Organization, Resource, Role, User};

/// What an issuer knows, as a file says it. Every member is optional, and an unknown one is an error.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use logto_authkit_dev_issuer::IssuerConfig;
///
/// let config: IssuerConfig = toml::from_str(r#"
///     port = 3301
///     algorithm = "ES384"
///
///     [[resources]]
///     indicator = "https://api.example.com"
///     scopes = ["read:products", "write:products"]
///
///     [[roles]]
///     name = "manager"
///     grants = [{ resource = "https://api.example.com", scopes = ["read:products"] }]
///
///     [[users]]
///     username = "alice"
///     password = "alice"
///     name = "Alice"
///     roles = ["manager"]
///
///     [[applications]]
///     kind = "web"
///     id = "shop"
///     secret = "shop-secret"
///     redirect_uris = ["http://localhost:3000/auth/sign-in-callback"]
///
///     [[organizations]]
///     id = "org_acme"
///     name = "Acme"
///     roles = [{ name = "admin", scopes = ["invite:members"] }]
///     members = [{ user = "alice", roles = ["admin"] }]
/// "#)?;
/// let builder = config.into_builder();
/// # drop(builder);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IssuerConfig {
    /// The port to listen on, on 127.0.0.1. The default, 0, takes a free one.
    pub port: u16,
    /// The algorithm of the first key, such as `ES384` (the default), `RS256` or `EdDSA`.
    pub algorithm: SigningAlgorithm,
    /// API resources and their scopes.
    pub resources: Vec<Resource>,
    /// Roles that users and machine applications can have.
    pub roles: Vec<Role>,
    /// People who can sign in.
    pub users: Vec<User>,
    /// Applications that may ask for tokens.
    pub applications: Vec<Application>,
    /// Organizations, their roles and members.
    pub organizations: Vec<Organization>,
}

impl IssuerConfig {
    /// A builder with all of this. What contradicts itself is found by [`DevIssuerBuilder::start`].
    pub fn into_builder(self) -> DevIssuerBuilder {
        DevIssuerBuilder::new().config(self)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.port = other.port;
        self.algorithm = other.algorithm;
        self.resources.extend(other.resources);
        self.roles.extend(other.roles);
        self.users.extend(other.users);
        self.applications.extend(other.applications);
        self.organizations.extend(other.organizations);
    }
}
