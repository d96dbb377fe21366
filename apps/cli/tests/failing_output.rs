//! Where the command cannot write, it says so if it can, and never with a verdict or a panic.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write, pipe};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

const TENANT: &str = "https://tenant.logto.app";

/// Nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Only a command that never ends takes that long.
const FAR_TOO_LONG: Duration = Duration::from_secs(60);

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logto-authkit"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn full_disk() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// A pipe whose reader has gone away.
fn broken_pipe() -> Stdio {
    pipe().unwrap().1.into()
}

/// A refusal that needs no server.
const VERIFY: [&str; 6] = ["verify", "--logto-url", TENANT, "--audience", "api", "x"];

/// Exit code and standard error.
async fn run_to_its_end(arguments: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let mut command = tokio::process::Command::from(command(arguments));
    let child = command.kill_on_drop(true).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    let output = timeout(FAR_TOO_LONG, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("{arguments:?} goes on as if it had told its result"))
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn a_result_that_cannot_be_written_is_a_failure_unless_its_reader_has_gone_away() {
    let verify_json = [VERIFY.as_slice(), &["--json"]].concat();
    for (arguments, code_without_reader) in [
        (&VERIFY as &[&str], Some(1)),
        (&verify_json, Some(1)),
        (&["doctor", "--logto-url", NOWHERE], Some(2)),
        (&["doctor", "--logto-url", NOWHERE, "--json"], Some(2)),
        (&["--help"], Some(0)),
        (&["help", "verify"], Some(0)),
        (&["--version"], Some(0)),
        // These serve until somebody stops them.
        (&["demo", "--port", "0", "--issuer-port", "0"], None),
        (&["demo", "--port", "0", "--issuer-port", "0", "--json"], None),
        (&["issuer", "--port", "0"], None),
    ] {
        let (code, errors) = run_to_its_end(arguments, full_disk()).await;
        assert_eq!(code, Some(2), "{arguments:?}\n{errors}");
        let sentence = "logto-authkit: cannot write the result: No space left on device";
        assert!(errors.starts_with(sentence) && errors.lines().count() == 1, "{arguments:?}\n{errors}");
        if code_without_reader.is_some() {
            let ended = run_to_its_end(arguments, broken_pipe()).await;
            assert_eq!(ended, (code_without_reader, String::new()), "{arguments:?}");
        }
    }
}

#[test]
fn the_exit_code_tells_what_standard_error_cannot() {
    for stderr in [full_disk, broken_pipe] {
        for arguments in [
            &["doctor", "--logto-url", "ftp://x"] as &[&str],
            &["issuer", "--config", "nowhere.toml"],
            &["verify", "--nonsense"],
            &[],
        ] {
            let status = command(arguments).stdout(Stdio::null()).stderr(stderr()).status().unwrap();
            assert_eq!(status.code(), Some(2), "{arguments:?}");
        }
        let status = command(&VERIFY).stdout(full_disk()).stderr(stderr()).status().unwrap();
        assert_eq!(status.code(), Some(2));
    }
}

#[test]
fn a_log_that_cannot_be_written_breaks_no_request() {
    for stderr in [full_disk, broken_pipe] {
        let mut demo = command(&["demo", "--port", "0", "--issuer-port", "0", "--json"])
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(stderr())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(demo.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_default();
        let answer = ready["app"].as_str().map(status_line_of_a_denial);
        demo.kill().unwrap();
        demo.wait().unwrap();
        assert_eq!(answer.as_deref(), Some("HTTP/1.1 401 Unauthorized"), "{line}");
    }
}

fn status_line_of_a_denial(app: &str) -> String {
    let mut connection = TcpStream::connect(app.strip_prefix("http://").unwrap()).unwrap();
    connection.write_all(b"GET /api/me HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}
