use std::fmt;
use std::time::Duration;

use logto_authkit_sign_in::{
    NewSession, SessionIndex, SessionKey, SessionLease, SessionStore, StoreError, StoreFuture, StoredSession,
};
use redis::cmd;

use crate::connection::Connection;
use crate::scripts::{ADD_TO_INDEX, COMPARE_AND_SWAP, CREATE, RELEASE_LEASE, TAKE_LEASE};

/// Sessions in Redis: see the [crate's page](crate).
///
/// Cheap to clone; all clones share one connection, which comes back by itself after it broke.
#[derive(Clone)]
pub struct RedisStore {
    connection: Connection,
    prefix: String,
    timeout: Duration,
}

/// A step that takes longer has failed.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);
const DEFAULT_PREFIX: &str = "logto:";

impl RedisStore {
    /// With one server: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS.
    ///
    /// # Errors
    /// The address is wrong, or the server does not answer within 2 s.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Ok(RedisStore::with(Connection::to(url, DEFAULT_TIMEOUT).await?))
    }

    /// With one server, to which it connects when the first request needs it: an application starts also where Redis is down.
    ///
    /// # Errors
    /// The address is wrong.
    pub fn connect_when_needed(url: &str) -> Result<Self, StoreError> {
        Ok(RedisStore::with(Connection::later(url)?))
    }

    /// With a cluster, of which some servers are named.
    ///
    /// # Errors
    /// An address is wrong, or no server answers within 2 s.
    pub async fn connect_cluster(urls: &[&str]) -> Result<Self, StoreError> {
        Ok(RedisStore::with(Connection::to_cluster(urls, DEFAULT_TIMEOUT).await?))
    }

    fn with(connection: Connection) -> Self {
        RedisStore { connection, prefix: DEFAULT_PREFIX.to_owned(), timeout: DEFAULT_TIMEOUT }
    }

    /// What the names of all keys begin with. Default `logto:`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a step may take before it has failed. Default 2 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn name(&self, kind: char, of: &str) -> String {
        format!("{}{kind}:{of}", self.prefix)
    }

    async fn add_to_indexes(&self, key: &SessionKey, session: &NewSession) -> Result<(), StoreError> {
        for index in &session.indexes {
            let mut script = ADD_TO_INDEX.key(self.name('i', index.as_str()));
            let lifetime = millis(session.lifetime);
            let _: u8 = self.connection.invoke(script.arg(key.as_str()).arg(lifetime)).await?;
        }
        Ok(())
    }

    fn step<'a, T: 'a>(
        &'a self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(self.connection.within(self.timeout, work))
    }
}

/// In milliseconds, at least one: Redis takes none for a mistake.
fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 52)
}

impl SessionStore for RedisStore {
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>> {
        self.step(async move {
            let name = self.name('s', key.as_str());
            let (version, value): (Option<u64>, Option<Vec<u8>>) =
                self.connection.run(cmd("HMGET").arg(name).arg("version").arg("value")).await?;
            Ok(version.zip(value).map(|(version, value)| StoredSession { version, value }))
        })
    }

    fn create<'a>(&'a self, key: &'a SessionKey, session: NewSession) -> StoreFuture<'a, ()> {
        self.step(async move {
            let lifetime = millis(session.lifetime);
            // First what it is found by: a session that no logout finds must not be. And once more, for a logout between the two has taken
            // that away.
            self.add_to_indexes(key, &session).await?;
            let mut script = CREATE.key(self.name('s', key.as_str()));
            let _: u8 = self.connection.invoke(script.arg(&session.value).arg(lifetime)).await?;
            self.add_to_indexes(key, &session).await
        })
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: Vec<u8>,
    ) -> StoreFuture<'a, bool> {
        self.step(async move {
            let mut script = COMPARE_AND_SWAP.key(self.name('s', key.as_str()));
            self.connection.invoke(script.arg(version).arg(version + 1).arg(value)).await
        })
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, bool> {
        self.step(async move { self.connection.run(cmd("DEL").arg(self.name('s', key.as_str()))).await })
    }

    fn delete_all<'a>(&'a self, index: &'a SessionIndex) -> StoreFuture<'a, u64> {
        // Each in its own time: a user may have many.
        Box::pin(async move {
            let name = self.name('i', index.as_str());
            let list = async { self.connection.run(cmd("ZRANGE").arg(&name).arg(0).arg(-1)).await };
            let keys: Vec<String> = self.step(list).await?;
            let mut deleted = 0;
            for key in keys {
                let delete = async {
                    let deleted: u64 = self.connection.run(cmd("DEL").arg(self.name('s', &key))).await?;
                    let _: u64 = self.connection.run(cmd("ZREM").arg(&name).arg(&key)).await?;
                    Ok(deleted)
                };
                deleted += self.step(delete).await?;
            }
            Ok(deleted)
        })
    }

    fn take_lease<'a>(&'a self, lease: &'a SessionLease, span: Duration) -> StoreFuture<'a, bool> {
        self.step(async move {
            let mut script = TAKE_LEASE.key(self.name('l', lease.key().as_str()));
            self.connection.invoke(script.arg(lease.owner()).arg(millis(span))).await
        })
    }

    fn release_lease<'a>(&'a self, lease: &'a SessionLease) -> StoreFuture<'a, ()> {
        self.step(async move {
            let mut script = RELEASE_LEASE.key(self.name('l', lease.key().as_str()));
            let _: u8 = self.connection.invoke(script.arg(lease.owner())).await?;
            Ok(())
        })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
