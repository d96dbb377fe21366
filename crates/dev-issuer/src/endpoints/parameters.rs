//! The parameters of a query or a form.

use axum::http::{HeaderMap, header};
use url::form_urlencoded;

use super::oauth_error::OAuthError;

/// Names and values as they came. An empty value counts as absent (RFC 6749 §3.1).
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query string or the body of a form.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text).into_owned();
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Reads the body of a request, which has to be a form without a parameter in it twice.
    pub(super) fn from_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, OAuthError> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
        if !media_type.is_some_and(|value| value.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            let description =
                "only application/x-www-form-urlencoded content-type bodies are supported on this endpoint";
            return Err(OAuthError::invalid_request(description));
        }
        let parameters = Self::parse(body);
        match parameters.repeated() {
            Some(name) => {
                Err(OAuthError::invalid_request(format!("'{name}' parameter must not be provided twice")))
            }
            None => Ok(parameters),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The value of a parameter that the endpoint cannot do without.
    pub(super) fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::invalid_request(format!("missing required parameter(s): {name}")))
    }

    /// Every value of a parameter that may be repeated.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// The words of a parameter that holds several, each once.
    pub(super) fn words(&self, name: &str) -> Option<Vec<String>> {
        let mut words: Vec<String> = Vec::new();
        for word in self.get(name)?.split_ascii_whitespace() {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        Some(words)
    }

    /// RFC 6749 §3.1: no parameter more than once, but for `resource` (RFC 8707 §2).
    pub(super) fn repeated(&self) -> Option<&str> {
        let names = self.0.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "resource");
        let mut seen = std::collections::HashSet::new();
        names.into_iter().find(|name| !seen.insert(*name))
    }
}
