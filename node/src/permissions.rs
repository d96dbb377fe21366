use logto_authkit_token::{ErrorCode, RoleRequirement, ScopeRequirement, Scopes, VerifyError};
use logto_authkit_web::Denial;
use napi::Either;
use napi_derive::napi;

use crate::answer::{DenialAnswer, either};
use crate::problem::ConfigProblem;

/// What a requirement leads to: `null` when it is met.
#[napi]
pub type Outcome = Either<Option<DenialAnswer>, ConfigProblem>;

/// Asks the `scope` of a payload that was verified for scopes.
#[napi]
pub fn check_scopes(scope: String, required: Vec<String>, any: bool) -> Outcome {
    let requirement = if any { ScopeRequirement::any(required) } else { ScopeRequirement::all(required) };
    let denial = |requirement: ScopeRequirement| {
        let missing = requirement.missing_from(Scopes::from(&*scope));
        let required = requirement.scopes().to_vec();
        (!missing.is_empty()).then(|| denied(VerifyError::MissingScope { required, missing }))
    };
    either(requirement.map(denial).map_err(Into::into))
}

/// Asks a payload that was verified for roles: in the given claims, or in `roles` and `role`.
#[napi]
pub fn check_roles(payload: String, required: Vec<String>, claim_keys: Option<Vec<String>>) -> Outcome {
    let denial = |requirement: RoleRequirement| {
        let missing = requirement.missing_from_json(&payload);
        (!missing.is_empty()).then(|| denied(VerifyError::MissingRole { missing }))
    };
    either(role_requirement(required, claim_keys).map(denial))
}

/// The denial of a code, for a guest of whom a user was expected.
#[napi]
pub fn denial_of(code: String) -> DenialAnswer {
    let code = ErrorCode::ALL.into_iter().find(|known| known.as_str() == code);
    Denial::new(code.unwrap_or(ErrorCode::MissingToken)).into()
}

fn role_requirement(
    required: Vec<String>,
    claim_keys: Option<Vec<String>>,
) -> Result<RoleRequirement, ConfigProblem> {
    let requirement = RoleRequirement::all(required)?;
    Ok(match claim_keys {
        None => requirement,
        Some(keys) => requirement.in_claims(keys)?,
    })
}

fn denied(error: VerifyError) -> DenialAnswer {
    Denial::from(error).into()
}
