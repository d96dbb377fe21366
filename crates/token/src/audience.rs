use std::fmt;

use crate::ConfigError;

/// An API resource indicator (RFC 8707): the `aud` that a token must carry. Compared byte for byte, trailing slash included.
///
/// ```
/// use logto_authkit_token::Audience;
///
/// let audience = Audience::parse("https://api.example.com")?;
/// assert_eq!(audience.as_str(), "https://api.example.com");
/// assert!(Audience::parse("").is_err());
/// # Ok::<(), logto_authkit_token::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience(Box<str>);

impl Audience {
    /// An audience from its text.
    ///
    /// # Errors
    /// Empty text, white space or control characters, and organization audiences, which have a policy of their own.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, ConfigError> {
        let text = text.as_ref();
        if text.is_empty() {
            return Err(ConfigError::new(
                "audience",
                "it is empty",
                "write the identifier of the API resource as it stands in Logto, for example https://api.example.com",
            ));
        }
        if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(ConfigError::new(
                "audience",
                "it contains white space",
                "write one resource identifier per entry",
            ));
        }
        if text.starts_with(crate::organization::AUDIENCE_PREFIX) {
            return Err(ConfigError::new(
                "audience",
                "it is an organization, not an API resource",
                "leave the audience out and give the organization instead",
            ));
        }
        Ok(Audience(text.into()))
    }

    /// The text, as it stands in `aud`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
