use std::sync::Mutex;
use std::time::Duration;

use logto_authkit_dev_issuer::{
    Audience, DevIssuer, Fault, IssuerConfig, SigningAlgorithm, SigningKey, TokenBuilder,
};
use napi::bindgen_prelude::{Env, Error, PromiseRaw, Result};
use napi_derive::napi;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A development issuer that runs in this process until it is stopped.
#[napi]
pub struct NativeIssuer {
    logto_url: String,
    issuer: Mutex<Option<DevIssuer>>,
}

/// A token to be signed, with whatever differs from a good one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
struct TokenOptions {
    subject: Option<String>,
    audience: Option<Texts>,
    scope: Option<String>,
    client_id: Option<String>,
    organization_id: Option<String>,
    issuer: Option<String>,
    issued_at: Option<i64>,
    expires_at: Option<i64>,
    expires_in: Option<u64>,
    not_before: Option<i64>,
    claims: Map<String, Value>,
    without_claims: Vec<String>,
    header: Map<String, Value>,
    without_header: Vec<String>,
    /// Signed by a key that the issuer does not publish.
    foreign_key: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

/// A fault as JavaScript writes it.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "kind", deny_unknown_fields)]
enum FaultOptions {
    None,
    Status { status: u16 },
    RetryAfter { status: u16, seconds: u64 },
    Latency { milliseconds: u64 },
    Hang,
    Html,
    Empty,
    EmptyKeySet,
    WrongJson,
    HugeBody { bytes: usize },
    SlowDrip { bytes_per_chunk: usize, interval_ms: u64 },
    Redirect { location: String },
    ManyKeys { count: usize },
    DropConnection,
}

/// Starts an issuer: with the configuration that is given as JSON, with an example of everything, or with both.
#[napi]
pub async fn start_issuer(config: Option<String>, with_example: bool) -> Result<NativeIssuer> {
    let config = config.map(|json| read::<IssuerConfig>("the issuer's configuration", &json)).transpose()?;
    let builder = match config {
        Some(config) if with_example => DevIssuer::demo().config(config),
        Some(config) => config.into_builder(),
        None => DevIssuer::demo(),
    };
    let issuer = builder.start().await.map_err(|error| Error::from_reason(error.to_string()))?;
    Ok(NativeIssuer { logto_url: issuer.logto_url().to_owned(), issuer: Mutex::new(Some(issuer)) })
}

#[napi]
impl NativeIssuer {
    #[napi(getter)]
    pub fn logto_url(&self) -> String {
        self.logto_url.clone()
    }

    /// The published key set, as JSON.
    #[napi]
    pub fn jwks(&self) -> Result<String> {
        self.with(|issuer| Ok(issuer.jwks().to_string()))
    }

    /// Signs a token that differs from a good one as the options say.
    #[napi]
    pub fn token(&self, options: String) -> Result<String> {
        let options = read::<TokenOptions>("the token's options", &options)?;
        self.with(|issuer| Ok(options.apply(issuer.token()).sign()))
    }

    #[napi]
    pub fn rotate_keys(&self, algorithm: String) -> Result<()> {
        let algorithm = signing_algorithm(&algorithm)?;
        self.with(|issuer| {
            issuer.rotate_keys(algorithm);
            Ok(())
        })
    }

    /// Whether there was a previous key to drop.
    #[napi]
    pub fn drop_previous_key(&self) -> Result<bool> {
        self.with(|issuer| Ok(issuer.drop_previous_key()))
    }

    /// Makes an endpoint misbehave, or all of them.
    #[napi]
    pub fn set_fault(&self, endpoint: String, fault: String) -> Result<()> {
        let fault = read::<FaultOptions>("the fault", &fault)?.into();
        self.with(|issuer| {
            let faults = issuer.faults();
            match endpoint.as_str() {
                "discovery" => faults.discovery(fault),
                "jwks" => faults.jwks(fault),
                "authorize" => faults.authorize(fault),
                "token" => faults.token(fault),
                "userinfo" => faults.userinfo(fault),
                "introspection" => faults.introspection(fault),
                "revocation" => faults.revocation(fault),
                "endSession" => faults.end_session(fault),
                "all" => faults.all(fault),
                _ => {
                    return Err(Error::from_reason(
                        "there is no such endpoint: write discovery, jwks, authorize, token, userinfo, introspection, \
                         revocation, endSession or all",
                    ));
                }
            }
            Ok(())
        })
    }

    #[napi]
    pub fn clear_faults(&self) -> Result<()> {
        self.with(|issuer| {
            issuer.faults().clear();
            Ok(())
        })
    }

    #[napi]
    pub fn go_down(&self) -> Result<()> {
        self.with(|issuer| {
            issuer.go_down();
            Ok(())
        })
    }

    #[napi]
    pub fn come_back(&self) -> Result<()> {
        self.with(|issuer| {
            issuer.come_back();
            Ok(())
        })
    }

    /// How often each endpoint was asked, as JSON.
    #[napi]
    pub fn counters(&self) -> Result<String> {
        self.with(|issuer| {
            let counters = issuer.counters();
            Ok(serde_json::json!({
                "discovery": counters.discovery,
                "jwks": counters.jwks,
                "jwksNotModified": counters.jwks_not_modified,
                "authorize": counters.authorize,
                "token": counters.token,
                "tokenAuthorizationCode": counters.token_authorization_code,
                "tokenRefresh": counters.token_refresh,
                "tokenClientCredentials": counters.token_client_credentials,
                "userinfo": counters.userinfo,
                "introspection": counters.introspection,
                "revocation": counters.revocation,
                "endSession": counters.end_session,
            })
            .to_string())
        })
    }

    #[napi]
    pub fn reset_counters(&self) -> Result<()> {
        self.with(|issuer| {
            issuer.reset_counters();
            Ok(())
        })
    }

    /// Stops, and answers when the port is free again. Stopping twice does nothing.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn stop<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, ()>> {
        let issuer = self.lock().take();
        env.spawn_future(async move {
            if let Some(issuer) = issuer {
                issuer.shutdown().await;
            }
            Ok(())
        })
    }

    fn with<T>(&self, use_it: impl FnOnce(&DevIssuer) -> Result<T>) -> Result<T> {
        match &*self.lock() {
            Some(issuer) => use_it(issuer),
            None => Err(Error::from_reason("the issuer has been stopped")),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<DevIssuer>> {
        self.issuer.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl TokenOptions {
    fn apply(self, mut token: TokenBuilder) -> TokenBuilder {
        if let Some(subject) = self.subject {
            token = token.subject(subject);
        }
        match self.audience {
            None => {}
            Some(Texts::One(audience)) => token = token.audience(audience),
            Some(Texts::Several(audiences)) => token = token.audience(Audience::from(audiences)),
        }
        if let Some(scope) = self.scope {
            token = token.scope(scope);
        }
        if let Some(id) = self.client_id {
            token = token.client_id(id);
        }
        if let Some(id) = self.organization_id {
            token = token.organization_id(id);
        }
        if let Some(issuer) = self.issuer {
            token = token.issuer(issuer);
        }
        if let Some(seconds) = self.issued_at {
            token = token.issued_at(seconds);
        }
        if let Some(seconds) = self.expires_at {
            token = token.expires_at(seconds);
        }
        if let Some(seconds) = self.expires_in {
            token = token.expires_in(Duration::from_secs(seconds));
        }
        if let Some(seconds) = self.not_before {
            token = token.not_before(seconds);
        }
        for (name, value) in self.claims {
            token = token.claim(&name, value);
        }
        for name in self.without_claims {
            token = token.without_claim(&name);
        }
        if self.foreign_key {
            token = token.signed_by(&SigningKey::generate(SigningAlgorithm::Es384));
        }
        for (name, value) in self.header {
            token = token.header(&name, value);
        }
        for name in self.without_header {
            token = token.without_header(&name);
        }
        token
    }
}

impl From<FaultOptions> for Fault {
    fn from(options: FaultOptions) -> Self {
        match options {
            FaultOptions::None => Fault::None,
            FaultOptions::Status { status } => Fault::Status(status),
            FaultOptions::RetryAfter { status, seconds } => {
                Fault::RetryAfter(status, Duration::from_secs(seconds))
            }
            FaultOptions::Latency { milliseconds } => Fault::Latency(Duration::from_millis(milliseconds)),
            FaultOptions::Hang => Fault::Hang,
            FaultOptions::Html => Fault::Html,
            FaultOptions::Empty => Fault::Empty,
            FaultOptions::EmptyKeySet => Fault::EmptyKeySet,
            FaultOptions::WrongJson => Fault::WrongJson,
            FaultOptions::HugeBody { bytes } => Fault::HugeBody(bytes),
            FaultOptions::SlowDrip { bytes_per_chunk, interval_ms } => {
                Fault::SlowDrip { bytes_per_chunk, interval: Duration::from_millis(interval_ms) }
            }
            FaultOptions::Redirect { location } => Fault::Redirect(location),
            FaultOptions::ManyKeys { count } => Fault::ManyKeys(count),
            FaultOptions::DropConnection => Fault::DropConnection,
        }
    }
}

fn read<'a, T: Deserialize<'a>>(what: &str, json: &'a str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Error::from_reason(format!("{what} cannot be read: {error}")))
}

fn signing_algorithm(name: &str) -> Result<SigningAlgorithm> {
    SigningAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or_else(|| {
        let names: Vec<_> = SigningAlgorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
        Error::from_reason(format!("there is no such algorithm: write one of {}", names.join(", ")))
    })
}
