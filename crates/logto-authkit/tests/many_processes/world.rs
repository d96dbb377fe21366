//! An issuer, the processes of an application, and a browser.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use logto_authkit::keys::{Clock, ManualClock};
use logto_authkit::testing::{Application, DevIssuer, Resource, Role, User};
use reqwest::Client;
use tokio::task::JoinHandle;

use crate::application::{LISTENS, LOGTO_URL, NOW, STORE};

pub(crate) const API: &str = "https://api.example.com";
/// Where the browser thinks the application is, whichever process answers.
pub(crate) const HOME: &str = "http://localhost:4000";

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) issuer: DevIssuer,
    clock: Arc<ManualClock>,
    store: String,
    processes: Vec<Process>,
    http: Client,
}

struct Process {
    child: Child,
    port: u16,
}

/// What a request for a token was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Token(String),
    Unavailable,
    Gone,
    Other(u16, String),
}

impl Answer {
    pub(crate) fn token(&self) -> String {
        match self {
            Answer::Token(id) => id.clone(),
            other => panic!("{other:?} instead of a token"),
        }
    }
}

impl World {
    pub(crate) async fn start(store: String, processes: usize) -> Self {
        let clock = Arc::new(ManualClock::at_present());
        let issuers_clock = Arc::clone(&clock);
        let issuer = DevIssuer::builder()
            .resource(Resource::new(API).scopes(["read:products"]))
            .role(Role::new("reader").grant(API, ["read:products"]))
            .user(User::new("alice", "alice").roles(["reader"]))
            // A public client: its refresh tokens rotate at each use, and one that is used twice ends the grant.
            .application(Application::spa("public").redirect_uri(format!("{HOME}/auth/sign-in-callback")))
            .clock(move || issuers_clock.now().as_unix_millis())
            .start()
            .await
            .unwrap();
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let mut world = World { issuer, clock, store, processes: Vec::new(), http };
        for _ in 0..processes {
            world.add_process().await;
        }
        world
    }

    pub(crate) async fn add_process(&mut self) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process", "--nocapture"])
            .env(LOGTO_URL, self.issuer.logto_url())
            .env(STORE, &self.store)
            .env(NOW, self.clock.now().as_unix_seconds().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = tokio::task::spawn_blocking(move || {
            lines.map_while(Result::ok).find_map(|line| line.strip_prefix(LISTENS)?.parse().ok())
        });
        let port = told.await.unwrap().expect("the process ends before it listens");
        self.processes.push(Process { child, port });
    }

    pub(crate) fn kill(&mut self, index: usize) {
        let mut process = self.processes.remove(index);
        process.child.kill().unwrap();
        process.child.wait().unwrap();
    }

    /// Signs somebody in, and returns the browser's cookie.
    pub(crate) async fn sign_in(&self) -> String {
        let app = format!("http://127.0.0.1:{}", self.processes[0].port);
        let begun = self
            .http
            .get(format!("{app}/auth/sign-in"))
            .header("host", "localhost:4000")
            .send()
            .await
            .unwrap();
        let pending = cookie(&begun);
        let asked = self.http.get(location(&begun)).send().await.unwrap();
        let page = format!("{}{}", self.issuer.logto_url(), location(&asked));
        let page =
            self.http.get(page).header("cookie", cookie(&asked)).send().await.unwrap().text().await.unwrap();
        let interaction =
            page.split_once("name=\"interaction\" value=\"").unwrap().1.split_once('"').unwrap().0;
        let form = [("interaction", interaction), ("username", "alice"), ("password", "alice")];
        let url = format!("{}/sign-in", self.issuer.logto_url());
        let back = self.http.post(url).form(&form).send().await.unwrap();
        let callback = location(&back).replace(HOME, &app);
        let done = self.http.get(callback).header("cookie", pending).send().await.unwrap();
        assert_eq!(location(&done), format!("{HOME}/"));
        cookie(&done)
    }

    /// Asks one process which token the session has.
    pub(crate) fn ask(&self, index: usize, browser: &str) -> JoinHandle<Answer> {
        let url = format!("http://127.0.0.1:{}/token", self.processes[index].port);
        let request = self.http.get(url).header("cookie", browser);
        tokio::spawn(async move {
            let Ok(answer) = request.send().await else { return Answer::Gone };
            let status = answer.status().as_u16();
            let text = answer.text().await.unwrap_or_default();
            match status {
                200 => Answer::Token(text),
                503 => Answer::Unavailable,
                _ => Answer::Other(status, text),
            }
        })
    }

    /// Asks so many times at once, all processes in turn.
    pub(crate) async fn ask_all(&self, browser: &str, requests: usize) -> Vec<Answer> {
        let asking: Vec<_> =
            (0..requests).map(|number| self.ask(number % self.processes.len(), browser)).collect();
        let mut answers = Vec::with_capacity(requests);
        for answer in asking {
            answers.push(answer.await.unwrap());
        }
        answers
    }

    /// Lets time pass, everywhere.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        for process in &self.processes {
            let url = format!("http://127.0.0.1:{}/advance", process.port);
            let told = self.http.post(url).body(seconds.to_string()).send().await.unwrap();
            assert_eq!(told.status(), 200);
        }
    }

    pub(crate) fn refreshes(&self) -> u64 {
        self.issuer.counters().token_refresh
    }

    pub(crate) async fn until_refreshes(&self, count: u64) {
        let begun = Instant::now();
        while self.refreshes() < count {
            assert!(begun.elapsed() < PATIENCE, "nobody asks for a refresh");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn until_answered(&self, browser: &str) {
        let begun = Instant::now();
        for index in 0..self.processes.len() {
            while !matches!(self.ask(index, browser).await.unwrap(), Answer::Token(_)) {
                assert!(begun.elapsed() < PATIENCE, "process {index} does not get over it");
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

fn location(answer: &reqwest::Response) -> String {
    assert_eq!(answer.status(), 303);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// The cookies of an answer as a browser sends them.
fn cookie(answer: &reqwest::Response) -> String {
    let lines = answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let kept = lines.filter(|line| !line.contains("Max-Age=0"));
    kept.map(|line| line.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}
