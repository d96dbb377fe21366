use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A `redis-server` on a free loopback port, with a directory of its own.
pub(crate) struct Server {
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
    process: Option<Child>,
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

impl Server {
    /// Starts one; without options it keeps nothing on the disk.
    pub(crate) fn start(options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Server::start_at(port, options)
    }

    pub(crate) fn start_at(port: u16, options: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("logto-authkit-redis-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut server = Server { port, folder, options, process: None };
        server.restart();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it again, on the same port and with what it has on the disk.
    pub(crate) fn restart(&mut self) {
        let process = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--loglevel",
                "warning",
                "--port",
                &self.port.to_string(),
            ])
            .arg("--dir")
            .arg(&self.folder)
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the test needs redis-server: apt-get install redis-server");
        self.process = Some(process);
        let begun = Instant::now();
        while !tell(self.port, &["ping"]).contains("PONG") {
            assert!(begun.elapsed() < PATIENCE, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The process that serves.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn tell(port: u16, words: &[&str]) -> String {
    let answer =
        Command::new("redis-cli").args(["-p", &port.to_string()]).args(words).stderr(Stdio::null()).output();
    let answer = answer.expect("the test needs redis-cli: apt-get install redis-tools");
    String::from_utf8_lossy(&answer.stdout).into_owned()
}
