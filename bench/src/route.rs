//! An axum route over HTTP, with the layer and without, under load from another process.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::routing::get;
use axum::{Extension, Router};
use logto_authkit::AuthLayer;
use logto_authkit::testing::SigningAlgorithm;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::compare::median;
use crate::subject::Subject;
use crate::table::{Row, Target};

/// Connections that the load keeps busy.
const CONNECTIONS: usize = 64;
/// How long each turn lasts.
const TURN: Duration = Duration::from_millis(1500);
const TURNS: usize = 9;

pub(crate) fn rows(runtime: &Runtime) -> Vec<Row> {
    runtime.block_on(async {
        let subject = Subject::new(SigningAlgorithm::Es384, 100).await;
        let verifier = subject.verifier(10_000);
        for token in &subject.tokens {
            verifier.verify(token).await.expect("the token is good");
        }
        let route = || Router::new().route("/", get(|| async { "hello" }));
        let bare = serve(route()).await;
        let layered = serve(route().layer(AuthLayer::new(verifier))).await;
        // The least that a layer can do which tells handlers anything.
        let extended = serve(route().layer(Extension(Arc::new(())))).await;
        let (mut auth, mut extension) = (Turns::default(), Turns::default());
        for _ in 0..TURNS {
            let [auth_rate, bare_rate, extension_rate] =
                [load(layered, &subject).await, load(bare, &subject).await, load(extended, &subject).await];
            auth.add(auth_rate, bare_rate);
            extension.add(extension_rate, bare_rate);
        }
        vec![
            auth.row("axum route with `AuthLayer`, remembered token", Target::AtLeast(0.93)),
            extension.row("axum route with axum's own `Extension` layer", Target::None),
        ]
    })
}

/// Requests per second with a layer, and of the bare route in the same turns.
#[derive(Default)]
struct Turns {
    with: Vec<f64>,
    without: Vec<f64>,
    ratios: Vec<f64>,
}

impl Turns {
    fn add(&mut self, with: f64, without: f64) {
        self.with.push(with);
        self.without.push(without);
        self.ratios.push(with / without);
    }

    fn row(&mut self, what: &str, target: Target) -> Row {
        let ratio = median(&mut self.ratios);
        let (with, without) = (median(&mut self.with), median(&mut self.without));
        let figure = format!("{with:.0} / {without:.0} = {ratio:.2}");
        Row::figure(format!("{what}, against the bare route (requests per second)"), figure, ratio, target)
    }
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
    let address = listener.local_addr().expect("the listener is bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Requests per second that a load from another process gets answered.
async fn load(address: SocketAddr, subject: &Subject) -> f64 {
    let program = std::env::current_exe().expect("the program knows where it is");
    let output = tokio::process::Command::new(program)
        .args(["load", &address.to_string()])
        .args(&subject.tokens[..CONNECTIONS])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the program can start itself");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("the load failed: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The other process: keeps its connections busy for one turn, each with a user of its own, and prints what it got answered.
pub(crate) fn run_load(runtime: &Runtime, address: &str, tokens: &[&str]) {
    let answered: u64 = runtime.block_on(async {
        let deadline = Instant::now() + TURN;
        let tasks: Vec<_> = tokens
            .iter()
            .map(|token| {
                let address = address.to_owned();
                let request =
                    format!("GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
                tokio::spawn(async move {
                    let mut connection = TcpStream::connect(address).await.expect("the server listens");
                    connection.set_nodelay(true).expect("the connection is open");
                    let mut buffer = [0; 4096];
                    let mut answered = 0;
                    while Instant::now() < deadline {
                        connection.write_all(request.as_bytes()).await.expect("the connection is open");
                        let length = connection.read(&mut buffer).await.expect("the connection is open");
                        assert!(buffer[..length].starts_with(b"HTTP/1.1 200"), "the answer is a 200");
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        let mut answered = 0;
        for task in tasks {
            answered += task.await.expect("no connection fails");
        }
        answered
    });
    println!("{:.1}", answered as f64 / TURN.as_secs_f64());
}
