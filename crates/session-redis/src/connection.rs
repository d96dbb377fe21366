use std::time::Duration;

use logto_authkit_sign_in::StoreError;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, FromRedisValue, RedisError, RedisResult, ScriptInvocation};

/// A connection that many tasks share and that comes back by itself after it broke.
#[derive(Clone)]
pub(crate) enum Connection {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

/// Between two attempts to come back.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

impl Connection {
    pub(crate) async fn to(url: &str, timeout: Duration) -> Result<Self, StoreError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout))
            .set_number_of_retries(2)
            .set_min_delay(SHORTEST_PAUSE)
            .set_max_delay(LONGEST_PAUSE);
        let client = Client::open(url).map_err(failed)?;
        let manager = ConnectionManager::new_with_config(client, config).await.map_err(failed)?;
        Ok(Connection::Single(manager))
    }

    pub(crate) async fn to_cluster(urls: &[&str], timeout: Duration) -> Result<Self, StoreError> {
        let client = ClusterClient::builder(urls.iter().copied())
            .connection_timeout(timeout)
            .response_timeout(timeout)
            .retries(3)
            .build()
            .map_err(failed)?;
        Ok(Connection::Cluster(client.get_async_connection().await.map_err(failed)?))
    }

    pub(crate) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        match self.clone() {
            Connection::Single(connection) => twice(|| query(command, connection.clone())).await,
            Connection::Cluster(connection) => twice(|| query(command, connection.clone())).await,
        }
    }

    pub(crate) async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        match self.clone() {
            Connection::Single(connection) => twice(|| invoke(script, connection.clone())).await,
            Connection::Cluster(connection) => twice(|| invoke(script, connection.clone())).await,
        }
    }
}

/// Tries again where the connection broke: the server may have been restarted since the last step. A step that was done all the same is
/// done again, which changes nothing more; a swap then finds its own version, and its caller, who looks again, its own value.
async fn twice<T, F: Future<Output = RedisResult<T>>>(attempt: impl Fn() -> F) -> Result<T, StoreError> {
    match attempt().await {
        Err(error) if error.is_connection_dropped() || error.is_connection_refusal() => {
            attempt().await.map_err(failed)
        }
        result => result.map_err(failed),
    }
}

async fn query<T: FromRedisValue>(command: &Cmd, mut connection: impl ConnectionLike) -> RedisResult<T> {
    command.query_async(&mut connection).await
}

async fn invoke<T: FromRedisValue>(
    script: &ScriptInvocation<'_>,
    mut connection: impl ConnectionLike,
) -> RedisResult<T> {
    script.invoke_async(&mut connection).await
}

/// What goes to the log: the kind and the server's word, and no value of ours.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn failed(error: RedisError) -> StoreError {
    match error.detail() {
        Some(detail) => StoreError(format!("redis: {}: {detail}", error.category())),
        None => StoreError(format!("redis: {}", error.category())),
    }
}
