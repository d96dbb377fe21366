//! ID tokens that prove nothing: an issuer whose answers somebody changes on their way.

use std::fmt;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response};
use logto_authkit_sign_in::MemoryStore;
use logto_authkit_verifier::{Clock, HttpClient, HttpFuture, HttpLimits, KeySources, ReqwestClient};
use serde_json::{Value, json};

use crate::world::{API, Browser, World, code};

type Change = Box<dyn Fn(&Value) -> Option<String> + Send>;

/// Replaces the ID token in every answer, or takes it away.
#[derive(Default)]
struct Tampering {
    client: ReqwestClient,
    change: Mutex<Option<Change>>,
}

impl fmt::Debug for Tampering {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tampering")
    }
}

impl HttpClient for Tampering {
    fn send(&self, request: Request<Vec<u8>>, limits: HttpLimits) -> HttpFuture<'_> {
        Box::pin(async move {
            let mut answer: Response<Vec<u8>> = self.client.send(request, limits).await?;
            if let (Some(change), Ok(mut body)) =
                (&*self.change.lock().unwrap(), serde_json::from_slice::<Value>(answer.body()))
                && let Some(token) = body["id_token"].as_str()
            {
                let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
                body["id_token"] = change(&serde_json::from_slice(&payload).unwrap()).into();
                *answer.body_mut() = serde_json::to_vec(&body).unwrap();
            }
            Ok(answer)
        })
    }
}

/// Signs these claims as the issuer does, with a header of one's own.
fn signed(world: &World, claims: &Value, typ: &str) -> String {
    let mut token = world.issuer.token().header("typ", typ).without_claim("scope").without_claim("client_id");
    for (name, value) in claims.as_object().unwrap() {
        token = token.claim(name, value.clone());
    }
    token.sign()
}

fn by_hand(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

#[tokio::test]
async fn only_an_id_token_for_this_sign_in_is_believed() {
    let world = Arc::new(World::new().await);
    let client = Arc::new(Tampering::default());
    let http: Arc<dyn HttpClient> = Arc::clone(&client) as Arc<dyn HttpClient>;
    let mut app = world.app();
    let keys = KeySources::new(http, Arc::clone(&world.clock) as Arc<dyn Clock>);
    app.client = logto_authkit_sign_in::LogtoClient::builder(world.config().build().unwrap())
        .store(MemoryStore::with_clock(Arc::clone(&world.clock) as Arc<dyn Clock>))
        .key_sources(&keys)
        .build();
    app.routes = logto_authkit_sign_in::AuthRoutes::new(app.client.clone());

    let attempt = async |change: Option<Change>| {
        *client.change.lock().unwrap() = None;
        let mut browser = Browser::default();
        let callback = world.callback_of(&app, &mut browser, "alice", "/auth/sign-in").await;
        *client.change.lock().unwrap() = change;
        let answer = browser.get(&app, &callback).await;
        let status = answer.status().as_u16();
        let signed_in = browser.is_signed_in(&app).await;
        (status, if status == 303 { String::new() } else { code(&answer) }, signed_in)
    };
    let refused = (502, "invalid_id_token".to_owned(), false);
    let accepted = (303, String::new(), true);

    let now = world.clock_seconds();
    for (name, claim, value) in [
        ("of another application", "aud", json!("web")),
        ("of several applications", "aud", json!(["public", "web"])),
        ("authorized for another one", "azp", json!("web")),
        ("with another nonce", "nonce", json!("another")),
        ("without a nonce", "nonce", Value::Null),
        ("of another issuer", "iss", json!("https://evil.example/oidc")),
        ("that has expired", "exp", json!(now - 301)),
        ("from yesterday", "iat", json!(now - 86_400)),
        ("from tomorrow", "iat", json!(now + 86_400)),
        ("that does not say when", "iat", Value::Null),
        ("with another access token's hash", "at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("of nobody", "sub", Value::Null),
    ] {
        let signer = Arc::clone(&world);
        let change: Change = Box::new(move |claims| {
            let claims = with(claims, claim, value.clone());
            let token =
                signer.issuer.token().header("typ", "JWT").without_claim("scope").without_claim("client_id");
            let token = claims
                .as_object()
                .unwrap()
                .iter()
                .fold(token, |token, (name, value)| token.claim(name, value.clone()));
            Some(if claims.get(claim).is_none() { token.without_claim(claim).sign() } else { token.sign() })
        });
        assert_eq!(attempt(Some(change)).await, refused, "a token {name}");
    }

    let forged: Vec<(&str, Change)> = vec![
        ("unsigned", Box::new(|claims| Some(by_hand(&json!({ "alg": "none" }), claims, b"")))),
        ("signed by HMAC", Box::new(|claims| Some(by_hand(&json!({ "alg": "HS256" }), claims, &[7; 32])))),
        (
            "with a signature of nothing",
            Box::new(|claims| Some(by_hand(&json!({ "alg": "ES384" }), claims, &[0; 96]))),
        ),
        ("that is none", Box::new(|_| Some("x".to_owned()))),
        ("that is not there", Box::new(|_| None)),
    ];
    for (name, change) in forged {
        assert_eq!(attempt(Some(change)).await, refused, "a token {name}");
    }
    for typ in ["at+jwt", "logout+jwt"] {
        let signer = Arc::clone(&world);
        let change: Change = Box::new(move |claims| Some(signed(&signer, claims, typ)));
        assert_eq!(attempt(Some(change)).await, refused, "a token of the type {typ}");
    }

    // What is strange but true: unknown claims, claims that are null, milliseconds.
    let signer = Arc::clone(&world);
    let change: Change = Box::new(move |claims| {
        let claims = with(claims, "updated_at", json!(1_795_207_815_123_i64));
        let mut claims = with(&claims, "unknown", json!({ "a": [1] }));
        claims["picture"] = Value::Null;
        claims["at_hash"] = Value::Null;
        claims["azp"] = json!("public");
        Some(signed(&signer, &claims, "JWT"))
    });
    assert_eq!(attempt(Some(change)).await, accepted);
    assert_eq!(attempt(None).await, accepted);
}

#[tokio::test]
async fn a_refresh_that_brings_somebody_else_s_id_token_is_refused() {
    let world = Arc::new(World::new().await);
    let client = Arc::new(Tampering::default());
    let http: Arc<dyn HttpClient> = Arc::clone(&client) as Arc<dyn HttpClient>;
    let keys = KeySources::new(http, Arc::clone(&world.clock) as Arc<dyn Clock>);
    let mut app = world.app();
    app.client = logto_authkit_sign_in::LogtoClient::builder(world.config().build().unwrap())
        .store(MemoryStore::with_clock(Arc::clone(&world.clock) as Arc<dyn Clock>))
        .key_sources(&keys)
        .build();
    app.routes = logto_authkit_sign_in::AuthRoutes::new(app.client.clone());
    let mut browser = world.alice(&app).await;
    let signer = Arc::clone(&world);
    *client.change.lock().unwrap() =
        Some(Box::new(move |claims| Some(signed(&signer, &with(claims, "sub", json!("user_bob")), "JWT"))));
    let session = browser.session(&app).await;
    assert_eq!(session.access_token(Some(API)).await.unwrap_err().code(), "invalid_id_token");
    assert_eq!(browser.user(&app).await["claims"]["sub"], "user_alice");
    // The issuer has used the refresh token up all the same: what came in its place is not lost.
    *client.change.lock().unwrap() = None;
    session.access_token(Some(API)).await.unwrap();
}
