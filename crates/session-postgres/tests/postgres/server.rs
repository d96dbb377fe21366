use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A `postgres` on a free loopback port, with a directory of its own.
pub(crate) struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    process: Option<Child>,
}

const PATIENCE: Duration = Duration::from_secs(60);
/// Who runs it where the test runs as root, which Postgres refuses: a user that Debian's package makes.
const USER: &str = "postgres";

impl Server {
    pub(crate) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder =
            std::env::temp_dir().join(format!("logto-authkit-postgres-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut server = Server { programs: programs(), folder, port, process: None };
        if is_root() {
            let given = Command::new("chown").arg(USER).arg(&server.folder).status().unwrap();
            assert!(given.success(), "the test needs the user {USER}: apt-get install postgresql");
        }
        let mut command = server.command("initdb");
        command.args([
            "--username",
            "app",
            "--auth",
            "trust",
            "--no-sync",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "-D",
        ]);
        let made = command.arg(server.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.restart();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://app@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it again, on the same port and with what it has on the disk.
    pub(crate) fn restart(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-h", "127.0.0.1", "-k"]);
        let process = command.arg(&self.folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.process = Some(process);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "postgres does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as a crash does, with all its processes.
    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid"));
        let pid = pid.ok().and_then(|text| text.lines().next().map(str::to_owned));
        // Its children end when they see that their parent has.
        if let Some(pid) = pid {
            let _ = Command::new("kill").args(["-QUIT", &pid]).status();
        }
        let _ = process.wait();
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The directory of the newest `postgres`: Debian keeps it out of the way of others.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|folders| folders.filter_map(|folder| Some(folder.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    found.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    found.sort();
    let has = |folder: &&PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    found.iter().rev().find(has).cloned().expect("the test needs postgres: apt-get install postgresql")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&id.stdout).trim() == "0"
}
