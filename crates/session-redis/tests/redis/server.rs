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

const PATIENCE: Duration = Duration::from_secs(30);

impl Server {
    /// Starts one; without options it keeps nothing on the disk.
    pub(crate) fn start(options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Server::start_at(port, options)
    }

    fn start_at(port: u16, options: &[&str]) -> Self {
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

    pub(crate) fn signal(&self, name: &str) {
        if let Some(process) = &self.process {
            let told = Command::new("kill").args([format!("-{name}"), process.id().to_string()]).status();
            assert!(told.unwrap().success());
        }
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

/// Three servers that share the keys.
pub(crate) struct Cluster(Vec<Server>);

impl Cluster {
    pub(crate) fn start() -> Self {
        let servers: Vec<_> =
            (0..3).map(|_| Server::start_at(port_for_cluster(), &["--cluster-enabled", "yes"])).collect();
        let addresses = servers.iter().map(|server| format!("127.0.0.1:{}", server.port));
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .args(["--cluster-replicas", "0", "--cluster-yes"])
            .output()
            .expect("the test needs redis-cli: apt-get install redis-tools");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        let begun = Instant::now();
        while !servers
            .iter()
            .all(|server| tell(server.port, &["cluster", "info"]).contains("cluster_state:ok"))
        {
            assert!(begun.elapsed() < PATIENCE, "the cluster does not come together");
            std::thread::sleep(Duration::from_millis(50));
        }
        Cluster(servers)
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.0.iter().map(Server::url).collect()
    }
}

/// A free port whose second port, for talk among the servers, exists: it lies 10 000 higher.
fn port_for_cluster() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let lower = if port > 55_000 { port - 20_000 } else { port };
        if TcpListener::bind(("127.0.0.1", lower)).is_ok()
            && TcpListener::bind(("127.0.0.1", lower + 10_000)).is_ok()
        {
            return lower;
        }
    }
}

fn tell(port: u16, words: &[&str]) -> String {
    let answer =
        Command::new("redis-cli").args(["-p", &port.to_string()]).args(words).stderr(Stdio::null()).output();
    let answer = answer.expect("the test needs redis-cli: apt-get install redis-tools");
    String::from_utf8_lossy(&answer.stdout).into_owned()
}
