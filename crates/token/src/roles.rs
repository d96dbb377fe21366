use crate::claims::strings_of_claim;
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
            Some(keys) => self.missing_from_claims_of(claims.json(), keys),
        }
    }

    /// The same, for a payload that is kept as JSON text: one that was verified before. Not for the payload of a token that
    /// nobody has verified.
    pub fn missing_from_json(&self, payload: &str) -> Vec<String> {
        match &self.claim_keys {
            None => self.missing_from_claims_of(payload, &["roles", "role"]),
            Some(keys) => self.missing_from_claims_of(payload, keys),
        }
    }

    fn missing_from_claims_of(&self, payload: &str, keys: &[impl AsRef<str>]) -> Vec<String> {
        let held: Vec<String> = keys.iter().flat_map(|key| strings_of_claim(payload, key.as_ref())).collect();
        self.roles.missing(|role| held.iter().any(|held| held == role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_in_json_are_those_in_claims() {
        for (members, holds) in [
            (r#""roles":["admin"]"#, true),
            (r#""role":"admin""#, true),
            (r#""roles":["user"],"role":["admin"]"#, true),
            (r#""roles":"admin user""#, false),
            (r#""roles":["administrator"]"#, false),
            (r#""roles":{"admin":true}"#, false),
            (r#""x":"admin""#, false),
        ] {
            let payload = format!(r#"{{"iss":"i","sub":"s","aud":"a","exp":1,{members}}}"#);
            let claims = Claims::parse(payload.as_bytes()).unwrap();
            let admins = RoleRequirement::all(["admin"]).unwrap();
            assert_eq!(admins.missing_from(&claims).is_empty(), holds, "{members}");
            assert_eq!(admins.missing_from_json(&payload).is_empty(), holds, "{members}");
            let named = RoleRequirement::all(["admin"]).unwrap().in_claims(["roles", "role"]).unwrap();
            assert_eq!(named.missing_from(&claims).is_empty(), holds, "{members}");
        }
    }
}
