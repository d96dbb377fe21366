use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Error};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Connections that are used again and again, a bounded number at once.
///
/// Only one whose step succeeded is used again; every other is closed where it is dropped, without a word to the server. A pool that
/// first asks such a connection how it is waits for the answer as long as the network lets it, and a step that was given up, or whose
/// request was, would cost its place.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    since: Instant,
    connection: PgConnection,
}

/// Firewalls forget a connection that nobody uses, and tell nobody: some after minutes.
const LONGEST_IDLE: Duration = Duration::from_secs(60);
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(50);

impl Connections {
    pub(crate) fn new(options: PgConnectOptions, count: u32) -> Self {
        let count = usize::try_from(count).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(count));
        Connections(Arc::new(Shared { options, places, idle: Mutex::default() }))
    }

    /// Tries again on a new connection where the one there was turns out to be broken: the server may have been restarted since. A step
    /// that was done all the same is done again, which changes nothing more; a swap then finds its own version, and its caller, who
    /// looks again, its own value.
    pub(crate) async fn twice<T, F: Future<Output = Result<T, Error>>>(
        &self,
        attempt: impl Fn(Lent) -> F,
    ) -> Result<T, Error> {
        if let Some(known) = self.known().await? {
            match attempt(known).await {
                Err(Error::Io(_)) => self.idle().clear(),
                result => return result,
            }
        }
        attempt(self.new_one().await?).await
    }

    /// One that was used before, when there is one.
    async fn known(&self) -> Result<Option<Lent>, Error> {
        let place = self.place().await?;
        let known = {
            let mut idle = self.idle();
            idle.retain(|idle| idle.since.elapsed() < LONGEST_IDLE);
            idle.pop()
        };
        Ok(known.map(|known| self.lent(known.connection, place)))
    }

    async fn new_one(&self) -> Result<Lent, Error> {
        let place = self.place().await?;
        loop {
            match self.0.options.connect().await {
                // A server that starts, or has no place for the moment, says so.
                Err(Error::Database(refusal)) if refusal.is_transient_in_connect_phase() => {
                    tokio::time::sleep(PAUSE).await;
                }
                connected => return Ok(self.lent(connected?, place)),
            }
        }
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.0.places).acquire_owned().await.map_err(|_| Error::PoolClosed)
    }

    fn lent(&self, connection: PgConnection, place: OwnedSemaphorePermit) -> Lent {
        Lent { connection, home: self.clone(), _place: place }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection for one step.
pub(crate) struct Lent {
    connection: PgConnection,
    home: Connections,
    _place: OwnedSemaphorePermit,
}

impl Lent {
    /// After a step that succeeded: it is used again.
    pub(crate) fn give_back(self) {
        self.home.idle().push(Idle { since: Instant::now(), connection: self.connection });
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
