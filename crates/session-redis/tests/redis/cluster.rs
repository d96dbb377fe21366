use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::server::{PATIENCE, Server, tell};

/// Three servers that share the keys.
pub(crate) struct Cluster(Vec<Server>);

impl Cluster {
    pub(crate) fn start() -> Self {
        let servers: Vec<_> =
            (0..3).map(|_| Server::start_at(port_for_cluster(), &["--cluster-enabled", "yes"])).collect();
        let addresses = servers.iter().map(|server| format!("127.0.0.1:{}", server.port()));
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
            .all(|server| tell(server.port(), &["cluster", "info"]).contains("cluster_state:ok"))
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
