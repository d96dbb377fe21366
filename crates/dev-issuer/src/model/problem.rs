//! What can be wrong with a configuration.

use thiserror::Error;

/// An entry that the issuer cannot start with. The text names the entry and says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{entry}: {problem}")]
pub struct ConfigError {
    entry: String,
    problem: String,
}

impl ConfigError {
    pub(crate) fn new(entry: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { entry: entry.into(), problem: problem.into() }
    }

    /// The entry, such as ``user `alice` ``.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// What is wrong with it, and what to write.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}
