//! People who can sign in.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Redacted, texts};

/// A user with a password. `Debug` does not show the password.
///
/// In a configuration file: `username`, `password`, and where wanted `id`, `name`, `given_name`, `family_name`,
/// `picture`, `locale`, `email`, `phone`, `roles`, `custom_data`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub(super) id: Option<String>,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) name: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) family_name: Option<String>,
    pub(super) picture: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    pub(super) custom_data: Map<String, Value>,
}

impl User {
    /// A user with nothing but a name to sign in with and a password. The id, which becomes `sub`, is the username
    /// unless [`with_id`](Self::with_id) sets it.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            id: None,
            username: username.into(),
            password: password.into(),
            name: None,
            given_name: None,
            family_name: None,
            picture: None,
            locale: None,
            email: None,
            phone: None,
            roles: Vec::new(),
            custom_data: Map::new(),
        }
    }

    /// Sets the id, the `sub` of every token.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the full name, claim `name` of the scope `profile`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets `given_name` and `family_name` of the scope `profile`.
    #[must_use]
    pub fn full_name(mut self, given: impl Into<String>, family: impl Into<String>) -> Self {
        self.given_name = Some(given.into());
        self.family_name = Some(family.into());
        self
    }

    /// Sets the address of a picture, which is `null` otherwise.
    #[must_use]
    pub fn picture(mut self, url: impl Into<String>) -> Self {
        self.picture = Some(url.into());
        self
    }

    /// Sets the language, such as `en-GB`.
    #[must_use]
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Sets the e-mail address, which counts as verified.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Sets the phone number, which counts as verified.
    #[must_use]
    pub fn phone(mut self, phone: impl Into<String>) -> Self {
        self.phone = Some(phone.into());
        self
    }

    /// Gives the user roles by name.
    #[must_use]
    pub fn roles<T: Into<String>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.roles.extend(texts(roles));
        self
    }

    /// Sets one member of the custom data that userinfo returns for the scope `custom_data`.
    #[must_use]
    pub fn custom_data(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom_data.insert(name.into(), value.into());
        self
    }

    pub(crate) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.username)
    }

    pub(crate) fn role_names(&self) -> &[String] {
        &self.roles
    }

    pub(crate) fn email_address(&self) -> Option<&str> {
        self.email.as_deref()
    }

    pub(crate) fn phone_number(&self) -> Option<&str> {
        self.phone.as_deref()
    }

    pub(crate) fn custom_data_object(&self) -> Value {
        Value::Object(self.custom_data.clone())
    }

    pub(crate) fn password_is(&self, given: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.password.as_bytes(), given.as_bytes()).is_ok()
    }

    /// The members of the scope `profile` but the two times, in a real server's order. What can be empty at all is
    /// `null` rather than absent.
    pub(crate) fn profile(&self) -> Vec<(&'static str, Value)> {
        let mut members = vec![("name", Value::from(self.name.clone()))];
        let optional = [
            ("family_name", &self.family_name),
            ("given_name", &self.given_name),
            ("preferred_username", &Some(self.username.clone())),
        ];
        members.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?.into()))));
        members.push(("picture", Value::from(self.picture.clone())));
        members.extend(self.locale.clone().map(|locale| ("locale", Value::from(locale))));
        members.push(("username", Value::from(self.username.as_str())));
        members
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id())
            .field("username", &self.username)
            .field("password", &Redacted)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}
