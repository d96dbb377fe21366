use std::sync::Arc;

use http::{Extensions, HeaderValue};
use logto_authkit_token::Claims;

use crate::AuthContext;
use crate::realm::Realm;

/// An admitted request: who makes it, and what to send back with the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Admission {
    pub(crate) context: AuthContext,
    pub(crate) set_cookie: Option<HeaderValue>,
    pub(crate) realm: Option<Realm>,
}

impl Admission {
    /// Who makes the request.
    pub fn context(&self) -> &AuthContext {
        &self.context
    }

    /// A `Set-Cookie` to append to the answer: a new guest's id.
    pub fn set_cookie(&self) -> Option<&HeaderValue> {
        self.set_cookie.as_ref()
    }

    /// The parts of the admission.
    pub fn into_parts(self) -> (AuthContext, Option<HeaderValue>) {
        (self.context, self.set_cookie)
    }

    /// Leaves in the request's extensions who makes it, and for denials further in, the realm
    /// ([`Denial::in_realm_of`](crate::Denial::in_realm_of)). Gives back the `Set-Cookie` for the answer.
    pub fn enter(self, extensions: &mut Extensions) -> Option<HeaderValue> {
        let outer = extensions.insert(self.context);
        match self.realm {
            Some(realm) => drop(extensions.insert(realm)),
            // What a guard further out has left is not this one's realm.
            None if outer.is_some() => drop(extensions.remove::<Realm>()),
            None => {}
        }
        self.set_cookie
    }

    pub(crate) fn user(claims: Arc<Claims>, realm: Option<Realm>) -> Self {
        Admission { context: AuthContext::User(claims), set_cookie: None, realm }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use logto_authkit_verifier::Verifier;

    use crate::{Guard, RequestOrganization};

    #[test]
    fn debug_output_holds_no_guest_s_id() {
        let verifier =
            Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build();
        let guard = Guard::new(verifier.unwrap()).allow_guests(true);
        let (method, headers) = (Method::GET, HeaderMap::new());
        let credentials = guard.credentials(&method, &headers);
        let admission =
            guard.admit_cached(&credentials, &RequestOrganization::AsConfigured).unwrap().unwrap();
        let id = admission.context().guest().unwrap().id.to_string();
        assert!(admission.set_cookie().unwrap().to_str().unwrap().contains(&id));
        assert!(!format!("{admission:?}").contains(&id), "{admission:?}");
        assert!(format!("{admission:?}").contains("GuestId(..)"), "{admission:?}");
    }
}
