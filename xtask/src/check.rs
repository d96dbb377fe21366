//! `cargo xtask check`: what CI runs before the tests.
//!
//! The quick steps come first. The first failure ends the run and says what to type to see it again.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::command::{Command, Failure, spoken};
use crate::packages::{self, Package};
use crate::setup::{self, Purpose};
use crate::{committed_files, node_packages};

struct Step {
    name: String,
    work: Work,
}

enum Work {
    Run(Command),
    Look(fn() -> Result<(), Failure>),
    Skip(&'static str),
}

pub(crate) fn run() -> Result<(), Failure> {
    setup::run_for(Purpose::Check)?;
    let started = Instant::now();
    let steps = steps(&packages::in_workspace()?);
    for step in &steps {
        step.perform()?;
    }
    println!("\n{} checks passed in {}", steps.len(), spoken(started.elapsed()));
    Ok(())
}

fn steps(packages: &[Package]) -> Vec<Step> {
    let mut steps = vec![
        Step { name: "committed files".into(), work: Work::Look(committed_files::check) },
        Step::cargo("format", &["fmt", "--all", "--check"]),
        generated_conformance_cases(),
        // Advisories need a database from the network that changes by the day: the release asks for them.
        Step::cargo("dependencies", &["deny", "check", "bans", "licenses", "sources"]),
    ];
    steps.extend(packages.iter().flat_map(lints));
    steps.extend(packages.iter().flat_map(each_feature_alone));
    steps.push(documentation());
    steps
}

/// Clippy package by package: over the whole workspace at once, features that one package switches on would hide that
/// another one lacks them.
fn lints(package: &Package) -> Vec<Step> {
    let clippy = |what: &str, more: &[&str]| {
        let args = ["clippy", "-p", &package.name, "--all-targets"];
        Step::cargo(
            format!("clippy, {}{what}", package.name),
            &[&args, more, &["--", "-D", "warnings"]].concat(),
        )
    };
    let mut steps = vec![clippy("", &[])];
    if !package.features.is_empty() {
        steps.push(clippy(" with all features", &["--all-features"]));
    }
    steps
}

/// Clippy rather than `cargo check`, which has no way to refuse warnings (an import that only another feature uses)
/// without building all dependencies anew.
fn each_feature_alone(package: &Package) -> Vec<Step> {
    let alone = |what: String, more: &[&str]| {
        let args = ["clippy", "-p", &package.name, "--no-default-features"];
        Step::cargo(what, &[&args, more, &["--", "-D", "warnings"]].concat())
    };
    if package.features.is_empty() {
        return Vec::new();
    }
    let bare = alone(format!("{} without features", package.name), &[]);
    let each = package
        .features
        .iter()
        .map(|feature| alone(format!("{} with `{feature}` alone", package.name), &["--features", feature]));
    std::iter::once(bare).chain(each).collect()
}

/// Libraries only: the binary `logto-authkit` would overwrite the pages of the library `logto_authkit`.
fn documentation() -> Step {
    let doc = Command::cargo(["doc", "--workspace", "--lib", "--no-deps", "--all-features"]);
    Step { name: "documentation".into(), work: Work::Run(doc.with_env("RUSTDOCFLAGS", "-D warnings")) }
}

fn generated_conformance_cases() -> Step {
    const GENERATOR: &str = "conformance/generate.mjs";
    let work = if !Path::new(GENERATOR).exists() {
        Work::Skip("there is no conformance/generate.mjs")
    } else if node_packages::node_version().is_err() {
        Work::Skip("it needs Node.js 20 or newer")
    } else {
        Work::Run(Command::new("node", [GENERATOR, "--check"]))
    };
    Step { name: "generated conformance cases".into(), work }
}

impl Step {
    fn cargo(name: impl Into<String>, args: &[&str]) -> Self {
        Self { name: name.into(), work: Work::Run(Command::cargo(args.iter().copied())) }
    }

    fn perform(&self) -> Result<(), Failure> {
        println!("\n== {}", self.name);
        let took = match &self.work {
            Work::Run(command) => command.run()?,
            Work::Look(look) => timed(look)?,
            Work::Skip(reason) => {
                println!("skipped: {reason}");
                return Ok(());
            }
        };
        println!("ok ({})", spoken(took));
        Ok(())
    }
}

fn timed(look: impl Fn() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let started = Instant::now();
    look().map(|()| started.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(steps: &[Step]) -> Vec<String> {
        steps
            .iter()
            .filter_map(|step| match &step.work {
                Work::Run(command) => Some(command.to_string()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn each_feature_is_checked_alone_and_so_is_none() {
        let package = Package { name: "tower".into(), features: vec!["axum".into(), "csrf".into()] };
        assert_eq!(
            commands(&each_feature_alone(&package)),
            [
                "cargo clippy -p tower --no-default-features -- -D warnings",
                "cargo clippy -p tower --no-default-features --features axum -- -D warnings",
                "cargo clippy -p tower --no-default-features --features csrf -- -D warnings",
            ]
        );
    }

    #[test]
    fn a_package_without_features_is_linted_once() {
        let package = Package { name: "token".into(), features: vec![] };
        assert_eq!(commands(&lints(&package)), ["cargo clippy -p token --all-targets -- -D warnings"]);
        assert!(each_feature_alone(&package).is_empty());
    }
}
