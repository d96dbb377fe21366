use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use http::request::Parts;
use logto_authkit_token::{OrganizationId, OrganizationRule};
use logto_authkit_web::RequestOrganization;

#[cfg(feature = "axum")]
use crate::path_parameter::PathParameter;

/// Which organization a token must belong to, and where in a request its id stands.
///
/// It is part of the layer, so that no route behind the layer can forget to ask.
///
/// ```
/// use http::HeaderName;
/// use logto_authkit_tower::{Organization, OrganizationId};
///
/// let fixed = Organization::fixed(OrganizationId::parse("5wqyxbtl4xi9")?);
/// let header = Organization::header(HeaderName::from_static("x-organization-id"));
/// let subdomain = Organization::from_request(|parts| {
///     let host = parts.headers.get("host")?.to_str().ok()?;
///     Some(host.split('.').next()?.to_owned())
/// });
/// # Ok::<(), logto_authkit_tower::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Organization(Source);

#[derive(Clone)]
enum Source {
    Fixed(OrganizationId),
    Any,
    Header(HeaderName),
    #[cfg(feature = "axum")]
    Path(Box<str>),
    Request(Arc<FindInRequest>),
}

/// Finds an organization's id in a request.
type FindInRequest = dyn Fn(&Parts) -> Option<String> + Send + Sync;

/// A request whose route does not have exactly one path parameter of the name that the layer asks for: a mistake in the
/// application.
pub(crate) struct Misconfigured;

impl Organization {
    /// This organization, for every request.
    pub fn fixed(id: OrganizationId) -> Self {
        Organization(Source::Fixed(id))
    }

    /// Any organization; the handler reads `auth.organization_id()` and decides.
    pub fn any() -> Self {
        Organization(Source::Any)
    }

    /// The organization that a request header names. A request without it is answered with 400.
    pub fn header(name: HeaderName) -> Self {
        Organization(Source::Header(name))
    }

    /// The organization in a path parameter of the route, such as `id` in `/organizations/{id}/products`.
    ///
    /// A route without that parameter, or with two of that name, is answered with 500, and the log says so. On a path that belongs
    /// to no route, and where the parameter is no text, the request names no organization: 400, and 401 without a token.
    ///
    /// A service that the route nests with `nest_service` may find parameters of its own further down the path; the layer, which
    /// is outside of it, does not see them. Give them other names.
    #[cfg(feature = "axum")]
    #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
    pub fn path(parameter: impl Into<Box<str>>) -> Self {
        Organization(Source::Path(parameter.into()))
    }

    /// The organization that a function finds in the request. A request in which it finds none is answered with 400.
    pub fn from_request(find: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        Organization(Source::Request(Arc::new(find)))
    }

    /// The rule for the guard's policy. A request's own organization replaces it.
    pub(crate) fn rule(&self) -> OrganizationRule {
        match &self.0 {
            Source::Fixed(id) => OrganizationRule::Require(id.clone()),
            Source::Any => OrganizationRule::Any,
            _ => OrganizationRule::Refuse,
        }
    }

    /// The organization that a request is about.
    pub(crate) fn read(&self, parts: &mut Parts) -> Result<RequestOrganization, Misconfigured> {
        Ok(match &self.0 {
            Source::Fixed(_) | Source::Any => RequestOrganization::AsConfigured,
            Source::Header(name) => {
                let mut values = parts.headers.get_all(name).iter();
                match (values.next(), values.next()) {
                    (Some(value), None) => RequestOrganization::named(value.to_str().ok()),
                    _ => RequestOrganization::Unnamed,
                }
            }
            #[cfg(feature = "axum")]
            Source::Path(parameter) => {
                let problem = match PathParameter::read(parts, parameter) {
                    PathParameter::One(value) => return Ok(RequestOrganization::named(Some(&value))),
                    PathParameter::NoText | PathParameter::NoRoute => {
                        return Ok(RequestOrganization::Unnamed);
                    }
                    PathParameter::Absent => "that its route does not have",
                    // Which one the handler reads is its own affair: it may not be the one that was asked about.
                    PathParameter::Several => "that its route has more than once",
                };
                tracing::error!(%parameter, "an AuthLayer takes the organization from a path parameter {problem}");
                return Err(Misconfigured);
            }
            Source::Request(find) => RequestOrganization::named(find(parts).as_deref()),
        })
    }
}

impl fmt::Debug for Organization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Fixed(id) => write!(formatter, "Organization::fixed({id})"),
            Source::Any => formatter.write_str("Organization::any"),
            Source::Header(name) => write!(formatter, "Organization::header({name})"),
            #[cfg(feature = "axum")]
            Source::Path(parameter) => write!(formatter, "Organization::path({parameter})"),
            Source::Request(_) => formatter.write_str("Organization::from_request"),
        }
    }
}
