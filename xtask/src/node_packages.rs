//! The Node packages of the project: where they are, and whether what they depend on is installed.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::command::{Command, Failure};

/// A folder with a `package.json` and a `package-lock.json`.
pub(crate) struct NodePackage {
    pub(crate) folder: &'static str,
    /// What `npm run build` makes and the tests need.
    pub(crate) is_built: bool,
    /// Whether `npm test` tests it. The examples are tested by the package that they are examples of.
    pub(crate) has_tests: bool,
}

pub(crate) const NODE_PACKAGES: &[NodePackage] = &[
    NodePackage { folder: "testing/oidc-provider", is_built: false, has_tests: true },
    NodePackage { folder: "node", is_built: true, has_tests: true },
    NodePackage { folder: "testing/browser", is_built: false, has_tests: true },
    NodePackage { folder: "examples/express", is_built: false, has_tests: false },
    NodePackage { folder: "examples/express-sign-in", is_built: false, has_tests: false },
    NodePackage { folder: "examples/next", is_built: false, has_tests: false },
];

/// What the build of the Node package writes into the repository, and must write the same everywhere.
const GENERATED: &str = "node/native";

pub(crate) const OLDEST_NODE: u32 = 20;

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The version of a Node.js that is new enough, or what was found instead.
pub(crate) fn node_version() -> Result<String, String> {
    let version = version_of("node")?;
    match major(&version) {
        Some(major) if major >= OLDEST_NODE => Ok(version),
        _ => Err(format!("{version} is too old")),
    }
}

pub(crate) fn npm_version() -> Result<String, String> {
    version_of(NPM)
}

impl NodePackage {
    /// Why `npm ci` has to run, or nothing where the installed packages are those of the lock file.
    pub(crate) fn stale(&self) -> Option<&'static str> {
        let folder = Path::new(self.folder);
        let locked = modified(&folder.join("package-lock.json"));
        // npm writes this one when everything else is in place, so a broken-off installation has none.
        let installed = modified(&folder.join("node_modules/.package-lock.json"));
        staleness(locked, installed)
    }

    /// Install scripts of packages do not run: no package we use needs one.
    pub(crate) fn install(&self) -> Result<(), Failure> {
        let args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
        Command::new(NPM, args).in_folder(self.folder).run().map(|_| ())
    }

    pub(crate) fn build(&self) -> Result<(), Failure> {
        if !self.is_built {
            return Ok(());
        }
        self.npm(["run", "build"]).run()?;
        // Bindings that differ from those in the repository belong into the same commit as what they bind.
        Command::new("git", ["diff", "--exit-code", "--", GENERATED]).run().map(|_| ())
    }

    pub(crate) fn test_command(&self) -> Command {
        self.npm(["test"])
    }

    pub(crate) fn bench_command(&self) -> Command {
        self.npm(["run", "bench", "--"])
    }

    fn npm<const N: usize>(&self, args: [&'static str; N]) -> Command {
        Command::new(NPM, args).in_folder(self.folder)
    }
}

fn version_of(program: &'static str) -> Result<String, String> {
    let version = Command::new(program, ["--version"]).output().map_err(|_| "not found".to_owned())?;
    Ok(version.trim().to_owned())
}

fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

fn staleness(locked: Option<SystemTime>, installed: Option<SystemTime>) -> Option<&'static str> {
    match (locked, installed) {
        (None, _) => Some("package-lock.json is missing"),
        (_, None) => Some("node_modules is missing"),
        (Some(locked), Some(installed)) if installed < locked => {
            Some("node_modules is older than package-lock.json")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("9"), Some(9));
        assert_eq!(major("nonsense"), None);
    }

    #[test]
    fn packages_are_stale_until_npm_has_finished_after_the_lock_file() {
        let before = SystemTime::UNIX_EPOCH;
        let after = before + Duration::from_secs(1);
        assert_eq!(staleness(Some(before), Some(after)), None);
        assert_eq!(staleness(Some(before), Some(before)), None);
        assert_eq!(staleness(Some(before), None), Some("node_modules is missing"));
        assert_eq!(
            staleness(Some(after), Some(before)),
            Some("node_modules is older than package-lock.json")
        );
        assert_eq!(staleness(None, Some(after)), Some("package-lock.json is missing"));
    }
}
