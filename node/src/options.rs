use std::time::Duration;

use logto_authkit_token::{Algorithm, OrganizationRule, RoleRequirement, ScopeRequirement};
use logto_authkit_verifier::Verifier;
use logto_authkit_web::Guard;

use crate::held_claims;
use crate::option_reader::OptionReader;
use crate::problem::ConfigProblem;

/// Options that were found to be right.
pub(crate) struct CompiledOptions {
    pub(crate) guard: Guard,
    /// Every request must say which organization it is about.
    pub(crate) organization_from_request: bool,
    /// Claims may be held for JavaScript. Not where fewer tokens are to be remembered than claims are held.
    pub(crate) holds_claims: bool,
}

/// Makes a guard of the options of `VerifyAuthOptions` that can be written as JSON. The functions among them stay in JavaScript;
/// `organizationFromRequest` says that there is one for the organization.
pub(crate) fn guard(json: &str) -> Result<CompiledOptions, ConfigProblem> {
    let mut options = OptionReader::new(json)?;
    let logto_url = options.text("logtoUrl")?.ok_or_else(|| {
        ConfigProblem::new(
            "logtoUrl",
            "it is missing",
            "write the address of the Logto server, for example https://tenant.logto.app",
        )
    })?;
    let audiences = options.texts("audience")?;
    let organization_from_request = options.flag("organizationFromRequest")?;
    let mut builder = Verifier::builder(logto_url);
    match options.text("organization")? {
        // Each request's own organization replaces the rule, and a request that names none is refused. Without an audience the
        // tokens are for the organization itself.
        None if organization_from_request && audiences.is_none() => {
            builder = builder.organization(OrganizationRule::Any);
        }
        None => {}
        Some(any) if any == "any" => builder = builder.organization(OrganizationRule::Any),
        Some(id) => {
            let id = logto_authkit_token::OrganizationId::parse(id)?;
            builder = builder.organization(OrganizationRule::Require(id));
        }
    }
    if let Some(audiences) = audiences {
        builder = builder.audiences(audiences);
    }
    if let Some(requirement) = scopes(&mut options)? {
        builder = builder.required_scopes(requirement);
    }
    let claim_keys = options.texts("roleClaimKeys")?;
    match (options.texts("requiredRoles")?, claim_keys) {
        (None, None) => {}
        (Some(roles), None) => builder = builder.required_roles(RoleRequirement::all(roles)?),
        (Some(roles), Some(keys)) => {
            builder = builder.required_roles(RoleRequirement::all(roles)?.in_claims(keys)?);
        }
        (None, Some(_)) => {
            return Err(ConfigProblem::new(
                "roleClaimKeys",
                "they are given without requiredRoles",
                "write the roles that are required, or leave roleClaimKeys out",
            ));
        }
    }
    if let Some(names) = options.texts("algorithms")? {
        builder =
            builder.algorithms(names.iter().map(|name| algorithm(name)).collect::<Result<Vec<_>, _>>()?);
    }
    if let Some(seconds) = options.number("clockTolerance")? {
        builder = builder.leeway(duration("clockTolerance", seconds)?);
    }
    if let Some(milliseconds) = options.number("jwksCacheTtlMs")? {
        builder = builder.keys_fresh_for(duration("jwksCacheTtlMs", milliseconds / 1000.0)?);
    }
    let token_cache_size = options.number("tokenCacheSize")?;
    if let Some(tokens) = token_cache_size {
        if tokens.fract() != 0.0 {
            return Err(ConfigProblem::new(
                "tokenCacheSize",
                "it is no whole number",
                "write a number of tokens",
            ));
        }
        // A number that is too large saturates and is refused by the builder.
        builder = builder.token_cache_size(tokens as usize);
    }
    let cookie_name = options.text("cookieName")?;
    let guest_cookie_name = options.text("guestCookieName")?;
    let allow_guest = options.flag("allowGuest")?;
    let skip_cache = options.flag("skipJwksCache")?;
    options.finish()?;

    let mut guard = Guard::new(builder.build()?).allow_guests(allow_guest).fetch_keys_for_each(skip_cache);
    if let Some(name) = cookie_name {
        guard = guard.with_cookie_name(name)?;
    }
    if let Some(name) = guest_cookie_name {
        guard = guard.with_guest_cookie_name(name)?;
    }
    let holds_claims = token_cache_size.is_none_or(|tokens| tokens >= held_claims::PLACES as f64);
    Ok(CompiledOptions { guard, organization_from_request, holds_claims })
}

/// `requiredScope` is one scope; `requiredScopes` are several, read with `scopeMode`. Given together, all of both are required,
/// which `any` would contradict.
fn scopes(options: &mut OptionReader) -> Result<Option<ScopeRequirement>, ConfigProblem> {
    let one = options.text("requiredScope")?;
    let several = options.texts("requiredScopes")?;
    let any = match options.text("scopeMode")?.as_deref() {
        None | Some("all") => false,
        Some("any") => true,
        Some(_) => {
            return Err(ConfigProblem::new("scopeMode", "it is neither all nor any", "write 'all' or 'any'"));
        }
    };
    let of_option = |option| {
        move |error: logto_authkit_token::ConfigError| {
            ConfigProblem::new(option, error.problem(), error.hint())
        }
    };
    match (one, several) {
        (None, None) => Ok(None),
        (Some(one), None) => ScopeRequirement::all([one]).map(Some).map_err(of_option("requiredScope")),
        (None, Some(several)) if any => {
            ScopeRequirement::any(several).map(Some).map_err(of_option("requiredScopes"))
        }
        (None, Some(several)) => {
            ScopeRequirement::all(several).map(Some).map_err(of_option("requiredScopes"))
        }
        (Some(_), Some(_)) if any => Err(ConfigProblem::new(
            "requiredScope",
            "it is given beside requiredScopes with the mode any",
            "write all scopes into requiredScopes",
        )),
        (Some(one), Some(several)) => ScopeRequirement::all(several.into_iter().chain([one]))
            .map(Some)
            .map_err(of_option("requiredScopes")),
    }
}

fn algorithm(name: &str) -> Result<Algorithm, ConfigProblem> {
    Algorithm::from_name(name).ok_or_else(|| {
        ConfigProblem::new(
            "algorithms",
            format!("{name:?} is none that is accepted"),
            "write some of ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512, EdDSA",
        )
    })
}

fn duration(option: &str, seconds: f64) -> Result<Duration, ConfigProblem> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| ConfigProblem::new(option, "it is too large", "write a smaller number"))
}
