//! Who is signed in: from memory, from cookies, and from real servers.

#[path = "../../crates/session-postgres/tests/postgres/server.rs"]
#[allow(clippy::unwrap_used, dead_code, reason = "the server of the store's own tests")]
mod postgres;
#[path = "../../crates/session-redis/tests/redis/server.rs"]
#[allow(clippy::unwrap_used, dead_code, reason = "the server of the store's own tests")]
mod redis;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{COOKIE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Request, Response, Uri};
use logto_authkit::keys::{HttpClient, HttpLimits, ReqwestClient};
use logto_authkit::sign_in::{
    ContextOptions, LogtoClient, LogtoConfig, MemoryStore, PostgresStore, RedisStore, SessionStore,
    SignInOptions,
};
use logto_authkit::testing::{
    Application, DevIssuer, Organization, OrganizationRole, Resource, Role, SigningAlgorithm, User,
};
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::runtime::Runtime;

use crate::compare::compare;
use crate::subject::{API, Subject};
use crate::table::{Row, Target};
use crate::verification::block_on;

/// A session has about three kilobytes.
const SEALED: usize = 3 * 1024;
const HOME: &str = "http://localhost:4000";
const CALLS: usize = 200;
/// A step over the network takes longer, and fewer of them are enough.
const FAR_CALLS: usize = 100;
/// Each side takes its connections to Postgres in turn. Each has a process of its own at the server, and how long that takes to wake
/// depends on the processor that it happens to sit on: with one connection, one side or the other was twice as fast.
const CONNECTIONS: usize = 8;

pub(crate) fn rows(runtime: &Runtime) -> Vec<Row> {
    let issuer = runtime.block_on(issuer());
    let raw = runtime.block_on(Subject::new(SigningAlgorithm::Es384, 64));
    let mut rows = Vec::new();
    for (name, store, bound) in [
        ("memory", Some(Arc::new(MemoryStore::new()) as Arc<dyn SessionStore>), 1.0 / 25.0),
        ("cookies", None, 0.5),
    ] {
        let visit = Visit::new(runtime, &issuer, store);
        let found = compare(CALLS, |_| block_on(visit.context()), |call| raw.verify_raw(call));
        let what = format!("who is signed in, from {name}, against the raw ES384 check");
        rows.push(Row::new(what, found, Target::AtMost(bound)));
    }
    rows.push(on_redis(runtime, &issuer));
    rows.push(on_postgres(runtime, &issuer));
    rows
}

fn on_redis(runtime: &Runtime, issuer: &DevIssuer) -> Row {
    let server = redis::Server::start(&[]);
    let store = runtime.block_on(RedisStore::connect(&server.url())).expect("the server runs");
    let visit = Visit::new(runtime, issuer, Some(Arc::new(store)));
    let client = ::redis::Client::open(server.url()).expect("the address is right");
    let mut bare = runtime.block_on(client.get_multiplexed_async_connection()).expect("the server runs");
    let value = vec![b'x'; SEALED];
    let set = ::redis::cmd("SET").arg("bare").arg(&value).to_owned();
    let _: () = runtime.block_on(set.query_async(&mut bare)).expect("the server keeps it");
    let get = ::redis::cmd("GET").arg("bare").to_owned();
    let found = compare(
        FAR_CALLS,
        |_| runtime.block_on(visit.context()),
        |_| {
            drop(black_box(
                runtime.block_on(get.query_async::<Vec<u8>>(&mut bare)).expect("the server runs"),
            ));
        },
    );
    Row::new(
        "who is signed in, from Redis, against a bare `GET` of that size".to_owned(),
        found,
        Target::AtMost(1.3),
    )
}

fn on_postgres(runtime: &Runtime, issuer: &DevIssuer) -> Row {
    let server = postgres::Server::start();
    let stores: Vec<_> = (0..CONNECTIONS)
        .map(|_| runtime.block_on(PostgresStore::connect(&server.url())).expect("the server runs"))
        .collect();
    runtime.block_on(stores[0].migrate()).expect("the tables can be made");
    let first = Visit::new(runtime, issuer, Some(Arc::new(stores[0].clone())));
    let visits: Vec<_> = stores.into_iter().map(|store| first.over(issuer, Arc::new(store))).collect();
    let mut bare: Vec<_> = runtime.block_on(bare_connections(&server.url()));
    let mut select = async |call: usize| {
        let select = sqlx::query("select value from bare where key = $1").bind("bare");
        let row = select.fetch_one(&mut bare[call % CONNECTIONS]).await;
        row.and_then(|row| row.try_get::<Vec<u8>, _>(0)).expect("the row is there")
    };
    let found = compare(
        FAR_CALLS,
        |call| runtime.block_on(visits[call % CONNECTIONS].context()),
        |call| drop(black_box(runtime.block_on(select(call)))),
    );
    Row::new(
        "who is signed in, from Postgres, against a bare `SELECT` of that size".to_owned(),
        found,
        Target::AtMost(1.3),
    )
}

async fn bare_connections(url: &str) -> Vec<PgConnection> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(PgConnection::connect(url).await.expect("the server runs"));
    }
    let first = &mut connections[0];
    let create = "create table bare (key text primary key, value bytea)";
    sqlx::raw_sql(create).execute(&mut *first).await.expect("a table");
    let insert = sqlx::query("insert into bare values ('bare', $1)").bind(vec![b'x'; SEALED]);
    insert.execute(first).await.expect("a row");
    connections
}

async fn issuer() -> DevIssuer {
    let organizations = (0..5).map(|number| format!("organization_{number}"));
    let mut builder = DevIssuer::builder()
        .resource(Resource::new(API).scopes(["read:products"]))
        .role(Role::new("reader").grant(API, ["read:products"]))
        .user(User::new("alice", "alice").name("Alice Example").email("alice@example.com").roles(["reader"]))
        .application(Application::spa("bench").redirect_uri(format!("{HOME}/auth/sign-in-callback")));
    for id in organizations {
        let member = OrganizationRole::new("member").scopes(["read:members"]);
        builder = builder.organization(Organization::new(&id, &id).role(member).member("alice", ["member"]));
    }
    builder.start().await.expect("a loopback port is free")
}

/// A browser that is signed in, with a session of about three kilobytes: ID token, refresh token, two access tokens.
struct Visit {
    client: LogtoClient,
    headers: HeaderMap,
}

impl Visit {
    fn new(runtime: &Runtime, issuer: &DevIssuer, store: Option<Arc<dyn SessionStore>>) -> Self {
        let client = client(issuer, store);
        let headers = runtime.block_on(sign_in(issuer, &client));
        Visit { client, headers }
    }

    /// The same browser, at another process over the same sessions.
    fn over(&self, issuer: &DevIssuer, store: Arc<dyn SessionStore>) -> Self {
        Visit { client: client(issuer, Some(store)), headers: self.headers.clone() }
    }

    async fn context(&self) {
        let session = self.client.session(&self.headers).await.expect("the store is there");
        let context = session.context(&ContextOptions::default()).await;
        assert!(context.is_authenticated);
        black_box(context);
    }
}

fn client(issuer: &DevIssuer, store: Option<Arc<dyn SessionStore>>) -> LogtoClient {
    let config = LogtoConfig::builder(issuer.logto_url(), "bench")
        .base_url(HOME)
        .resource(API)
        .scope("read:products")
        .scope("email")
        .scope("roles")
        .scope("urn:logto:scope:organizations")
        .sealing_key("thirty-two random bytes, or more of them")
        .build()
        .expect("the configuration is right");
    let builder = LogtoClient::builder(config);
    match store {
        Some(store) => builder.shared_store(store).build(),
        None => builder.build(),
    }
}

/// Signs in and gets a token for the API, as a browser and an application do; the request headers of the browser afterwards.
async fn sign_in(issuer: &DevIssuer, client: &LogtoClient) -> HeaderMap {
    let begun =
        client.sign_in(&HeaderMap::new(), &SignInOptions::default()).await.expect("the issuer is there");
    let pending = cookies(&begun.set_cookies);
    let asked = send(Request::get(&begun.location), "").await;
    let page = format!("{}{}", issuer.logto_url(), location(&asked));
    let page = send(Request::get(page), "").await;
    let page = String::from_utf8_lossy(page.body()).into_owned();
    let interaction =
        page.split("name=\"interaction\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = format!("interaction={}&username=alice&password=alice", interaction.expect("the form has it"));
    let url = format!("{}/sign-in", issuer.logto_url());
    let back =
        send(Request::post(url).header("content-type", "application/x-www-form-urlencoded"), &form).await;
    let callback: Uri = location(&back)[HOME.len()..].parse().expect("a path");
    let done = client.handle_callback(&pending, &callback).await.expect("the callback is right");
    let headers = cookies(&done.set_cookies);
    let session = client.session(&headers).await.expect("the store is there");
    session.access_token(Some(API)).await.expect("the issuer is there");
    let changed = session.set_cookies();
    if changed.is_empty() { headers } else { cookies(&changed) }
}

async fn send(request: axum::http::request::Builder, body: &str) -> Response<Vec<u8>> {
    let request = request.body(body.as_bytes().to_vec()).expect("the request is right");
    let limits = HttpLimits::new(Duration::from_secs(10), 1 << 20);
    ReqwestClient::new().send(request, limits).await.expect("the issuer answers")
}

fn location(answer: &Response<Vec<u8>>) -> String {
    answer.headers()[LOCATION].to_str().expect("text").to_owned()
}

/// What a browser sends that was given these.
fn cookies(set: &[HeaderValue]) -> HeaderMap {
    let lines = set.iter().filter_map(|line| line.to_str().ok()).filter(|line| !line.contains("Max-Age=0"));
    let line: Vec<_> = lines.filter_map(|line| line.split(';').next()).collect();
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_str(&line.join("; ")).expect("cookies are text"));
    headers
}
