//! A proxy that the environment names: asked for `https`, never for plain `http`.
//!
//! The environment belongs to a process, so the test runs itself as a child.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use logto_authkit_verifier::{
    HttpClient, HttpError, HttpLimits, KeySources, ReqwestClient, SystemClock, Verifier,
};

use crate::{API, World};

/// The issuer's address, in the child.
const ISSUER: &str = "LOGTO_AUTHKIT_TEST_ISSUER";
const THIS_TEST: &str = "proxy::a_proxy_of_the_environment_is_asked_for_https_and_never_for_plain_http";

#[test]
fn a_proxy_of_the_environment_is_asked_for_https_and_never_for_plain_http() {
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    if let Ok(issuer) = std::env::var(ISSUER) {
        return server.block_on(with_a_proxy_in_the_environment(&issuer));
    }
    let world = server.block_on(World::new());
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let seen = thread::spawn(move || {
        let mut seen = Vec::new();
        loop {
            let (mut connection, _) = proxy.accept().unwrap();
            let mut line = String::new();
            BufReader::new(&connection).read_line(&mut line).unwrap();
            if line == "END\n" {
                return seen;
            }
            seen.push(line.trim_end().to_owned());
            let _ = connection.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", THIS_TEST, "--nocapture"]).env(ISSUER, world.issuer.logto_url());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        let url = format!("http://user:opensesame@{address}");
        child.env(name, &url).env(name.to_lowercase(), url);
    }
    for name in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        child.env_remove(name);
    }
    let output = child.output().unwrap();
    // Connections are accepted in their order, so nothing is missed.
    TcpStream::connect(address).unwrap().write_all(b"END\n").unwrap();
    let seen = seen.join().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\nthe proxy was asked for {seen:?}");
    assert!(said.contains("1 passed"), "the child has run nothing:\n{said}");
    assert_eq!(seen, ["CONNECT keys.invalid:443 HTTP/1.1"]);
    assert_eq!(world.issuer.counters().jwks, 1);
}

async fn with_a_proxy_in_the_environment(issuer: &str) {
    let client = ReqwestClient::new();
    let sources = KeySources::new(Arc::new(client.clone()), Arc::new(SystemClock::new()));
    let verifier = Verifier::builder(issuer).audience(API).key_sources(&sources).build().unwrap();
    verifier.warm_up().await.unwrap();
    let request = http::Request::get("https://keys.invalid/oidc/jwks").body(Vec::new()).unwrap();
    let limits = HttpLimits::new(Duration::from_secs(5), 1024);
    let refused = client.send(request, limits).await.unwrap_err();
    assert!(matches!(refused, HttpError::Connect(_)), "{refused:?}");
    for text in [format!("{client:?} {sources:?}"), refused.to_string()] {
        assert!(!text.contains("opensesame") && !text.contains("dXNlcjpvcGVuc2VzYW1l"), "{text}");
    }
}
