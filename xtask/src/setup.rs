//! `cargo xtask setup`: what the checks and the tests need.
//!
//! One line a requirement: `ok`, `installed`, or `missing` with what to do about it. Whatever is missing, the rest is
//! still set up, so that one run tells everything.

use std::time::Instant;

use crate::command::{Command, Failure, spoken};
use crate::node_packages::{self, NODE_PACKAGES, OLDEST_NODE};
use crate::servers;

/// Which command cannot work without a requirement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Check,
    Test,
}

struct Requirement {
    name: &'static str,
    why: &'static str,
    needed_by: &'static [Purpose],
    /// What is there (a version), or how it falls short.
    present: fn() -> Result<String, String>,
    /// Brings it in, or says what the reader has to do.
    install: fn() -> Result<(), String>,
}

const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        name: "C compiler",
        why: "builds aws-lc, which does the cryptography",
        needed_by: &[Purpose::Check, Purpose::Test],
        present: c_compiler,
        install: || {
            Err("install one: `apt-get install gcc libc6-dev` on Debian, `xcode-select --install` on macOS"
                .into())
        },
    },
    Requirement {
        name: "rustfmt and clippy",
        why: "check the format and the lints",
        needed_by: &[Purpose::Check],
        present: rustfmt_and_clippy,
        install: || {
            run(&Command::new("rustup", ["component", "add", "rustfmt", "clippy"])).map_err(|said| {
                format!("add both components to the toolchain of rust-toolchain.toml ({said})")
            })
        },
    },
    Requirement {
        name: "cargo-deny",
        why: "checks licences, bans and sources of the dependencies",
        needed_by: &[Purpose::Check],
        present: || first_line(&Command::cargo(["deny", "--version"])),
        install: install_cargo_deny,
    },
    Requirement {
        name: "Node.js",
        why: "runs the Node package, and oidc-provider, the issuer that the tests talk to",
        needed_by: &[Purpose::Test],
        present: node_packages::node_version,
        install: || {
            Err(format!(
                "install Node.js {OLDEST_NODE} or newer from https://nodejs.org or your system's packages"
            ))
        },
    },
    Requirement {
        name: "npm",
        why: "installs what the Node package and its tests are made of",
        needed_by: &[Purpose::Test],
        present: node_packages::npm_version,
        install: || Err("install npm: it comes with Node.js, or as a package of its own".into()),
    },
    Requirement {
        name: "Redis",
        why: "keeps sessions in the tests",
        needed_by: &[Purpose::Test],
        present: servers::redis,
        install: || servers::install(&["redis-server", "redis-tools"]),
    },
    Requirement {
        name: "Postgres",
        why: "keeps sessions in the tests",
        needed_by: &[Purpose::Test],
        present: servers::postgres,
        install: || servers::install(&["postgresql"]),
    },
    Requirement {
        name: "Chromium",
        why: "does in the tests what a person does",
        needed_by: &[Purpose::Test],
        present: servers::chromium,
        install: || servers::install(&["chromium"]),
    },
    Requirement {
        name: "Node packages",
        why: "are what the tests in Node and the test issuer are made of",
        needed_by: &[Purpose::Test],
        present: installed_node_packages,
        install: install_node_packages,
    },
];

/// The release whose configuration format `deny.toml` is written in.
const CARGO_DENY: &str = "0.18.9";

/// Sets up everything.
pub(crate) fn run_all() -> Result<(), Failure> {
    set_up(REQUIREMENTS.iter())
}

/// Sets up what one command needs.
pub(crate) fn run_for(purpose: Purpose) -> Result<(), Failure> {
    set_up(REQUIREMENTS.iter().filter(|requirement| requirement.needed_by.contains(&purpose)))
}

fn set_up<'a>(requirements: impl Iterator<Item = &'a Requirement>) -> Result<(), Failure> {
    let missing: Vec<&str> = requirements
        .filter(|requirement| !requirement.ensure())
        .map(|requirement| requirement.name)
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("missing: {}. The lines above say what to do.", missing.join(", "))))
    }
}

impl Requirement {
    /// Says in one line how it stands with this requirement, after trying to install it where it is missing.
    fn ensure(&self) -> bool {
        let Self { name, why, .. } = self;
        let shortfall = match (self.present)() {
            Ok(version) => {
                println!("ok         {name}: {version}");
                return true;
            }
            Err(shortfall) => shortfall,
        };
        let started = Instant::now();
        // What an installer leaves behind is looked at again: that it ended well proves little.
        let present =
            || (self.present)().map_err(|still| format!("its installation ended well, but: {still}"));
        match (self.install)().and_then(|()| present()) {
            Ok(version) => {
                println!("installed  {name}: {version} ({})", spoken(started.elapsed()));
                true
            }
            Err(advice) => {
                println!("missing    {name}, which {why} ({shortfall}): {advice}");
                false
            }
        }
    }
}

fn c_compiler() -> Result<String, String> {
    first_line(&Command::new("cc", ["--version"]))
}

fn rustfmt_and_clippy() -> Result<String, String> {
    let rustfmt = first_line(&Command::cargo(["fmt", "--version"]))?;
    let clippy = first_line(&Command::cargo(["clippy", "--version"]))?;
    Ok(format!("{rustfmt}, {clippy}"))
}

fn install_cargo_deny() -> Result<(), String> {
    println!("cargo-deny is missing and gets built from source now, which takes some minutes");
    run(&Command::cargo(["install", "cargo-deny", "--locked", "--version", CARGO_DENY])).map_err(|said| {
        format!(
            "put a cargo-deny {CARGO_DENY} on the PATH, for example a binary from \
             https://github.com/EmbarkStudios/cargo-deny/releases ({said})"
        )
    })
}

fn installed_node_packages() -> Result<String, String> {
    for package in NODE_PACKAGES {
        if let Some(reason) = package.stale() {
            return Err(format!("{}: {reason}", package.folder));
        }
    }
    let folders: Vec<&str> = NODE_PACKAGES.iter().map(|package| package.folder).collect();
    Ok(folders.join(", "))
}

fn install_node_packages() -> Result<(), String> {
    for package in NODE_PACKAGES.iter().filter(|package| package.stale().is_some()) {
        package.install().map_err(|failure| {
            format!(
                "`npm ci` must succeed in {}; it needs an npm registry ({})",
                package.folder,
                failure.message()
            )
        })?;
    }
    Ok(())
}

fn first_line(command: &Command) -> Result<String, String> {
    let output = command.output().map_err(|_| "not found".to_owned())?;
    Ok(output.lines().next().unwrap_or_default().trim().to_owned())
}

fn run(command: &Command) -> Result<(), String> {
    command.run().map(|_| ()).map_err(|failure| failure.message().to_owned())
}
