//! API resources.

use std::time::Duration;

use serde::Deserialize;

use super::texts;

/// An API resource: the `aud` of its access tokens, and the scopes it knows.
///
/// In a configuration file: `indicator`, `scopes`, `access_token_seconds`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    pub(super) indicator: String,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default = "default_lifetime")]
    pub(super) access_token_seconds: u32,
}

impl Resource {
    /// A resource without scopes. The indicator is an absolute URI without a fragment (RFC 8707 §2), and every
    /// comparison is byte for byte: a slash at the end makes another resource.
    pub fn new(indicator: impl Into<String>) -> Self {
        Self { indicator: indicator.into(), scopes: Vec::new(), access_token_seconds: default_lifetime() }
    }

    /// Adds scopes (Logto calls them permissions) that roles can grant.
    #[must_use]
    pub fn scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.scopes.extend(texts(scopes));
        self
    }

    /// How long access tokens for this resource are valid, in whole seconds. The default is one hour, the bounds
    /// are one second and [`u32::MAX`] seconds; what is outside becomes the nearest of them.
    #[must_use]
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.access_token_seconds = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX).max(1);
        self
    }

    pub(crate) fn indicator(&self) -> &str {
        &self.indicator
    }

    pub(crate) fn scope_names(&self) -> &[String] {
        &self.scopes
    }

    pub(crate) fn lifetime_seconds(&self) -> i64 {
        i64::from(self.access_token_seconds)
    }
}

fn default_lifetime() -> u32 {
    3600
}
