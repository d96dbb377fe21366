use std::fmt;
use std::time::Duration;

use logto_authkit_session_redis::RedisStore;
use logto_authkit_sign_in::{
    NewSession, SessionIndex, SessionKey, SessionLease, SessionStore, StoreError, StoreFuture, StoredSession,
};
use tokio::sync::OnceCell;

/// Sessions in Redis, with a connection that is made when the first request needs it: an application starts also where Redis is down.
pub(crate) struct RedisLater {
    url: String,
    prefix: Option<String>,
    store: OnceCell<RedisStore>,
}

impl RedisLater {
    pub(crate) fn new(url: String, prefix: Option<String>) -> Self {
        RedisLater { url, prefix, store: OnceCell::new() }
    }

    async fn store(&self) -> Result<&RedisStore, StoreError> {
        self.store
            .get_or_try_init(async || {
                let store = RedisStore::connect(&self.url).await?;
                Ok(match &self.prefix {
                    Some(prefix) => store.with_prefix(prefix.as_str()),
                    None => store,
                })
            })
            .await
    }
}

impl SessionStore for RedisLater {
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>> {
        Box::pin(async move { self.store().await?.load(key).await })
    }

    fn create<'a>(&'a self, key: &'a SessionKey, session: NewSession) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.store().await?.create(key, session).await })
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: Vec<u8>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.store().await?.compare_and_swap(key, version, value).await })
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.store().await?.delete(key).await })
    }

    fn delete_all<'a>(&'a self, index: &'a SessionIndex) -> StoreFuture<'a, u64> {
        Box::pin(async move { self.store().await?.delete_all(index).await })
    }

    fn take_lease<'a>(&'a self, lease: &'a SessionLease, span: Duration) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.store().await?.take_lease(lease, span).await })
    }

    fn release_lease<'a>(&'a self, lease: &'a SessionLease) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.store().await?.release_lease(lease).await })
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for RedisLater {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RedisLater").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
