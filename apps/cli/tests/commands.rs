//! The built command, run as a person or a program runs it.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

/// A command that ends with this value.
struct Running {
    _child: Child,
    ready: Value,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logto-authkit"));
    command
        .args(arguments)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Running {
    async fn demo() -> Self {
        let mut child = command(&["demo", "--port", "0", "--issuer-port", "0", "--json"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        Running { _child: child, ready }
    }

    fn text(&self, member: &str) -> &str {
        self.ready[member].as_str().unwrap()
    }

    async fn token(&self, scope: &str, organization: Option<&str>) -> String {
        let mut form =
            vec![("grant_type", "client_credentials"), ("resource", self.text("audience")), ("scope", scope)];
        form.extend(organization.map(|id| ("organization_id", id)));
        let answer = reqwest::Client::new()
            .post(format!("{}/token", self.text("issuer")))
            .basic_auth(self.text("client_id"), Some(self.text("client_secret")))
            .form(&form)
            .send()
            .await
            .unwrap();
        let body: Value = answer.json().await.unwrap();
        body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    async fn status(&self, method: &str, path: &str, token: Option<&str>) -> u16 {
        let url = format!("{}{path}", self.text("app"));
        let request = reqwest::Client::new().request(method.parse().unwrap(), url);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.unwrap().status().as_u16()
    }
}

/// Runs a command to its end: exit code, standard output, standard error.
async fn run(arguments: &[&str], input: Option<&str>) -> (i32, String, String) {
    let mut command = command(arguments);
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    if let Some(input) = input {
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
    }
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn the_demo_admits_and_refuses_route_by_route() {
    let demo = Running::demo().await;
    let organization = demo.text("organization_id");
    let (read, write, member) = (
        demo.token("read:products", None).await,
        demo.token("read:products write:products", None).await,
        demo.token("read:products", Some(organization)).await,
    );
    let own = format!("/api/organizations/{organization}/products");
    for (method, path, expected) in [
        // Without a token, with one that reads, one that reads and writes, one of the organization.
        ("GET", "/api/me", [401, 200, 200, 403]),
        ("GET", "/api/products", [401, 200, 200, 403]),
        ("POST", "/api/products", [401, 403, 201, 403]),
        ("GET", own.as_str(), [401, 403, 403, 200]),
        ("GET", "/api/organizations/another/products", [401, 403, 403, 403]),
        ("GET", "/api/visitors", [200, 200, 200, 200]),
        ("GET", "/", [200, 200, 200, 200]),
    ] {
        for (token, expected) in [None, Some(&read), Some(&write), Some(&member)].into_iter().zip(expected) {
            assert_eq!(
                demo.status(method, path, token.map(String::as_str)).await,
                expected,
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn the_demo_s_line_for_programs_has_all_members() {
    let demo = Running::demo().await;
    let mut members: Vec<_> = demo.ready.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "app",
            "audience",
            "client_id",
            "client_secret",
            "issuer",
            "logto_url",
            "organization_id",
            "password",
            "username"
        ]
    );
    assert_eq!(demo.text("issuer"), format!("{}/oidc", demo.text("logto_url")));
}

#[tokio::test]
async fn the_demo_signs_people_in_and_calls_the_api_for_them() {
    let demo = Running::demo().await;
    let mut visitor = Visitor::new();
    let app = demo.text("app");
    assert!(visitor.page(&format!("{app}/account")).await.contains("Nobody is signed in"));

    // The issuer asks for a name and a password; its form says where it is to be sent.
    let form = visitor.page(&format!("{app}/auth/sign-in?return_to=/account")).await;
    let interaction = form.split_once("name=\"interaction\" value=\"").unwrap().1.split_once('"').unwrap().0;
    let fields = [
        ("interaction", interaction),
        ("username", demo.text("username")),
        ("password", demo.text("password")),
    ];
    let url = format!("{}/sign-in", demo.text("logto_url"));
    let page = visitor.send(visitor.http.post(url).form(&fields)).await;
    assert!(page.contains("Alice Example") && page.contains("org_demo:admin"), "{page}");

    let page = visitor.page(&format!("{app}/account?organization=org_demo&call=organization")).await;
    assert!(page.contains("200") && page.contains("desk"), "{page}");
    let user: Value = serde_json::from_str(&visitor.page(&format!("{app}/auth/user")).await).unwrap();
    assert_eq!((&user["isAuthenticated"], &user["claims"]["sub"]), (&true.into(), &"alice".into()));

    let own = visitor.http.post(format!("{app}/auth/sign-out")).header("sec-fetch-site", "same-origin");
    visitor.send(own).await;
    assert!(visitor.page(&format!("{app}/account")).await.contains("Nobody is signed in"));
}

/// Somebody with a browser that keeps the cookies of each host and port apart.
struct Visitor {
    http: reqwest::Client,
    cookies: std::collections::BTreeMap<(String, String), String>,
}

impl Visitor {
    fn new() -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Visitor { http, cookies: std::collections::BTreeMap::new() }
    }

    async fn page(&mut self, url: &str) -> String {
        self.send(self.http.get(url).header("accept", "text/html")).await
    }

    /// Sends a request and follows where it leads.
    async fn send(&mut self, request: reqwest::RequestBuilder) -> String {
        let mut request = request.build().unwrap();
        loop {
            let (url, host) = (request.url().clone(), request.url().authority().to_owned());
            let own = self.cookies.iter().filter(|((of, _), _)| *of == host);
            let line: Vec<_> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
            if !line.is_empty() {
                request.headers_mut().insert("cookie", line.join("; ").parse().unwrap());
            }
            let answer = self.http.execute(request).await.unwrap();
            for line in answer.headers().get_all("set-cookie") {
                let line = line.to_str().unwrap();
                let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
                let key = (host.clone(), name.to_owned());
                if line.contains("Max-Age=0") {
                    self.cookies.remove(&key);
                } else {
                    self.cookies.insert(key, value.to_owned());
                }
            }
            match answer.headers().get("location") {
                Some(to) => {
                    let to = url.join(to.to_str().unwrap()).unwrap();
                    request = self.http.get(to).header("accept", "text/html").build().unwrap();
                }
                None => return answer.text().await.unwrap(),
            }
        }
    }
}

#[tokio::test]
async fn the_demo_trusts_another_server_when_told_to() {
    let other = Running::demo().await;
    let arguments = [
        "demo",
        "--port",
        "0",
        "--logto-url",
        other.text("logto_url"),
        "--audience",
        other.text("audience"),
        "--json",
    ];
    let mut child = command(&arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!((&ready["issuer"], &ready["client_id"]), (&other.ready["issuer"], &Value::Null));
    let demo = Running { _child: child, ready };
    let token = other.token("read:products", None).await;
    assert_eq!(demo.status("GET", "/api/products", Some(&token)).await, 200);
    assert_eq!(demo.status("POST", "/demo/token", None).await, 404);
}

#[tokio::test]
async fn the_page_gets_tokens_from_the_development_issuer() {
    let demo = Running::demo().await;
    let answer = reqwest::Client::new()
        .post(format!("{}/demo/token", demo.text("app")))
        .json(&serde_json::json!({ "scope": "read:products", "organization_id": "org_demo" }))
        .send()
        .await
        .unwrap();
    let token = answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(demo.status("GET", "/api/organizations/org_demo/products", Some(&token)).await, 200);
}

#[tokio::test]
async fn verify_says_accepted_refused_or_nobody_can_tell() {
    let demo = Running::demo().await;
    let token = demo.token("read:products", None).await;
    let (url, audience) = (demo.text("logto_url"), demo.text("audience"));
    let nowhere = "http://127.0.0.1:9";
    let slash = format!("{audience}/");
    for (arguments, code, says) in [
        (vec!["--logto-url", url, "--audience", audience], 0, "accepted"),
        (vec!["--logto-url", url, "--audience", &slash], 1, "differ by a slash"),
        (
            vec!["--logto-url", url, "--audience", audience, "--organization", "org_demo"],
            1,
            "wrong_organization",
        ),
        (vec!["--logto-url", url, "--organization", "org_demo"], 1, "invalid_audience"),
        (
            vec!["--logto-url", url, "--audience", audience, "--required-scope", "write:products"],
            1,
            "missing_scope",
        ),
        (vec!["--logto-url", url, "--audience", audience, "--now", "99999999999"], 1, "token_expired"),
        (vec!["--logto-url", nowhere, "--audience", audience], 1, "invalid_issuer"),
    ] {
        let arguments = [&["verify"], arguments.as_slice(), &["-"]].concat();
        let (found, output, errors) = run(&arguments, Some(&format!("Bearer {token}\n"))).await;
        assert_eq!(found, code, "{arguments:?}\n{output}{errors}");
        assert!(output.contains(says), "{arguments:?}\n{output}");
        let signature = token.rsplit('.').next().unwrap();
        assert!(!output.contains(signature) && !errors.contains(signature), "the token is printed");
    }
}

#[tokio::test]
async fn verify_explains_tokens_that_are_no_access_tokens() {
    for (token, says) in [
        ("DJaOsZqVFbBsZZYH8P3oZ4JHzLHzQ2Q8wW8Tt3u6O6X", "name your API resource"),
        ("a.b.c.d.e", "encrypted"),
        ("eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCJ9.e30.AAAA", "this is an ID token"),
        ("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.", "only asymmetric signatures"),
    ] {
        let arguments = [
            "verify",
            "--logto-url",
            "https://tenant.logto.app",
            "--audience",
            "https://api.example.com",
            token,
        ];
        let (code, output, _) = run(&arguments, None).await;
        assert_eq!(code, 1, "{output}");
        assert!(output.contains(says), "{output}");
    }
}

#[tokio::test]
async fn verify_reads_keys_from_a_file_and_answers_in_json() {
    let demo = Running::demo().await;
    let token = demo.token("read:products", None).await;
    let keys = reqwest::get(format!("{}/jwks", demo.text("issuer"))).await.unwrap().text().await.unwrap();
    let file = std::env::temp_dir().join(format!("logto-authkit-test-{}.json", std::process::id()));
    std::fs::write(&file, keys).unwrap();
    let (url, audience, path) =
        (demo.text("logto_url").to_owned(), demo.text("audience").to_owned(), file.to_str().unwrap());
    drop(demo);
    let arguments = ["verify", "--logto-url", &url, "--audience", &audience, "--jwks", path, "--json", "-"];
    let (code, output, _) = run(&arguments, Some(&token)).await;
    let without_file = ["verify", "--logto-url", &url, "--audience", &audience, "--json", "-"];
    let unknown = run(&without_file, Some(&token)).await;
    std::fs::remove_file(&file).unwrap();

    let result: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((code, &result["accepted"], &result["code"]), (0, &true.into(), &Value::Null));
    assert_eq!(result["claims"]["sub"], "demo-machine");
    let names: Vec<_> =
        result["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert!(names.starts_with(&[
        "shape",
        "algorithm",
        "type",
        "claims",
        "issuer",
        "audience",
        "time",
        "key",
        "signature"
    ]));
    assert!(
        result["checks"]
            .as_array()
            .unwrap()
            .iter()
            .all(|check| check["ok"] == true && check["detail"].is_string())
    );
    // The server is gone: nobody can tell.
    let result: Value = serde_json::from_str(&unknown.1).unwrap();
    assert_eq!(
        (unknown.0, &result["accepted"], &result["code"]),
        (2, &false.into(), &"keys_unavailable".into())
    );
}

#[tokio::test]
async fn doctor_tells_a_healthy_server_from_none() {
    let demo = Running::demo().await;
    let (code, output, _) = run(&["doctor", "--logto-url", demo.text("logto_url")], None).await;
    assert_eq!(code, 0, "{output}");
    for check in ["TLS", "discovery", "issuer", "keys", "clock"] {
        assert!(output.contains(&format!("✓ {check}")), "{output}");
    }
    let (code, output, _) = run(&["doctor", "--logto-url", "http://127.0.0.1:9"], None).await;
    assert_eq!(code, 2, "{output}");
    // The API is no identity server.
    let (code, output, _) = run(&["doctor", "--logto-url", demo.text("app"), "--json"], None).await;
    assert_eq!((code, serde_json::from_str::<Value>(&output).unwrap()["healthy"].clone()), (2, false.into()));
}

#[tokio::test]
async fn the_issuer_reads_its_users_from_a_file() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/issuer.example.toml");
    let mut child = command(&["issuer", "--port", "0", "--config", example]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut issuer = None;
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(address) = line.strip_prefix("issuer ") {
            issuer = Some(address.trim().to_owned());
            break;
        }
    }
    let document: Value =
        reqwest::get(format!("{}/.well-known/openid-configuration", issuer.as_ref().unwrap()))
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
    assert_eq!(document["issuer"], issuer.unwrap());
}

#[tokio::test]
async fn wrong_input_is_one_clear_sentence_and_exit_code_2() {
    let demo = Running::demo().await;
    let busy = demo.text("app").rsplit(':').next().unwrap().to_owned();
    let api = "https://api.example.com";
    let tenant = "https://tenant.logto.app";
    for (arguments, says) in [
        (vec!["demo", "--port", &busy, "--issuer-port", "0"], "is in use"),
        (vec!["demo", "--port", "0", "--issuer-port", &busy], "--issuer-port"),
        (vec!["demo", "--port", "0", "--logto-url", tenant], "--audience"),
        (vec!["demo", "--port", "0", "--audience", api], "--logto-url"),
        (
            vec!["demo", "--port", "0", "--logto-url", "http://127.0.0.1:9", "--audience", api],
            "does not answer",
        ),
        (
            vec!["demo", "--port", "0", "--logto-url", "https://tenant.logto.app/oidc", "--audience", api],
            "write https://tenant",
        ),
        (vec!["demo", "--port", "0", "--logto-url", tenant, "--audience", ""], "--audience"),
        (vec!["verify", "--logto-url", tenant, "x"], "--audience"),
        (
            vec!["verify", "--logto-url", "tenant.logto.app", "--audience", api, "x"],
            "write https://tenant.logto.app",
        ),
        (
            vec!["verify", "--logto-url", tenant, "--audience", api, "--jwks", "nowhere.json", "x"],
            "cannot be read",
        ),
        (
            vec!["verify", "--logto-url", tenant, "--audience", api, "--required-scope", "a b", "x"],
            "--required-scope",
        ),
        (vec!["verify", "--logto-url", tenant, "--organization", "a b", "x"], "--organization"),
        (vec!["verify", "--logto-url", tenant, "--audience", api, "-"], "the token is empty"),
        (vec!["doctor", "--logto-url", "ftp://x"], "--logto-url"),
        (vec!["issuer", "--config", "nowhere.toml"], "cannot be read"),
        (vec!["nonsense"], "nonsense"),
    ] {
        let (code, output, errors) = run(&arguments, None).await;
        assert_eq!(code, 2, "{arguments:?}\n{output}{errors}");
        assert!(errors.contains(says), "{arguments:?}\n{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_told_before_anything_is_ready() {
    let (code, output, error) =
        run(&["demo", "--port", "0", "--issuer-port", "0", "--sessions", "redis://127.0.0.1:1"], None).await;
    assert_eq!((code, output.as_str()), (2, ""));
    assert!(error.contains("LOGTO_AUTHKIT_SEALING_KEY is not set"), "{error}");
}
