use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use logto_authkit_sign_in::{
    NewSession, SessionIndex, SessionKey, SessionLease, SessionStore, StoreError, StoreFuture, StoredSession,
};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Connection, Error, Postgres, Row, query};

use crate::connections::{Connections, Lent};

/// Sessions in Postgres: see the [crate's page](crate).
///
/// Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct PostgresStore {
    connections: Connections,
    /// For work that may take longer than a step.
    unbounded: PgConnectOptions,
    timeout: Duration,
}

const MIGRATIONS: &str = include_str!("../migrations/1_sessions.sql");
/// Processes that start at once wait here for each other: any number that nobody else takes.
const MIGRATION_LOCK: i64 = 0x6c6f_6774_6f5f_6175;

/// A step that takes longer has failed.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);
const DEFAULT_CONNECTIONS: u32 = 10;

const LOAD: &str = "select version, value from logto_sessions where key = $1 and expires_at > now()";
const CREATE: &str = "insert into logto_sessions (key, version, value, indexes, expires_at) \
    values ($1, 1, $2, $3, now() + $4 * interval '1 millisecond') \
    on conflict (key) do update set version = 1, value = excluded.value, indexes = excluded.indexes, \
    expires_at = excluded.expires_at";
const COMPARE_AND_SWAP: &str = "update logto_sessions set version = version + 1, value = $3 \
    where key = $1 and version = $2 and expires_at > now()";
const DELETE: &str = "delete from logto_sessions where key = $1";
const DELETE_ALL: &str = "delete from logto_sessions where indexes @> array[$1]";
const TAKE_LEASE: &str = "insert into logto_session_leases as lease (key, owner, until) \
    values ($1, $2, clock_timestamp() + $3 * interval '1 millisecond') \
    on conflict (key) do update set owner = excluded.owner, until = excluded.until \
    where lease.until <= clock_timestamp() or lease.owner = excluded.owner";
const RELEASE_LEASE: &str = "delete from logto_session_leases where key = $1 and owner = $2";
const SWEEP_SESSIONS: &str = "delete from logto_sessions where expires_at <= now()";
const SWEEP_LEASES: &str = "delete from logto_session_leases where until <= now()";

impl PostgresStore {
    /// With up to 10 connections to the database at `postgres://user:password@host:port/name`.
    ///
    /// # Errors
    /// The address is wrong, or the database does not answer within 2 s.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        PostgresStore::connect_with(url, DEFAULT_CONNECTIONS).await
    }

    /// With up to so many connections, at least 1.
    ///
    /// # Errors
    /// As [`connect`](PostgresStore::connect).
    pub async fn connect_with(url: &str, connections: u32) -> Result<Self, StoreError> {
        // The text of a parse error may repeat the address, and the password with it.
        let unbounded = PgConnectOptions::from_str(url).map_err(|_| {
            StoreError("postgres: the address is no postgres://user:password@host/name".to_owned())
        })?;
        // What nobody waits for any more ends on the server as well.
        let options = [("statement_timeout", DEFAULT_TIMEOUT.as_millis().to_string())];
        let connections = Connections::new(unbounded.clone().options(options), connections);
        let store = PostgresStore { connections, unbounded, timeout: DEFAULT_TIMEOUT };
        store.step(store.execute(|| query("select 1"))).await?;
        Ok(store)
    }

    /// How long a step may take before it has failed. Default 2 s, which is also the longest.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(DEFAULT_TIMEOUT);
        self
    }

    /// Makes the tables where they are not there. Safe to call at every start, of any number of processes at once.
    ///
    /// # Errors
    /// The database cannot be reached, or the user may not make tables.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = self.connection_for_long().await?;
        let mut transaction = connection.begin().await.map_err(failed)?;
        let lock = query("select pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK);
        lock.execute(&mut *transaction).await.map_err(failed)?;
        sqlx::raw_sql(MIGRATIONS).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// Takes away what has ended, and says how many sessions that were. Once an hour is enough; from several processes at once it does
    /// no harm.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        let mut connection = self.connection_for_long().await?;
        query(SWEEP_LEASES).execute(&mut connection).await.map_err(failed)?;
        Ok(query(SWEEP_SESSIONS).execute(&mut connection).await.map_err(failed)?.rows_affected())
    }

    async fn connection_for_long(&self) -> Result<PgConnection, StoreError> {
        self.step(self.unbounded.connect()).await
    }

    fn step<'a, T: 'a>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        let timeout = self.timeout;
        // Three kilobytes, which are moved here and nowhere else.
        let work = Box::pin(work);
        Box::pin(async move {
            match tokio::time::timeout(timeout, work).await {
                Ok(result) => result.map_err(failed),
                Err(_) => Err(StoreError("postgres: no answer in time".to_owned())),
            }
        })
    }

    async fn execute<'q>(&self, query: impl Fn() -> Statement<'q>) -> Result<u64, Error> {
        self.connections.twice(|connection| execute(query(), connection)).await
    }
}

type Statement<'q> = Query<'q, Postgres, PgArguments>;

async fn execute(query: Statement<'_>, mut connection: Lent) -> Result<u64, Error> {
    let done = query.execute(&mut *connection).await?;
    connection.give_back();
    Ok(done.rows_affected())
}

async fn fetch(query: Statement<'_>, mut connection: Lent) -> Result<Option<PgRow>, Error> {
    let row = query.fetch_optional(&mut *connection).await?;
    connection.give_back();
    Ok(row)
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// Versions count up from one.
fn version_of(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

impl SessionStore for PostgresStore {
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>> {
        self.step(async move {
            let load = || query(LOAD).bind(key.as_str());
            let row = self.connections.twice(|connection| fetch(load(), connection)).await?;
            let Some(row) = row else { return Ok(None) };
            let version: i64 = row.try_get(0)?;
            Ok(Some(StoredSession {
                version: u64::try_from(version).unwrap_or_default(),
                value: row.try_get(1)?,
            }))
        })
    }

    fn create<'a>(&'a self, key: &'a SessionKey, session: NewSession) -> StoreFuture<'a, ()> {
        self.step(async move {
            let indexes: Vec<_> = session.indexes.iter().map(SessionIndex::as_str).collect();
            let lifetime = millis(session.lifetime);
            let create =
                || query(CREATE).bind(key.as_str()).bind(&session.value).bind(&indexes).bind(lifetime);
            self.execute(create).await?;
            Ok(())
        })
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: Vec<u8>,
    ) -> StoreFuture<'a, bool> {
        self.step(async move {
            let swap = || query(COMPARE_AND_SWAP).bind(key.as_str()).bind(version_of(version)).bind(&value);
            Ok(self.execute(swap).await? == 1)
        })
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, bool> {
        self.step(async move { Ok(self.execute(|| query(DELETE).bind(key.as_str())).await? == 1) })
    }

    fn delete_all<'a>(&'a self, index: &'a SessionIndex) -> StoreFuture<'a, u64> {
        self.step(self.execute(|| query(DELETE_ALL).bind(index.as_str())))
    }

    fn take_lease<'a>(&'a self, lease: &'a SessionLease, span: Duration) -> StoreFuture<'a, bool> {
        self.step(async move {
            let take = || query(TAKE_LEASE).bind(lease.key().as_str()).bind(lease.owner()).bind(millis(span));
            Ok(self.execute(take).await? == 1)
        })
    }

    fn release_lease<'a>(&'a self, lease: &'a SessionLease) -> StoreFuture<'a, ()> {
        self.step(async move {
            let release = || query(RELEASE_LEASE).bind(lease.key().as_str()).bind(lease.owner());
            self.execute(release).await?;
            Ok(())
        })
    }
}

/// What goes to the log: what kind of failure it is, and of the database's word its code.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn failed(error: Error) -> StoreError {
    StoreError(match &error {
        Error::Database(refusal) => match refusal.code() {
            Some(code) => format!("postgres: refused with {code}"),
            None => "postgres: refused".to_owned(),
        },
        Error::Io(cause) => format!("postgres: {}", cause.kind()),
        Error::Tls(_) => "postgres: TLS failed".to_owned(),
        _ => "postgres: the connection failed".to_owned(),
    })
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}
