use std::sync::Arc;

/// The protection space that a challenge names (RFC 9110 §11.5), where the application gives one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Realm(Arc<str>);

/// What stands in a challenge unless the application names its realm.
pub(crate) const DEFAULT_REALM: &str = "api";

impl Realm {
    /// The realm of that name; none for the default one.
    pub(crate) fn other_than_default(name: Box<str>) -> Option<Self> {
        (*name != *DEFAULT_REALM).then(|| Realm(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
