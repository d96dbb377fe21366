/// A mistake in how the engine is set up, found when it is built and never per request.
///
/// It names the option and says what to write instead.
///
/// ```
/// use logto_authkit_token::LogtoUrl;
///
/// let error = LogtoUrl::parse("https://tenant.logto.app/oidc").unwrap_err();
/// assert_eq!(error.option(), "logto_url");
/// assert!(error.to_string().contains("write https://tenant.logto.app"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{option}: {problem}; {hint}")]
pub struct ConfigError {
    option: &'static str,
    problem: String,
    hint: String,
}

impl ConfigError {
    /// An error about `option`: what is wrong with it, and what to write instead.
    pub fn new(option: &'static str, problem: impl Into<String>, hint: impl Into<String>) -> Self {
        ConfigError { option, problem: problem.into(), hint: hint.into() }
    }

    /// The name of the option that is wrong, in `snake_case`.
    pub fn option(&self) -> &'static str {
        self.option
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to write instead.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}
