use std::fmt;

use crate::ConfigError;

/// What stands before an organization's id in the `aud` of its tokens.
pub(crate) const AUDIENCE_PREFIX: &str = "urn:logto:organization:";

/// The id of an organization in Logto.
///
/// ```
/// use logto_authkit_token::OrganizationId;
///
/// let id = OrganizationId::parse("5wqyxbtl4xi9")?;
/// assert_eq!(id.audience(), "urn:logto:organization:5wqyxbtl4xi9");
/// # Ok::<(), logto_authkit_token::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrganizationId(Box<str>);

impl OrganizationId {
    /// An id from its text.
    ///
    /// # Errors
    /// Empty, longer than 128 bytes, or with characters outside `A-Za-z0-9_-`.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, ConfigError> {
        let text = text.as_ref();
        if let Some(id) = text.strip_prefix(AUDIENCE_PREFIX) {
            return Err(ConfigError::new(
                "organization",
                "it is an audience",
                format!("write the id alone: {id}"),
            ));
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() || text.len() > 128 || !text.bytes().all(legal) {
            return Err(ConfigError::new(
                "organization",
                "it is no organization id",
                "write the id that Logto shows for the organization: letters, digits, - and _",
            ));
        }
        Ok(OrganizationId(text.into()))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `aud` of tokens for the organization itself.
    pub fn audience(&self) -> String {
        format!("{AUDIENCE_PREFIX}{}", self.0)
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Which organization a token must belong to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum OrganizationRule {
    /// None: a token that was issued inside an organization is refused, because its permissions say nothing about the whole
    /// application. The default.
    #[default]
    Refuse,
    /// Exactly this one.
    Require(OrganizationId),
    /// Any one. The application reads [`Claims::organization_id`](crate::Claims::organization_id) and decides.
    Any,
}
