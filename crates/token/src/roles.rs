use crate::{Claims, ConfigError, Requirement};

/// The roles that a policy or a route asks for.
///
/// They are looked for in the claim `roles`, then in `role`, or in the claims given with
/// [`in_claims`](RoleRequirement::in_claims). Elements of an array and a claim that is a string are compared whole and never split.
///
/// A Logto server puts no roles into access tokens by itself; a custom JWT claim does.
///
/// ```
/// use logto_authkit_token::RoleRequirement;
///
/// let admins = RoleRequirement::any(["admin", "owner"])?.in_claims(["https://example.com/roles"])?;
/// assert_eq!(admins.roles(), ["admin", "owner"]);
/// # Ok::<(), logto_authkit_token::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRequirement {
    roles: Requirement,
    claim_keys: Option<Vec<String>>,
}

impl RoleRequirement {
    /// Every one of `roles`.
    ///
    /// # Errors
    /// An empty list or an empty role.
    pub fn all(roles: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, ConfigError> {
        let roles = Requirement::all("required_roles", roles, |_| None)?;
        Ok(RoleRequirement { roles, claim_keys: None })
    }

    /// At least one of `roles`.
    ///
    /// # Errors
    /// As [`all`](RoleRequirement::all).
    pub fn any(roles: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, ConfigError> {
        let roles = Requirement::any("required_roles", roles, |_| None)?;
        Ok(RoleRequirement { roles, claim_keys: None })
    }

    /// Looks for roles in these claims instead of `roles` and `role`.
    ///
    /// # Errors
    /// An empty list or an empty claim name.
    pub fn in_claims(
        mut self,
        claim_keys: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, ConfigError> {
        let keys = Requirement::all("role_claim_keys", claim_keys, |_| None)?;
        self.claim_keys = Some(keys.names().to_vec());
        Ok(self)
    }

    /// The roles that are asked for.
    pub fn roles(&self) -> &[String] {
        self.roles.names()
    }

    /// Whether the holder of `claims` meets it.
    pub fn is_met_by(&self, claims: &Claims) -> bool {
        self.missing_from(claims).is_empty()
    }

    /// The roles that are lacking: empty when the requirement is met.
    pub fn missing_from(&self, claims: &Claims) -> Vec<String> {
        match &self.claim_keys {
            None => self.roles.missing(|role| claims.roles().any(|held| held == role)),
            Some(keys) => {
                let held: Vec<String> = keys.iter().flat_map(|key| claims.strings(key)).collect();
                self.roles.missing(|role| held.iter().any(|held| held == role))
            }
        }
    }
}
