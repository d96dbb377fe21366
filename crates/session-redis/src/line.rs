use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, RedisFuture, Value};

/// A connection to one server or to all of a cluster; clones share it.
#[derive(Clone)]
pub(crate) enum Line {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Line {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Line::Single(line) => line.req_packed_command(command),
            Line::Cluster(line) => line.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Line::Single(line) => line.req_packed_commands(commands, offset, count),
            Line::Cluster(line) => line.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Line::Single(line) => line.get_db(),
            Line::Cluster(line) => line.get_db(),
        }
    }
}
