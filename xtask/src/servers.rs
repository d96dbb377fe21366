//! The programs of the system that the tests start: whether they are there, and how they get there.

use std::path::{Path, PathBuf};

use crate::command::Command;

/// Where Debian keeps every release of Postgres, out of the way of others.
const POSTGRES_RELEASES: &str = "/usr/lib/postgresql";

/// The version of a Redis with its command line.
pub(crate) fn redis() -> Result<String, String> {
    version(&Command::new("redis-cli", ["--version"]))?;
    version(&Command::new("redis-server", ["--version"]))
}

/// Where a Postgres is.
pub(crate) fn postgres() -> Result<String, String> {
    let releases = std::fs::read_dir(POSTGRES_RELEASES).into_iter().flatten().flatten();
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let found: Option<PathBuf> = releases
        .map(|release| release.path().join("bin"))
        .chain(on_path.into_iter().flatten())
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists());
    found.map(|folder| folder.display().to_string()).ok_or_else(|| "not found".to_owned())
}

/// The version of a Chromium, where the tests look for it (`testing/browser/chromium.mjs`).
pub(crate) fn chromium() -> Result<String, String> {
    let programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let program = programs.into_iter().find(|program| Path::new(program).exists());
    version(&Command::new(program.ok_or("not found")?, ["--version"]))
}

/// Installs packages of the system where that is Debian's.
pub(crate) fn install(packages: &[&'static str]) -> Result<(), String> {
    let by_hand = || format!("install it: `apt-get install {}` on Debian", packages.join(" "));
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(by_hand());
    }
    let is_root = Command::new("id", ["-u"]).output().is_ok_and(|id| id.trim() == "0");
    let apt = |arguments: &[&str]| {
        let command = if is_root {
            Command::new("apt-get", arguments.iter().copied())
        } else {
            Command::new("sudo", ["apt-get"]).with_args(arguments)
        };
        command.with_env("DEBIAN_FRONTEND", "noninteractive").run().map_err(|_| by_hand())
    };
    apt(&["update"])?;
    apt(&[&["install", "--yes", "--no-install-recommends"], packages].concat())?;
    Ok(())
}

fn version(command: &Command) -> Result<String, String> {
    let said = command.output().map_err(|_| "not found".to_owned())?;
    Ok(said.lines().next().unwrap_or_default().trim().to_owned())
}
