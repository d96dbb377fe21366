//! Logto's names for what an application may ask of a user.

/// Name, picture and other plain facts.
pub const PROFILE: &str = "profile";
/// The e-mail address.
pub const EMAIL: &str = "email";
/// The telephone number.
pub const PHONE: &str = "phone";
/// The postal address.
pub const ADDRESS: &str = "address";
/// What the application keeps about the user in Logto; from the userinfo endpoint.
pub const CUSTOM_DATA: &str = "custom_data";
/// Accounts at social and enterprise providers; from the userinfo endpoint.
pub const IDENTITIES: &str = "identities";
/// The names of the user's roles.
pub const ROLES: &str = "roles";
/// The organizations that the user is a member of, and tokens for them.
pub const ORGANIZATIONS: &str = "urn:logto:scope:organizations";
/// The user's roles in organizations.
pub const ORGANIZATION_ROLES: &str = "urn:logto:scope:organization_roles";
/// The user's sessions.
pub const SESSIONS: &str = "urn:logto:scope:sessions";

/// What every sign-in asks for, unless told not to: an ID token, a refresh token, a name.
pub(crate) const RESERVED: [&str; 3] = ["openid", "offline_access", PROFILE];

/// The resource that must be named for tokens of organizations.
pub const ORGANIZATION_RESOURCE: &str = "urn:logto:resource:organizations";

/// The audience of the tokens of one organization.
pub fn organization_audience(organization_id: &str) -> String {
    format!("urn:logto:organization:{organization_id}")
}
