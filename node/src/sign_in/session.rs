use http::HeaderMap;
use http::header::{HeaderValue, SET_COOKIE};
use logto_authkit_sign_in::{
    AccessToken, AuthRoutes, ContextOptions, LogtoContext, LogtoSession, SignInError,
};
use napi::Either;
use napi::bindgen_prelude::{Env, PromiseRaw, Result};
use napi_derive::napi;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::either;
use crate::sign_in::message::{Refusal, texts};

/// The session of one request.
#[napi]
pub struct NativeSession {
    session: LogtoSession,
    routes: AuthRoutes,
    headers: HeaderMap,
    /// What was asked for together with the session, as JSON.
    context: Option<String>,
}

/// An access token and what is known of it.
#[napi(object)]
pub struct NativeToken {
    pub token: String,
    pub scopes: Vec<String>,
    /// Seconds since 1970.
    pub expires_at: f64,
}

/// What the context is to hold, as JavaScript writes it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ContextJson {
    get_access_token: bool,
    resource: Option<String>,
    organization_id: Option<String>,
    fetch_user_info: bool,
    get_organization_token: bool,
}

impl NativeSession {
    pub(crate) fn new(session: LogtoSession, routes: AuthRoutes, headers: HeaderMap) -> Self {
        NativeSession { session, routes, headers, context: None }
    }

    pub(crate) fn with_context(mut self, context: String) -> Self {
        self.context = Some(context);
        self
    }

    /// What makes of an error what JavaScript gets.
    fn refusing(&self) -> impl Fn(SignInError) -> Refusal + use<> {
        let (routes, headers) = (self.routes.clone(), self.headers.clone());
        move |error| Refusal::new(&error, &routes, &headers)
    }
}

#[napi]
impl NativeSession {
    #[napi(getter)]
    pub fn is_authenticated(&self) -> bool {
        self.session.is_authenticated()
    }

    /// Who is signed in and what else is asked for, as JSON.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn context<'env>(&self, env: &'env Env, options: String) -> Result<PromiseRaw<'env, String>> {
        let options = context_options(&options)?.unwrap_or_default();
        let session = self.session.clone();
        env.spawn_future(async move { Ok(context_json(&session.context(&options).await).to_string()) })
    }

    /// What `visit` was asked for together with the session, as JSON.
    #[napi(getter)]
    pub fn first_context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// Whether there are cookies for the answer.
    #[napi(getter)]
    pub fn has_changed(&self) -> bool {
        !self.session.set_cookies().is_empty()
    }

    #[napi(ts_return_type = "Promise<NativeToken | Refusal>")]
    pub fn access_token<'env>(
        &self,
        env: &'env Env,
        resource: Option<String>,
        organization: Option<String>,
    ) -> Result<PromiseRaw<'env, Either<NativeToken, Refusal>>> {
        let (session, refused) = (self.session.clone(), self.refusing());
        env.spawn_future(async move {
            let token = match (resource.as_deref(), organization.as_deref()) {
                (resource, None) => session.access_token(resource).await,
                (None, Some(organization)) => session.organization_token(organization).await,
                (Some(resource), Some(organization)) => {
                    session.resource_token_in(organization, resource).await
                }
            };
            Ok(either(token.map(|token| NativeToken::from(&token)).map_err(refused)))
        })
    }

    /// A token that is there, without any request and any change.
    #[napi(catch_unwind, ts_return_type = "NativeToken | Refusal | null")]
    pub fn known_access_token(
        &self,
        resource: Option<String>,
        organization: Option<String>,
    ) -> Either<Option<NativeToken>, Refusal> {
        let known = self.session.known_access_token(resource.as_deref(), organization.as_deref());
        either(known.map(|token| token.as_ref().map(NativeToken::from)).map_err(self.refusing()))
    }

    #[napi(getter)]
    pub fn id_token(&self) -> Option<String> {
        self.session.id_token()
    }

    /// The claims of the ID token, as JSON.
    #[napi(getter)]
    pub fn claims(&self) -> Option<String> {
        self.session.claims().map(|claims| claims.json().to_owned())
    }

    /// What the userinfo endpoint tells, as JSON.
    #[napi(ts_return_type = "Promise<string | Refusal>")]
    pub fn user_info<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, Either<String, Refusal>>> {
        let (session, refused) = (self.session.clone(), self.refusing());
        env.spawn_future(async move {
            let found = session.fetch_user_info().await;
            Ok(either(found.map(|found| found.to_string()).map_err(refused)))
        })
    }

    #[napi(ts_return_type = "Promise<Refusal | null>")]
    pub fn clear_access_tokens<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, Option<Refusal>>> {
        let (session, refused) = (self.session.clone(), self.refusing());
        env.spawn_future(async move { Ok(session.clear_access_tokens().await.err().map(refused)) })
    }

    #[napi(ts_return_type = "Promise<Refusal | null>")]
    pub fn forget<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, Option<Refusal>>> {
        let (session, refused) = (self.session.clone(), self.refusing());
        env.spawn_future(async move { Ok(session.forget().await.err().map(refused)) })
    }

    /// The cookies to append to an answer that sets these itself.
    #[napi(catch_unwind)]
    pub fn cookies_for(&self, answer: Vec<String>) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in &answer {
            if let Ok(line) = HeaderValue::from_str(line) {
                headers.append(SET_COOKIE, line);
            }
        }
        let own = headers.len();
        self.session.append_cookies(&mut headers);
        let all: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
        texts(&all[own..])
    }
}

impl From<&AccessToken> for NativeToken {
    fn from(token: &AccessToken) -> Self {
        NativeToken {
            token: token.token().to_owned(),
            scopes: token.scopes().map(str::to_owned).collect(),
            expires_at: token.expires_at().as_unix_seconds() as f64,
        }
    }
}

/// Nothing where nothing is asked for beyond who is signed in.
pub(crate) fn context_options(json: &str) -> Result<Option<ContextOptions>> {
    let options: ContextJson = serde_json::from_str(json)
        .map_err(|error| napi::Error::from_reason(format!("the options of getContext: {error}")))?;
    let options = ContextOptions::from(options);
    let asks = options.get_access_token || options.fetch_user_info || options.get_organization_token;
    Ok(asks.then_some(options))
}

/// Who is signed in, and nothing else: the same JSON, without a second reading of the claims.
pub(crate) fn glance_json(session: &LogtoSession) -> String {
    match session.claims() {
        _ if !session.is_authenticated() => r#"{"isAuthenticated":false}"#.to_owned(),
        Some(claims) => {
            let scopes = Value::from(session.scopes());
            format!(r#"{{"isAuthenticated":true,"claims":{},"scopes":{scopes}}}"#, claims.json())
        }
        None => r#"{"isAuthenticated":true}"#.to_owned(),
    }
}

/// Who is signed in and what was asked for, with the tokens.
pub(crate) fn context_json(context: &LogtoContext) -> Value {
    let mut json = context.to_json();
    if let Some(token) = &context.access_token {
        json["accessToken"] = token.token().into();
    }
    let tokens: serde_json::Map<String, Value> = (context.organization_tokens.iter())
        .filter_map(|(id, token)| Some((id.clone(), token.as_ref().ok()?.token().into())))
        .collect();
    if !context.organization_tokens.is_empty() {
        json["organizationTokens"] = tokens.into();
    }
    let failed: serde_json::Map<String, Value> = (context.organization_tokens.iter())
        .filter_map(|(id, token)| Some((id.clone(), problem(token.as_ref().err()?))))
        .collect();
    if !failed.is_empty() {
        json["organizationErrors"] = failed.into();
    }
    if let Some(error) = &context.error {
        json["error"] = problem(error);
    }
    json
}

impl From<ContextJson> for ContextOptions {
    fn from(json: ContextJson) -> Self {
        let mut options = ContextOptions::default();
        options.get_access_token = json.get_access_token;
        options.resource = json.resource;
        options.organization_id = json.organization_id;
        options.fetch_user_info = json.fetch_user_info;
        options.get_organization_token = json.get_organization_token;
        options
    }
}

/// What is told of an error within a context.
fn problem(error: &SignInError) -> Value {
    let retry_after = error.retry_after().map(|span| span.as_secs().max(1));
    json!({ "code": error.code(), "status": error.status(), "message": error.to_string(), "retryAfter": retry_after })
}
