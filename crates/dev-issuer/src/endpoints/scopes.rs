//! Which scopes a token gets.

use crate::model::{ORGANIZATIONS_RESOURCE, Principal, organization_grants};
use crate::server::Shared;
use crate::state::{AuthorizationRequest, Grant, OFFLINE_ACCESS};

pub(super) const OPENID: &str = "openid";
pub(super) const ORGANIZATIONS: &str = "urn:logto:scope:organizations";
pub(super) const ORGANIZATION_ROLES: &str = "urn:logto:scope:organization_roles";

/// The scopes about the user, as the discovery document announces them.
pub(super) const USER_SCOPES: [&str; 12] = [
    OPENID,
    OFFLINE_ACCESS,
    "profile",
    "email",
    "phone",
    "address",
    "custom_data",
    "identities",
    "roles",
    ORGANIZATIONS,
    ORGANIZATION_ROLES,
    "urn:logto:scope:sessions",
];

/// What a user grants with a request: the scopes about the user, and those of resources that the user has.
///
/// Unknown scopes are dropped without a word. So is `offline_access` when the request does not prompt for consent
/// (OpenID Connect Core §11), which is easy to miss.
pub(super) fn granted(
    shared: &Shared,
    request: &AuthorizationRequest,
    user: Principal<'_>,
) -> (Vec<String>, Vec<String>) {
    let mut about_the_user = Vec::new();
    let mut of_resources = Vec::new();
    for scope in &request.scopes {
        if USER_SCOPES.contains(&scope.as_str()) {
            if scope != OFFLINE_ACCESS || request.prompts.consent {
                about_the_user.push(scope.clone());
            }
        } else if request.resources.iter().any(|resource| may_have(shared, user, resource, scope)) {
            of_resources.push(scope.clone());
        }
    }
    (about_the_user, of_resources)
}

/// Whether the user has this scope of the resource, globally or in some organization.
fn may_have(shared: &Shared, user: Principal<'_>, resource: &str, scope: &str) -> bool {
    let directory = &shared.directory;
    if resource == ORGANIZATIONS_RESOURCE {
        return directory.some_organization_grants(user, None, scope);
    }
    directory.grants(user, resource, scope) || directory.some_organization_grants(user, Some(resource), scope)
}

/// What a token is for, and with it where its scopes come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    /// An API resource, or all organizations at once.
    Resource(&'a str),
    /// One organization.
    Organization(&'a str),
    /// An API resource inside one organization.
    ResourceInOrganization(&'a str, &'a str),
}

impl Target<'_> {
    pub(super) fn organization(&self) -> Option<&str> {
        match self {
            Self::Resource(_) => None,
            Self::Organization(organization) | Self::ResourceInOrganization(_, organization) => {
                Some(organization)
            }
        }
    }

    pub(super) fn audience(&self) -> String {
        match self {
            Self::Resource(resource) | Self::ResourceInOrganization(resource, _) => (*resource).to_owned(),
            Self::Organization(organization) => format!("urn:logto:organization:{organization}"),
        }
    }

    pub(super) fn lifetime_seconds(&self, shared: &Shared) -> i64 {
        let resource = match self {
            Self::Resource(resource) | Self::ResourceInOrganization(resource, _) => {
                shared.directory.resource(resource)
            }
            Self::Organization(_) => None,
        };
        resource.map_or(3600, crate::model::Resource::lifetime_seconds)
    }
}

/// Those of the wanted scopes that this user or machine has for the target, in the order of the request.
pub(super) fn allowed(
    shared: &Shared,
    principal: Principal<'_>,
    target: Target<'_>,
    wanted: &[String],
) -> Vec<String> {
    let directory = &shared.directory;
    let roles = target.organization().and_then(|id| directory.organization_roles(principal, id));
    let in_organization = |resource, scope: &str| {
        roles.as_ref().is_some_and(|roles| organization_grants(roles, resource, scope))
    };
    let has = |scope: &str| match target {
        Target::Resource(ORGANIZATIONS_RESOURCE) => {
            directory.some_organization_grants(principal, None, scope)
        }
        Target::Resource(resource) => directory.grants(principal, resource, scope),
        Target::Organization(_) => in_organization(None, scope),
        // A user's own roles count inside an organization too; a machine's do not.
        Target::ResourceInOrganization(resource, _) => {
            in_organization(Some(resource), scope)
                || matches!(principal, Principal::User(_)) && directory.grants(principal, resource, scope)
        }
    };
    wanted.iter().filter(|scope| has(scope)).cloned().collect()
}

/// The scopes a refresh may ask for: all that were granted.
pub(super) fn all_of(grant: &Grant) -> impl Iterator<Item = &String> {
    grant.scopes.iter().chain(&grant.resource_scopes)
}
