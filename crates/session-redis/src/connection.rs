use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use logto_authkit_sign_in::StoreError;
use redis::cluster::ClusterClient;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, RedisResult, ScriptInvocation};

use crate::line::Line;

/// The way to the server: a [`Line`] that many tasks share, and that is replaced when it broke or when nothing comes through it any more.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Shared>);

struct Shared {
    server: Server,
    current: Mutex<Current>,
    /// Held by the one who makes a new line: the others wait for it.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Current {
    /// Counts the lines there were.
    number: u64,
    line: Option<Line>,
}

enum Server {
    Single(Box<Client>),
    Cluster(Box<ClusterClient>),
}

impl Connection {
    /// Without a line yet: the first step makes one.
    pub(crate) fn later(url: &str) -> Result<Self, StoreError> {
        choose_cryptography(&[url]);
        Ok(Connection::with(Server::Single(Box::new(Client::open(url).map_err(failed)?))))
    }

    pub(crate) async fn to(url: &str, timeout: Duration) -> Result<Self, StoreError> {
        Connection::later(url)?.ready(timeout).await
    }

    pub(crate) async fn to_cluster(urls: &[&str], timeout: Duration) -> Result<Self, StoreError> {
        choose_cryptography(urls);
        let client = ClusterClient::builder(urls.iter().copied()).connection_timeout(timeout).retries(3);
        Connection::with(Server::Cluster(Box::new(client.build().map_err(failed)?))).ready(timeout).await
    }

    fn with(server: Server) -> Self {
        let shared = Shared { server, current: Mutex::default(), connecting: tokio::sync::Mutex::default() };
        Connection(Arc::new(shared))
    }

    async fn ready(self, timeout: Duration) -> Result<Self, StoreError> {
        tokio::time::timeout(timeout, self.line()).await.map_err(|_| no_answer())?.map_err(failed)?;
        Ok(self)
    }

    /// What `step` makes of the connection. Where it is not done in time, its line is left for a new one.
    pub(crate) async fn within<T>(
        &self,
        timeout: Duration,
        step: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let number = self.current().number;
        tokio::time::timeout(timeout, step).await.unwrap_or_else(|_| {
            self.leave(number);
            Err(no_answer())
        })
    }

    pub(crate) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.twice(|line| query(command, line)).await
    }

    pub(crate) async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.twice(|line| invoke(script, line)).await
    }

    /// Tries again on a new line where the one there is turns out to be broken: the server may have been restarted since the last step.
    /// A step that was done all the same is done again, which changes nothing more; a swap then finds its own version, and its caller,
    /// who looks again, its own value.
    async fn twice<T, F: Future<Output = RedisResult<T>>>(
        &self,
        attempt: impl Fn(Line) -> F,
    ) -> Result<T, StoreError> {
        let (number, line) = self.line().await.map_err(failed)?;
        match attempt(line).await {
            Err(error) if error.is_unrecoverable_error() => {
                self.leave(number);
                let (_, line) = self.line().await.map_err(failed)?;
                attempt(line).await.map_err(failed)
            }
            result => result.map_err(failed),
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_line(&self) -> Option<(u64, Line)> {
        let current = self.current();
        current.line.clone().map(|line| (current.number, line))
    }

    /// The line there is, or a new one, with its number.
    async fn line(&self) -> RedisResult<(u64, Line)> {
        if let Some(known) = self.known_line() {
            return Ok(known);
        }
        let _turn = self.0.connecting.lock().await;
        if let Some(known) = self.known_line() {
            return Ok(known);
        }
        let line = self.0.server.connect().await?;
        let mut current = self.current();
        current.number += 1;
        current.line = Some(line.clone());
        Ok((current.number, line))
    }

    /// Nobody takes the line of this number any more.
    fn leave(&self, number: u64) {
        let mut current = self.current();
        if current.number == number {
            current.line = None;
        }
    }
}

impl Server {
    /// Without time-outs of its own: who asks has one.
    async fn connect(&self) -> RedisResult<Line> {
        match self {
            Server::Single(client) => {
                let config =
                    AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
                Ok(Line::Single(client.get_multiplexed_async_connection_with_config(&config).await?))
            }
            Server::Cluster(client) => Ok(Line::Cluster(client.get_async_connection().await?)),
        }
    }
}

async fn query<T: FromRedisValue>(command: &Cmd, mut line: Line) -> RedisResult<T> {
    command.query_async(&mut line).await
}

async fn invoke<T: FromRedisValue>(script: &ScriptInvocation<'_>, mut line: Line) -> RedisResult<T> {
    script.invoke_async(&mut line).await
}

/// TLS of the `redis` crate takes what the process has chosen, and panics where nothing is chosen and two are linked.
fn choose_cryptography(urls: &[&str]) {
    let is_needed = urls.iter().any(|url| url.starts_with("rediss"));
    if is_needed && rustls::crypto::CryptoProvider::get_default().is_none() {
        // Whoever came first has chosen.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

fn no_answer() -> StoreError {
    StoreError("redis: no answer in time".to_owned())
}

/// What goes to the log: the kind and the server's word, and no value of ours.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn failed(error: RedisError) -> StoreError {
    match error.detail() {
        Some(detail) => StoreError(format!("redis: {}: {detail}", error.category())),
        None => StoreError(format!("redis: {}", error.category())),
    }
}
