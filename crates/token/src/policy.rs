use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::algorithm::AlgorithmSet;
use crate::organization::AUDIENCE_PREFIX;
use crate::{
    Algorithm, Audience, Claims, ConfigError, LogtoUrl, OrganizationId, OrganizationMismatch,
    OrganizationRule, RoleRequirement, ScopeRequirement, SignedClaims, Timestamp, TokenType, VerifyError,
};

/// What a token must satisfy: type, audience, time, organization, scopes, roles, custom claims. One for every framework.
///
/// The issuer is not part of it: it belongs to the key source, so that a policy can never be paired with another issuer's keys.
///
/// A policy is immutable and cheap to clone; `with_*` methods give a changed copy.
///
/// ```
/// use logto_authkit_token::{Policy, ScopeRequirement};
///
/// let policy = Policy::for_resource("https://api.example.com")?
///     .with_scopes(ScopeRequirement::all(["read:products"])?);
/// # Ok::<(), logto_authkit_token::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    rules: Arc<Rules>,
    organization: OrganizationRule,
}

#[derive(Clone, Debug)]
struct Rules {
    target: Target,
    token_type: TokenTypeRule,
    algorithms: AlgorithmSet,
    leeway: Duration,
    scopes: Option<ScopeRequirement>,
    roles: Option<RoleRequirement>,
    claims: Vec<ClaimRule>,
}

/// What `aud` must name.
#[derive(Clone, Debug)]
enum Target {
    /// One of these API resources.
    Resources(Vec<Audience>),
    /// The organization of the rule.
    Organization,
    /// Anything: see [`danger`](crate::danger).
    Anything,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenTypeRule {
    AccessToken,
    Anything,
}

#[derive(Clone)]
struct ClaimRule {
    name: Box<str>,
    accepts: Arc<dyn Fn(&Claims) -> bool + Send + Sync>,
}

impl fmt::Debug for ClaimRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// The largest clock difference that a policy forgives.
const MAX_LEEWAY: Duration = Duration::from_secs(300);

impl Policy {
    /// Tokens for one API resource, issued outside any organization.
    ///
    /// # Errors
    /// As [`Audience::parse`].
    pub fn for_resource(audience: impl AsRef<str>) -> Result<Self, ConfigError> {
        Policy::for_resources([audience])
    }

    /// Tokens for any of several API resources.
    ///
    /// # Errors
    /// An empty list, and as [`Audience::parse`].
    pub fn for_resources(audiences: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, ConfigError> {
        let audiences = audiences.into_iter().map(Audience::parse).collect::<Result<Vec<_>, _>>()?;
        if audiences.is_empty() {
            return Err(ConfigError::new(
                "audience",
                "the list is empty",
                "name the API resource that tokens must be for; without one any application's token would do",
            ));
        }
        Ok(Policy::of(Target::Resources(audiences), OrganizationRule::Refuse))
    }

    /// Tokens for one organization itself: `aud` is `urn:logto:organization:<id>` and the scopes are organization permissions.
    pub fn for_organization(organization: OrganizationId) -> Self {
        Policy::of(Target::Organization, OrganizationRule::Require(organization))
    }

    /// Tokens for any organization itself; the application reads [`Claims::organization_id`] and decides.
    pub fn for_any_organization() -> Self {
        Policy::of(Target::Organization, OrganizationRule::Any)
    }

    pub(crate) fn for_any_audience() -> Self {
        Policy::of(Target::Anything, OrganizationRule::Refuse)
    }

    fn of(target: Target, organization: OrganizationRule) -> Self {
        let rules = Rules {
            target,
            token_type: TokenTypeRule::AccessToken,
            algorithms: AlgorithmSet::ALL,
            leeway: Duration::ZERO,
            scopes: None,
            roles: None,
            claims: Vec::new(),
        };
        Policy { rules: Arc::new(rules), organization }
    }

    /// Which organization tokens must belong to. A resource policy refuses organization tokens unless told otherwise; a policy
    /// for an organization itself keeps refusing everything if it is told [`OrganizationRule::Refuse`].
    #[must_use]
    pub fn with_organization(mut self, rule: OrganizationRule) -> Self {
        self.organization = rule;
        self
    }

    /// Scopes that every token must carry. Replaces an earlier requirement.
    #[must_use]
    pub fn with_scopes(mut self, requirement: ScopeRequirement) -> Self {
        self.rules_mut().scopes = Some(requirement);
        self
    }

    /// Roles that every token's holder must have. Replaces an earlier requirement.
    #[must_use]
    pub fn with_roles(mut self, requirement: RoleRequirement) -> Self {
        self.rules_mut().roles = Some(requirement);
        self
    }

    /// Only these algorithms instead of all asymmetric ones.
    ///
    /// # Errors
    /// An empty list.
    pub fn with_algorithms(
        mut self,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Result<Self, ConfigError> {
        let algorithms = AlgorithmSet::of(algorithms);
        if algorithms.is_empty() {
            return Err(ConfigError::new(
                "algorithms",
                "the list is empty",
                "name at least one, for example ES384",
            ));
        }
        self.rules_mut().algorithms = algorithms;
        Ok(self)
    }

    /// How far the issuer's clock may differ: on `exp` and `nbf`. Default 0 s, at most 300 s.
    ///
    /// # Errors
    /// More than 300 s.
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, ConfigError> {
        if leeway > MAX_LEEWAY {
            return Err(ConfigError::new(
                "leeway",
                "it is longer than 300 s",
                "write at most 300 s and set the clocks right",
            ));
        }
        self.rules_mut().leeway = leeway;
        Ok(self)
    }

    /// The claim `name` must be there and equal `value`, as JSON.
    ///
    /// # Errors
    /// `value` cannot be written as JSON, or `name` is empty.
    pub fn require_claim(self, name: impl Into<String>, value: impl Serialize) -> Result<Self, ConfigError> {
        let name = name.into();
        if name.is_empty() {
            return Err(ConfigError::new(
                "require_claim",
                "the claim's name is empty",
                "write the claim's name",
            ));
        }
        let value = serde_json::to_value(value).map_err(|_| {
            ConfigError::new("require_claim", "the value is no JSON", "write a value that JSON can express")
        })?;
        let claim = name.clone();
        Ok(self.with_check(name, move |claims| {
            claims.get::<serde_json::Value>(&claim).is_ok_and(|found| found.as_ref() == Some(&value))
        }))
    }

    /// A check of the application's own. `name` appears in the refusal; `false` refuses with `claim_rejected`.
    #[must_use]
    pub fn with_check(
        mut self,
        name: impl Into<String>,
        accepts: impl Fn(&Claims) -> bool + Send + Sync + 'static,
    ) -> Self {
        let rule = ClaimRule { name: name.into().into(), accepts: Arc::new(accepts) };
        self.rules_mut().claims.push(rule);
        self
    }

    #[must_use]
    pub(crate) fn with_token_type(mut self, rule: TokenTypeRule) -> Self {
        self.rules_mut().token_type = rule;
        self
    }

    fn rules_mut(&mut self) -> &mut Rules {
        Arc::make_mut(&mut self.rules)
    }

    /// The organization rule in force.
    pub fn organization(&self) -> &OrganizationRule {
        &self.organization
    }

    /// The scopes that every token must carry.
    pub fn scopes(&self) -> Option<&ScopeRequirement> {
        self.rules.scopes.as_ref()
    }
}

/// The single checks, in the order in which a verification makes them. A tool that explains a refusal calls them one by one.
impl Policy {
    /// The header's algorithm is on the allow-list.
    ///
    /// # Errors
    /// [`VerifyError::AlgorithmNotAllowed`].
    pub fn check_algorithm(&self, algorithm: Algorithm) -> Result<(), VerifyError> {
        ensure(self.rules.algorithms.contains(algorithm), || VerifyError::AlgorithmNotAllowed)
    }

    /// The token says that it is an access token (RFC 9068 §2.1).
    ///
    /// # Errors
    /// [`VerifyError::WrongTokenType`].
    pub fn check_type(&self, token_type: TokenType) -> Result<(), VerifyError> {
        let fits = match self.rules.token_type {
            TokenTypeRule::AccessToken => token_type == TokenType::AccessToken,
            TokenTypeRule::Anything => true,
        };
        ensure(fits, || VerifyError::WrongTokenType)
    }

    /// `iss` is the issuer, byte for byte (RFC 9068 §4).
    ///
    /// # Errors
    /// [`VerifyError::InvalidIssuer`].
    pub fn check_issuer(&self, issuer: &LogtoUrl, claims: &Claims) -> Result<(), VerifyError> {
        ensure(claims.issuer() == issuer.issuer(), || VerifyError::InvalidIssuer)
    }

    /// `aud` names one of the policy's resources, or an organization where the policy is about organizations themselves.
    ///
    /// # Errors
    /// [`VerifyError::InvalidAudience`].
    pub fn check_audience(&self, claims: &Claims) -> Result<(), VerifyError> {
        let fits = match &self.rules.target {
            Target::Resources(audiences) => {
                claims.audience().any(|entry| audiences.iter().any(|audience| audience.as_str() == entry))
            }
            // Which organization it is decides `check_organization`, behind the signature.
            Target::Organization => claims.audience().any(|entry| entry.starts_with(AUDIENCE_PREFIX)),
            Target::Anything => true,
        };
        ensure(fits, || VerifyError::InvalidAudience)
    }

    /// The token is valid at `now` (RFC 7519 §4.1.4 and §4.1.5).
    ///
    /// # Errors
    /// [`VerifyError::Expired`], [`VerifyError::NotYetValid`].
    pub fn check_time(&self, claims: &Claims, now: Timestamp) -> Result<(), VerifyError> {
        ensure(claims.expires_at() + self.rules.leeway > now, || VerifyError::Expired)?;
        let begun = claims.not_before().is_none_or(|start| start <= now + self.rules.leeway);
        ensure(begun, || VerifyError::NotYetValid)
    }

    /// The token belongs to the organization that the rule asks for. Only for tokens whose signature is known to be valid.
    ///
    /// # Errors
    /// [`VerifyError::WrongOrganization`].
    pub fn check_organization(&self, claims: &Claims) -> Result<(), VerifyError> {
        use OrganizationMismatch::{Missing, NotAllowed, Other};
        let named = claims.organization_claim();
        let mismatch = match (&self.rules.target, &self.organization) {
            (Target::Organization, OrganizationRule::Refuse) => Some(NotAllowed),
            // The audience names an organization. More than one, or a claim that names another, would leave open which is meant.
            (Target::Organization, rule) => {
                let mut organizations =
                    claims.audience().filter_map(|entry| entry.strip_prefix(AUDIENCE_PREFIX));
                let only = match (organizations.next(), organizations.next()) {
                    (Some(only), None) if named.is_none_or(|named| named == only) => Some(only),
                    _ => None,
                };
                let fits = match rule {
                    OrganizationRule::Require(wanted) => only == Some(wanted.as_str()),
                    _ => only.is_some(),
                };
                (!fits).then_some(Other)
            }
            // A token that names an organization anywhere was issued inside one.
            (_, OrganizationRule::Refuse) => claims.organization_id().is_some().then_some(NotAllowed),
            (_, OrganizationRule::Any) => named.is_none().then_some(Missing),
            (_, OrganizationRule::Require(wanted)) => match named {
                None => Some(Missing),
                Some(found) => (found != wanted.as_str()).then_some(Other),
            },
        };
        mismatch.map_or(Ok(()), |mismatch| Err(VerifyError::WrongOrganization(mismatch)))
    }

    /// The token carries the scopes. Only for tokens whose signature is known to be valid.
    ///
    /// # Errors
    /// [`VerifyError::MissingScope`].
    pub fn check_scopes(&self, claims: &Claims) -> Result<(), VerifyError> {
        self.rules.scopes.as_ref().map_or(Ok(()), |requirement| requirement.check(claims))
    }

    /// The token's holder has the roles. Only for tokens whose signature is known to be valid.
    ///
    /// # Errors
    /// [`VerifyError::MissingRole`].
    pub fn check_roles(&self, claims: &Claims) -> Result<(), VerifyError> {
        self.rules.roles.as_ref().map_or(Ok(()), |requirement| requirement.check(claims))
    }

    /// The custom claim checks pass. Only for tokens whose signature is known to be valid.
    ///
    /// # Errors
    /// [`VerifyError::ClaimRejected`].
    pub fn check_claims(&self, claims: &Claims) -> Result<(), VerifyError> {
        match self.rules.claims.iter().find(|rule| !(rule.accepts)(claims)) {
            None => Ok(()),
            Some(rule) => Err(VerifyError::ClaimRejected { claim: rule.name.to_string() }),
        }
    }

    /// Organization, scopes, roles and custom claims together: the answers that may be 403, behind a valid signature.
    ///
    /// # Errors
    /// The first of them that fails.
    pub fn authorize(&self, claims: &Claims) -> Result<(), VerifyError> {
        self.check_organization(claims)?;
        self.check_scopes(claims)?;
        self.check_roles(claims)?;
        self.check_claims(claims)
    }

    /// The whole policy, on a token whose signature is known to be valid: for one that was verified before, perhaps under
    /// another policy and at another time.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn accept(
        &self,
        issuer: &LogtoUrl,
        signed: &SignedClaims,
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        self.check_algorithm(signed.algorithm())?;
        self.check_type(signed.token_type())?;
        self.check_issuer(issuer, signed.claims())?;
        self.check_audience(signed.claims())?;
        self.check_time(signed.claims(), now)?;
        self.authorize(signed.claims())
    }
}

impl ScopeRequirement {
    /// Refuses claims that do not carry the scopes.
    ///
    /// # Errors
    /// [`VerifyError::MissingScope`], which names what is asked for and what is lacking.
    pub fn check(&self, claims: &Claims) -> Result<(), VerifyError> {
        let missing = self.missing_from(claims.scopes());
        ensure(missing.is_empty(), || VerifyError::MissingScope { required: self.scopes().to_vec(), missing })
    }
}

impl RoleRequirement {
    /// Refuses claims whose holder lacks the roles.
    ///
    /// # Errors
    /// [`VerifyError::MissingRole`], which names what is lacking.
    pub fn check(&self, claims: &Claims) -> Result<(), VerifyError> {
        let missing = self.missing_from(claims);
        ensure(missing.is_empty(), || VerifyError::MissingRole { missing })
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> VerifyError) -> Result<(), VerifyError> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization_check(policy: &Policy, claims: &str) -> Result<(), VerifyError> {
        let payload = format!(r#"{{"iss":"i","sub":"s","exp":1,{claims}}}"#);
        policy.check_organization(&Claims::parse(payload.as_bytes()).unwrap())
    }

    #[test]
    fn a_token_that_names_organizations_in_two_ways_must_mean_one() {
        let o1 = OrganizationId::parse("o1").unwrap();
        let plain = Policy::for_resource("https://api.example.com").unwrap();
        let (itself, any) = (Policy::for_organization(o1), Policy::for_any_organization());
        for (claims, plain_accepts, itself_accepts, any_accepts) in [
            (r#""aud":"https://api.example.com""#, true, false, false),
            (r#""aud":"urn:logto:organization:o1""#, false, true, true),
            (r#""aud":"urn:logto:organization:o1","organization_id":"o1""#, false, true, true),
            (r#""aud":"urn:logto:organization:o1","organization_id":"o2""#, false, false, false),
            (r#""aud":["urn:logto:organization:o1","urn:logto:organization:o2"]"#, false, false, false),
            (r#""aud":["https://api.example.com","urn:logto:organization:o1"]"#, false, true, true),
        ] {
            assert_eq!(organization_check(&plain, claims).is_ok(), plain_accepts, "plain: {claims}");
            assert_eq!(organization_check(&itself, claims).is_ok(), itself_accepts, "itself: {claims}");
            assert_eq!(organization_check(&any, claims).is_ok(), any_accepts, "any: {claims}");
        }
    }
}
