//! The workspace's own commands, run as `cargo xtask <command>`.
//!
//! What a command does is a table in the file of its name: the requirements in `setup.rs`, the steps in `check.rs`, the
//! runners in `test.rs`, the benchmarks in `bench.rs`. To run one thing more, add a row.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod bench;
mod check;
mod command;
mod committed_files;
mod node_packages;
mod packages;
mod servers;
mod setup;
mod test;
mod test_totals;

use command::Failure;

const HELP: &str = "\
cargo xtask <command>

  setup          installs what the checks and the tests need, or says what is missing
  check          what CI runs before the tests: format, lints, features, docs, dependencies
  test           every test of the workspace, after the set-up that the tests need
  bench [args]   the benchmarks; the arguments go to them, for example --write
  help           this text";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();

    if let Err(error) = std::env::set_current_dir(workspace_root()) {
        eprintln!("error: cannot enter the workspace's folder: {error}");
        return ExitCode::FAILURE;
    }

    let outcome = match args.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        ["setup"] => setup::run_all(),
        ["check"] => check::run(),
        ["test"] => test::run(),
        ["bench", rest @ ..] => bench::run(rest),
        _ => return misused(&args),
    };
    outcome.map_or_else(|failure| report(&failure), |()| ExitCode::SUCCESS)
}

fn report(failure: &Failure) -> ExitCode {
    if !failure.is_told() {
        eprintln!("\nerror: {failure}");
    }
    ExitCode::FAILURE
}

fn misused(args: &[&str]) -> ExitCode {
    eprintln!("error: `cargo xtask {}` is not a command\n\n{HELP}", args.join(" "));
    ExitCode::from(2)
}

/// The folder above xtask's own. Cargo tells it when it runs the program; a program started by hand remembers where it
/// was built.
fn workspace_root() -> PathBuf {
    let manifest_dir =
        std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&manifest_dir).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
