use std::time::Duration;

use logto_authkit_token::{
    Algorithm, ConfigError, LogtoUrl, OrganizationRule, Policy, RoleRequirement, ScopeRequirement,
};

use crate::token_cache::TokenCache;
use crate::verifier::Inner;
use crate::{KeySources, KeyTimes, Verifier};

/// Puts a [`Verifier`] together. Mistakes are told by [`build`](VerifierBuilder::build), all options named.
///
/// ```
/// use logto_authkit_verifier::Verifier;
/// use std::time::Duration;
///
/// let verifier = Verifier::builder("https://tenant.logto.app")
///     .audience("https://api.example.com")
///     .leeway(Duration::from_secs(5))
///     .build()?;
/// # Ok::<(), logto_authkit_verifier::ConfigError>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct VerifierBuilder {
    issuer: Result<LogtoUrl, ConfigError>,
    audiences: Vec<String>,
    policy: Option<Policy>,
    organization: Option<OrganizationRule>,
    scopes: Option<ScopeRequirement>,
    roles: Option<RoleRequirement>,
    algorithms: Option<Vec<Algorithm>>,
    leeway: Duration,
    times: KeyTimes,
    token_cache_size: usize,
    key_sources: KeySources,
}

/// Unless told otherwise, this many tokens are remembered.
const DEFAULT_TOKEN_CACHE_SIZE: usize = 10_000;
/// A cache larger than this is a mistake in the unit.
const MAX_TOKEN_CACHE_SIZE: usize = 10_000_000;

impl VerifierBuilder {
    pub(crate) fn new(issuer: Result<LogtoUrl, ConfigError>) -> Self {
        VerifierBuilder {
            issuer,
            audiences: Vec::new(),
            policy: None,
            organization: None,
            scopes: None,
            roles: None,
            algorithms: None,
            leeway: Duration::ZERO,
            times: KeyTimes::default(),
            token_cache_size: DEFAULT_TOKEN_CACHE_SIZE,
            key_sources: KeySources::global().clone(),
        }
    }

    /// The API resource that tokens must be for. Called again, it adds another that is accepted as well.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Several API resources, each of which is accepted.
    pub fn audiences(mut self, audiences: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.audiences.extend(audiences.into_iter().map(Into::into));
        self
    }

    /// The organization that tokens must belong to. Default: tokens issued inside an organization are refused.
    pub fn organization(mut self, rule: OrganizationRule) -> Self {
        self.organization = Some(rule);
        self
    }

    /// Scopes that every token must carry. Default: none; routes ask for theirs.
    pub fn required_scopes(mut self, requirement: ScopeRequirement) -> Self {
        self.scopes = Some(requirement);
        self
    }

    /// Roles that every token's holder must have. Default: none.
    pub fn required_roles(mut self, requirement: RoleRequirement) -> Self {
        self.roles = Some(requirement);
        self
    }

    /// Only these algorithms. Default: every asymmetric one.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// How far the issuer's clock may differ, for `exp` and `nbf`. Default 0 s, at most 300 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// A whole policy instead of the options above, which must then be left out.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// How long fetched keys are fresh. Default 300 s, from 0 (fetch before every answer) to 24 h. They are refreshed in the
    /// background once 80 to 100 % of it has passed and a token is verified.
    pub fn keys_fresh_for(mut self, span: Duration) -> Self {
        self.times.fresh_for = span;
        self
    }

    /// How long keys that are no longer fresh are used while the issuer cannot be reached. Default 24 h, from 0 to 7 d.
    pub fn keys_stale_for(mut self, span: Duration) -> Self {
        self.times.stale_for = span;
        self
    }

    /// How often a token with an unknown key may lead to a request to the issuer. Default once in 30 s, from 1 s to 1 h. Verifiers of one
    /// issuer each keep their own, counted from the last such request of any of them.
    pub fn unknown_key_cooldown(mut self, span: Duration) -> Self {
        self.times.unknown_key_cooldown = span;
        self
    }

    /// How many verified tokens are remembered. Default 10 000; 0 remembers none, 10 000 000 at most.
    pub fn token_cache_size(mut self, tokens: usize) -> Self {
        self.token_cache_size = tokens;
        self
    }

    /// Where keys come from. Default: [`KeySources::global`].
    pub fn key_sources(mut self, sources: &KeySources) -> Self {
        self.key_sources = sources.clone();
        self
    }

    /// Checks the options and gives the verifier. Does no IO.
    ///
    /// # Errors
    /// The first option that is wrong, missing or in contradiction to another.
    pub fn build(self) -> Result<Verifier, ConfigError> {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        within("keys_fresh_for", self.times.fresh_for, Duration::ZERO, hours(24), "0 s to 24 h")?;
        within("keys_stale_for", self.times.stale_for, Duration::ZERO, hours(7 * 24), "0 s to 7 d")?;
        within(
            "unknown_key_cooldown",
            self.times.unknown_key_cooldown,
            Duration::from_secs(1),
            hours(1),
            "1 s to 1 h",
        )?;
        if self.token_cache_size > MAX_TOKEN_CACHE_SIZE {
            return Err(ConfigError::new(
                "token_cache_size",
                "it is larger than 10 000 000",
                "write a number of tokens; each takes about 1 KB",
            ));
        }
        let issuer = self.issuer.clone()?;
        let (times, token_cache_size) = (self.times, self.token_cache_size);
        let keys = self.key_sources.source(&issuer);
        let policy = self.into_policy()?;
        Ok(Verifier::new(Inner { policy, keys, times, cache: TokenCache::new(token_cache_size) }))
    }

    fn into_policy(self) -> Result<Policy, ConfigError> {
        if let Some(policy) = self.policy {
            let extra = [
                (!self.audiences.is_empty(), "audience"),
                (self.organization.is_some(), "organization"),
                (self.scopes.is_some(), "required_scopes"),
                (self.roles.is_some(), "required_roles"),
                (self.algorithms.is_some(), "algorithms"),
                (!self.leeway.is_zero(), "leeway"),
            ];
            return match extra.into_iter().find(|(given, _)| *given) {
                None => Ok(policy),
                Some((_, option)) => Err(ConfigError::new(
                    option,
                    "it is given beside a whole policy",
                    "make it part of the policy",
                )),
            };
        }
        let mut policy = match (self.audiences.is_empty(), self.organization) {
            (false, None) => Policy::for_resources(self.audiences)?,
            (false, Some(rule)) => Policy::for_resources(self.audiences)?.with_organization(rule),
            (true, Some(OrganizationRule::Require(id))) => Policy::for_organization(id),
            (true, Some(OrganizationRule::Any)) => Policy::for_any_organization(),
            (true, _) => {
                return Err(ConfigError::new(
                    "audience",
                    "it is missing",
                    "name the API resource that tokens must be for; without one any application's token would do",
                ));
            }
        };
        if let Some(requirement) = self.scopes {
            policy = policy.with_scopes(requirement);
        }
        if let Some(requirement) = self.roles {
            policy = policy.with_roles(requirement);
        }
        if let Some(algorithms) = self.algorithms {
            policy = policy.with_algorithms(algorithms)?;
        }
        policy.with_leeway(self.leeway)
    }
}

fn within(
    option: &'static str,
    value: Duration,
    least: Duration,
    most: Duration,
    bounds: &str,
) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(option, format!("{value:?} is outside its bounds"), format!("write {bounds}")))
}
