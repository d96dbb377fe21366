use bytes::Bytes;
use http::Uri;
use http::header::{COOKIE, HeaderMap, HeaderValue};
use logto_authkit_sign_in::{AuthRoutes, FirstScreen, LogtoClient, SignInError, SignInOptions};
use napi::Either;
use napi::bindgen_prelude::{Either3, Env, PromiseRaw, Result};
use napi_derive::napi;
use serde::Deserialize;

use crate::answer::either;
use crate::problem::ConfigProblem;
use crate::request::Request;
use crate::sign_in::message::{Destination, HttpAnswer, Refusal, headers};
use crate::sign_in::options;
use crate::sign_in::session::{NativeSession, NativeToken, context_json, context_options, glance_json};

/// An application that signs users in: one set of options, checked and ready.
///
/// What runs on another thread owns all that it uses, as in `NativeGuard`.
#[napi]
pub struct NativeApplication {
    client: LogtoClient,
    routes: AuthRoutes,
}

/// What a sign-in asks for beyond the configuration, as JavaScript writes it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct SignInJson {
    redirect_uri: Option<String>,
    return_to: Option<String>,
    first_screen: Option<FirstScreenJson>,
    login_hint: Option<String>,
    direct_sign_in: Option<DirectSignIn>,
    identifiers: Vec<String>,
    one_time_token: Option<String>,
    extra_params: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
enum FirstScreenJson {
    #[serde(rename = "sign_in")]
    SignIn,
    #[serde(rename = "register")]
    Register,
    #[serde(rename = "reset_password")]
    ResetPassword,
    #[serde(rename = "identifier:sign_in")]
    IdentifierSignIn,
    #[serde(rename = "identifier:register")]
    IdentifierRegister,
    #[serde(rename = "single_sign_on")]
    SingleSignOn,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectSignIn {
    method: String,
    target: String,
}

/// Checks the options.
#[napi]
pub fn create_application(json: String) -> Either<NativeApplication, ConfigProblem> {
    either(options::client(&json).map(|client| {
        let routes = AuthRoutes::new(client.clone());
        NativeApplication { client, routes }
    }))
}

#[napi]
impl NativeApplication {
    /// The routes of sign-in, below `prefix`.
    #[napi(ts_return_type = "Promise<HttpAnswer>")]
    pub fn handle<'env>(
        &self,
        env: &'env Env,
        method: String,
        url: String,
        prefix: Option<String>,
        lines: String,
        body: String,
    ) -> Result<PromiseRaw<'env, HttpAnswer>> {
        let routes = self.routes_at(prefix.as_deref());
        env.spawn_future(async move {
            let request = Request::new(&method, &lines);
            let uri = uri(&url);
            Ok(routes.handle(&request.method, &uri, &request.headers, body.as_bytes()).await.into())
        })
    }

    /// The answer to a request that needs somebody who is signed in.
    #[napi(catch_unwind)]
    pub fn require_sign_in(
        &self,
        method: String,
        url: String,
        prefix: Option<String>,
        lines: String,
    ) -> HttpAnswer {
        let request = Request::new(&method, &lines);
        let routes = self.routes_at(prefix.as_deref());
        routes.require_sign_in(&request.method, &uri(&url), &request.headers).into()
    }

    /// The session of a request.
    #[napi(ts_return_type = "Promise<NativeSession | Refusal>")]
    pub fn session<'env>(
        &self,
        env: &'env Env,
        lines: String,
    ) -> Result<PromiseRaw<'env, Either<NativeSession, Refusal>>> {
        let (client, routes) = (self.client.clone(), self.routes.clone());
        env.spawn_future(async move {
            let headers = headers(&lines);
            Ok(match client.session(&headers).await {
                Ok(session) => Either::A(NativeSession::new(session, routes, headers)),
                Err(error) => Either::B(Refusal::new(&error, &routes, &headers)),
            })
        })
    }

    /// Who makes a request, as the JSON of a context without any token: at once, on the JavaScript thread, where no store has to be asked and
    /// the browser gets no new cookies. Opening a session takes less than the way to another thread. Otherwise `null`: see `visit`.
    #[napi(catch_unwind)]
    pub fn glance(&self, cookies: String) -> Option<String> {
        let mut headers = HeaderMap::with_capacity(1);
        headers.insert(COOKIE, HeaderValue::from_maybe_shared(Bytes::from(cookies)).ok()?);
        let session = self.client.session_at_once(&headers)?.ok()?;
        session.set_cookies().is_empty().then(|| glance_json(&session))
    }

    /// As `glance`, where a store has to be asked. Where more than that is wanted, or the browser gets new cookies: the session, with
    /// its context.
    #[napi(ts_return_type = "Promise<string | NativeSession | Refusal>")]
    pub fn visit<'env>(
        &self,
        env: &'env Env,
        lines: String,
        options: String,
    ) -> Result<PromiseRaw<'env, Either3<String, NativeSession, Refusal>>> {
        let options = context_options(&options)?;
        let (client, routes) = (self.client.clone(), self.routes.clone());
        env.spawn_future(async move {
            let headers = headers(&lines);
            Ok(match client.session(&headers).await {
                Ok(session) => {
                    let context = match &options {
                        Some(options) => context_json(&session.context(options).await).to_string(),
                        None => glance_json(&session),
                    };
                    if options.is_none() && session.set_cookies().is_empty() {
                        Either3::A(context)
                    } else {
                        Either3::B(NativeSession::new(session, routes, headers).with_context(context))
                    }
                }
                Err(error) => Either3::C(Refusal::new(&error, &routes, &headers)),
            })
        })
    }

    #[napi(ts_return_type = "Promise<Destination | Refusal>")]
    pub fn sign_in<'env>(
        &self,
        env: &'env Env,
        lines: String,
        options: String,
    ) -> Result<PromiseRaw<'env, Either<Destination, Refusal>>> {
        let options: SignInJson = serde_json::from_str(&options)
            .map_err(|error| napi::Error::from_reason(format!("the options of signIn: {error}")))?;
        let (client, routes) = (self.client.clone(), self.routes.clone());
        env.spawn_future(async move {
            let headers = headers(&lines);
            let begun = client.sign_in(&headers, &options.into()).await;
            Ok(either(begun.map(Destination::from).map_err(|error| Refusal::new(&error, &routes, &headers))))
        })
    }

    /// `url` is all of it: origin, path and query.
    #[napi(ts_return_type = "Promise<Destination | Refusal>")]
    pub fn handle_callback<'env>(
        &self,
        env: &'env Env,
        lines: String,
        url: String,
    ) -> Result<PromiseRaw<'env, Either<Destination, Refusal>>> {
        let (client, routes) = (self.client.clone(), self.routes.clone());
        env.spawn_future(async move {
            let headers = headers(&lines);
            let ended = client.handle_callback_url(&headers, &url).await;
            Ok(either(ended.map(Destination::from).map_err(|error| Refusal::new(&error, &routes, &headers))))
        })
    }

    #[napi(ts_return_type = "Promise<Destination | Refusal>")]
    pub fn sign_out<'env>(
        &self,
        env: &'env Env,
        lines: String,
        home: Option<String>,
    ) -> Result<PromiseRaw<'env, Either<Destination, Refusal>>> {
        let (client, routes) = (self.client.clone(), self.routes.clone());
        env.spawn_future(async move {
            let headers = headers(&lines);
            let left = client.sign_out_to(&headers, home.as_deref()).await;
            Ok(either(left.map(Destination::from).map_err(|error| Refusal::new(&error, &routes, &headers))))
        })
    }

    /// A token for the application itself.
    #[napi(ts_return_type = "Promise<NativeToken | Refusal>")]
    pub fn client_credentials<'env>(
        &self,
        env: &'env Env,
        resource: Option<String>,
        organization: Option<String>,
        scope: Option<String>,
    ) -> Result<PromiseRaw<'env, Either<NativeToken, Refusal>>> {
        let (client, routes) = (self.client.clone(), self.routes.clone());
        env.spawn_future(async move {
            let (resource, organization) = (resource.as_deref(), organization.as_deref());
            let token = client.client_credentials(resource, organization, scope.as_deref()).await;
            let refused = |error: SignInError| Refusal::new(&error, &routes, &http::HeaderMap::new());
            Ok(either(token.map(|token| NativeToken::from(&token)).map_err(refused)))
        })
    }

    /// A prefix that is no path is the configuration's.
    fn routes_at(&self, prefix: Option<&str>) -> AuthRoutes {
        prefix.and_then(|prefix| self.routes.at(prefix).ok()).unwrap_or_else(|| self.routes.clone())
    }
}

/// What is no address is one of no route.
fn uri(url: &str) -> Uri {
    url.parse().unwrap_or_default()
}

impl From<SignInJson> for SignInOptions {
    fn from(json: SignInJson) -> Self {
        let mut options = SignInOptions::default();
        options.redirect_uri = json.redirect_uri;
        options.return_to = json.return_to;
        options.first_screen = json.first_screen.map(|screen| match screen {
            FirstScreenJson::SignIn => FirstScreen::SignIn,
            FirstScreenJson::Register => FirstScreen::Register,
            FirstScreenJson::ResetPassword => FirstScreen::ResetPassword,
            FirstScreenJson::IdentifierSignIn => FirstScreen::IdentifierSignIn,
            FirstScreenJson::IdentifierRegister => FirstScreen::IdentifierRegister,
            FirstScreenJson::SingleSignOn => FirstScreen::SingleSignOn,
        });
        options.login_hint = json.login_hint;
        options.direct_sign_in =
            json.direct_sign_in.map(|direct| format!("{}:{}", direct.method, direct.target));
        options.identifiers = json.identifiers;
        options.one_time_token = json.one_time_token;
        options.extra = json.extra_params.into_iter().collect();
        options
    }
}
