//! Tokens for machines (RFC 6749 §4.4).

use serde_json::Value;

use super::Parameters;
use super::access_token::jwt;
use super::oauth_error::OAuthError;
use super::scopes::{Target, allowed};
use crate::model::{Application, ORGANIZATIONS_RESOURCE, Principal};
use crate::server::Shared;

/// Exchanges an application's own credentials for a token. There is no opaque one: without a resource and without
/// an organization the request fails.
pub(super) fn exchange(
    shared: &Shared,
    application: &Application,
    parameters: &Parameters,
) -> Result<Value, OAuthError> {
    let principal = Principal::Machine(application);
    let resources = parameters.all("resource");
    let organization = parameters.get("organization_id");
    let target = match (resources.as_slice(), organization) {
        ([], None) => {
            return Err(OAuthError::invalid_target("both `resource` and `organization_id` are not provided"));
        }
        ([_, _, ..], _) => {
            let description = "only a single resource indicator value is supported for this grant type";
            return Err(OAuthError::invalid_target(description));
        }
        ([resource], _) if !is_known(shared, resource) => return Err(OAuthError::unknown_target()),
        ([], Some(organization)) => Target::Organization(organization),
        ([resource], None) => Target::Resource(resource),
        ([resource], Some(organization)) if resource == ORGANIZATIONS_RESOURCE => {
            Target::Organization(organization)
        }
        ([resource], Some(organization)) => Target::ResourceInOrganization(resource, organization),
    };
    if organization.is_some_and(|id| shared.directory.organization_roles(principal, id).is_none()) {
        return Err(OAuthError::access_denied("app has not associated with the organization"));
    }
    let requested = parameters.words("scope").unwrap_or_default();
    let scope = allowed(shared, principal, target, &requested).join(" ");
    // A token for a plain resource says nothing when nothing is granted; one of an organization says "".
    let says_nothing = scope.is_empty() && target.organization().is_none();
    let scope = (!says_nothing).then_some(scope);
    Ok(jwt(shared, application.id(), application.id(), target, scope).to_json())
}

fn is_known(shared: &Shared, resource: &str) -> bool {
    resource == ORGANIZATIONS_RESOURCE || shared.directory.resource(resource).is_some()
}
