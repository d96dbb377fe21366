use std::sync::Arc;

use logto_authkit_token::{Claims, ErrorCode, RoleRequirement, ScopeRequirement};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::{Denial, Guest, GuestReason};

/// Who makes a request: a user with a verified token, or a guest.
///
/// On the wire it is `{"userId", "isAuthenticated", "payload", "isGuest", "guestId"}`, and `guestReason` for a guest.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AuthContext {
    /// The holder of a verified token.
    User(Arc<Claims>),
    /// A visitor without one, where guests are admitted.
    Guest(Guest),
}

impl AuthContext {
    /// The user's id, `sub`; `None` for a guest.
    pub fn user_id(&self) -> Option<&str> {
        self.claims().map(Claims::subject)
    }

    /// Whether there is a verified token.
    pub fn is_authenticated(&self) -> bool {
        matches!(self, AuthContext::User(_))
    }

    /// The token's claims; `None` for a guest.
    pub fn claims(&self) -> Option<&Claims> {
        match self {
            AuthContext::User(claims) => Some(claims),
            AuthContext::Guest(_) => None,
        }
    }

    /// The guest, where it is one.
    pub fn guest(&self) -> Option<&Guest> {
        match self {
            AuthContext::User(_) => None,
            AuthContext::Guest(guest) => Some(guest),
        }
    }

    /// The claims of a user, for a route that guests may not enter.
    ///
    /// # Errors
    /// For a guest: 401, with the reason for which the visitor is one.
    pub fn require_user(&self) -> Result<&Arc<Claims>, Denial> {
        match self {
            AuthContext::User(claims) => Ok(claims),
            AuthContext::Guest(Guest { reason: GuestReason::NoToken, .. }) => {
                Err(Denial::new(ErrorCode::MissingToken))
            }
            AuthContext::Guest(Guest { reason: GuestReason::Refused(code), .. }) => Err(Denial::new(*code)),
        }
    }

    /// Asks for scopes.
    ///
    /// # Errors
    /// 403 for a user who lacks them, 401 for a guest.
    pub fn require_scopes(&self, requirement: &ScopeRequirement) -> Result<(), Denial> {
        Ok(requirement.check(self.require_user()?)?)
    }

    /// Asks for roles.
    ///
    /// # Errors
    /// 403 for a user who lacks them, 401 for a guest.
    pub fn require_roles(&self, requirement: &RoleRequirement) -> Result<(), Denial> {
        Ok(requirement.check(self.require_user()?)?)
    }
}

impl Serialize for AuthContext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let guest = self.guest();
        let mut object = serializer.serialize_struct("AuthContext", 5 + usize::from(guest.is_some()))?;
        object.serialize_field("userId", &self.user_id())?;
        object.serialize_field("isAuthenticated", &self.is_authenticated())?;
        object.serialize_field("payload", &self.claims())?;
        object.serialize_field("isGuest", &guest.is_some())?;
        object.serialize_field("guestId", &guest.map(|guest| guest.id))?;
        if let Some(guest) = guest {
            object.serialize_field("guestReason", guest.reason.as_str())?;
        }
        object.end()
    }
}
