//! Where the demo keeps who is signed in.

use std::sync::Arc;

use logto_authkit::sign_in::{
    LogtoClient, LogtoConfig, MemoryStore, PostgresStore, RedisStore, SessionStore, StoreError, scopes,
};

use super::Setting;
use crate::failure::Failure;

const SEALING_KEY: &str = "LOGTO_AUTHKIT_SEALING_KEY";

/// What signs people in at `app`, with sessions in the store that was named, or in memory.
pub(super) async fn client(
    setting: &Setting,
    app: &str,
    (id, secret): (&str, Option<String>),
    store: Option<&str>,
) -> Result<LogtoClient, Failure> {
    let sealing_key = match (store, std::env::var(SEALING_KEY)) {
        (_, Ok(key)) => key,
        // Sessions in memory end with the process, and so may their key.
        (None, Err(_)) => random_key()?,
        (Some(_), Err(_)) => {
            return Err(Failure::new(format!(
                "--sessions: {SEALING_KEY} is not set; put 32 random bytes into it, for example: \
                 export {SEALING_KEY}=$(openssl rand -hex 32)"
            )));
        }
    };
    let mut config = LogtoConfig::builder(&setting.logto_url, id)
        .base_url(app)
        .resource(&setting.audience)
        .scope("read:products")
        .scope("write:products")
        .scope(scopes::EMAIL)
        .scope(scopes::ROLES)
        .scope(scopes::ORGANIZATIONS)
        .scope(scopes::ORGANIZATION_ROLES)
        .sealing_key(sealing_key);
    if let Some(secret) = secret {
        config = config.app_secret(secret);
    }
    let builder = LogtoClient::builder(config.build()?);
    let store: Arc<dyn SessionStore> = match store {
        None => Arc::new(MemoryStore::new()),
        Some(url) if url.starts_with("redis:") || url.starts_with("rediss:") => {
            Arc::new(RedisStore::connect(url).await.map_err(|error| unreachable(&error))?)
        }
        Some(url) if url.starts_with("postgres:") || url.starts_with("postgresql:") => {
            let store = PostgresStore::connect(url).await.map_err(|error| unreachable(&error))?;
            store.migrate().await.map_err(|error| unreachable(&error))?;
            Arc::new(store)
        }
        Some(_) => return Err(Failure::new("--sessions: write redis://… or postgres://…")),
    };
    Ok(builder.shared_store(store).build())
}

fn unreachable(error: &StoreError) -> Failure {
    Failure::new(format!("--sessions: the store cannot be used: {error}"))
}

fn random_key() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    let filled = aws_lc_rs::rand::fill(&mut bytes);
    filled.map_err(|_| Failure::new("the system has no randomness to give"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
