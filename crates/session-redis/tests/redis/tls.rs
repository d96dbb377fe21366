use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use logto_authkit_session_redis::RedisStore;
use logto_authkit_sign_in::{SessionKey, SessionStore};

use crate::server::Server;

/// Where the other half of the test, in a process that trusts the server's certificate, finds the server.
const ADDRESS: &str = "LOGTO_AUTHKIT_TEST_REDISS";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_tls_is_believed_only_with_a_certificate_that_is_trusted() {
    if let Ok(url) = std::env::var(ADDRESS) {
        let store = RedisStore::connect(&url).await.unwrap();
        assert!(store.load(&SessionKey::of("a")).await.unwrap().is_none());
        return;
    }
    let folder = std::env::temp_dir().join(format!("logto-authkit-redis-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
    make_certificate(&key, &certificate);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let (key, certificate) = (key.to_str().unwrap(), certificate.to_str().unwrap());
    let files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no"];
    let _server = Server::start(&[&["--tls-port", &port], &files[..]].concat());
    let url = format!("rediss://127.0.0.1:{port}");

    let error = RedisStore::connect(&url).await.unwrap_err();
    assert!(error.to_string().starts_with("redis: "), "{error}");

    let name = "tls::a_server_with_tls_is_believed_only_with_a_certificate_that_is_trusted";
    let mut trusting = Command::new(std::env::current_exe().unwrap());
    trusting.args(["--exact", name]).env("SSL_CERT_FILE", certificate).env(ADDRESS, &url);
    let done = trusting.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

fn make_certificate(key: &Path, certificate: &Path) {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
    command.args(["-days", "1", "-subj", "/CN=redis of a test", "-addext", "subjectAltName=IP:127.0.0.1"]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    let made = command.arg("-keyout").arg(key).arg("-out").arg(certificate).output();
    let made = made.expect("the test needs openssl: apt-get install openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
