//! One process of the application.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use logto_authkit::keys::{Clock, KeySources, ManualClock, ReqwestClient};
use logto_authkit::sign_in::{
    AuthRoutes, LogtoClient, LogtoConfig, PostgresStore, RedisStore, SessionStore, SignedIn, WithLogto,
    auth_router,
};
use tokio::net::TcpListener;

use crate::world::{API, HOME};

/// Where this process finds what it is to be.
pub(crate) const LOGTO_URL: &str = "LOGTO_AUTHKIT_TEST_LOGTO_URL";
pub(crate) const STORE: &str = "LOGTO_AUTHKIT_TEST_STORE";
pub(crate) const NOW: &str = "LOGTO_AUTHKIT_TEST_NOW";

/// What a process says when it listens, before its port.
pub(crate) const LISTENS: &str = "the application listens on ";

/// Serves until it is killed, if the environment says so.
pub(crate) fn run_if_told_to() {
    let (Ok(logto_url), Ok(store), Ok(now)) =
        (std::env::var(LOGTO_URL), std::env::var(STORE), std::env::var(NOW))
    else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(serve(&logto_url, &store, now.parse().unwrap()));
}

async fn serve(logto_url: &str, store: &str, now: i64) {
    let clock = Arc::new(ManualClock::at_unix_seconds(now));
    let keys = KeySources::new(Arc::new(ReqwestClient::new()), Arc::clone(&clock) as Arc<dyn Clock>);
    let config = LogtoConfig::builder(logto_url, "public")
        .base_url(HOME)
        .resource(API)
        .scope("read:products")
        .sealing_key("thirty-two random bytes, or more of them")
        .build()
        .unwrap();
    let client = LogtoClient::builder(config).shared_store(connect(store).await).key_sources(&keys).build();
    let app = Router::new()
        .route("/token", get(token))
        .route("/advance", post(advance))
        .with_state(clock)
        .merge(auth_router(AuthRoutes::new(client.clone())))
        .layer(WithLogto::new(client));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("\n{LISTENS}{}", listener.local_addr().unwrap().port());
    std::io::stdout().flush().unwrap();
    axum::serve(listener, app).await.unwrap();
}

async fn connect(store: &str) -> Arc<dyn SessionStore> {
    if store.starts_with("redis:") {
        return Arc::new(RedisStore::connect(store).await.unwrap());
    }
    let store = PostgresStore::connect(store).await.unwrap();
    store.migrate().await.unwrap();
    Arc::new(store)
}

/// Which token the session has for the API: its id.
async fn token(user: SignedIn) -> Response {
    match user.access_token(Some(API)).await {
        Ok(token) => {
            let jws = logto_authkit::token::CompactJws::parse(token.token()).unwrap();
            let claims = logto_authkit::Claims::parse(jws.payload()).unwrap();
            claims.token_id().unwrap().to_owned().into_response()
        }
        Err(error) => (StatusCode::from_u16(error.status()).unwrap(), error.code()).into_response(),
    }
}

async fn advance(State(clock): State<Arc<ManualClock>>, seconds: String) {
    clock.advance(Duration::from_secs(seconds.parse().unwrap()));
}
