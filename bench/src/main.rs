//! Measures the engine against the crypto itself and against a peer, in one run, and prints the ratios.
//!
//! `--write` puts the table into the README between its marks. Exits with 1 when a target is missed.

mod compare;
mod memory;
mod route;
mod sessions;
mod subject;
mod table;
mod verification;

use std::process::ExitCode;

const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the runtime does not start: {error}");
            return ExitCode::from(2);
        }
    };
    match arguments.as_slice() {
        ["load", address, tokens @ ..] => {
            route::run_load(&runtime, address, tokens);
            return ExitCode::SUCCESS;
        }
        [] | ["--write"] => {}
        _ => {
            eprintln!("usage: cargo xtask bench [--write]");
            return ExitCode::from(2);
        }
    }
    let mut rows = Vec::new();
    rows.extend(memory::row(&runtime));
    rows.splice(0..0, verification::rows(&runtime));
    rows.extend(route::rows(&runtime));
    rows.extend(sessions::rows(&runtime));
    let table = table::markdown(&rows);
    print!("{table}");
    if arguments == ["--write"]
        && let Err(problem) = write_readme(&table)
    {
        eprintln!("{problem}");
        return ExitCode::from(2);
    }
    if table::all_met(&rows) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn write_readme(table: &str) -> Result<(), String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let text = std::fs::read_to_string(path).map_err(|error| format!("README.md cannot be read: {error}"))?;
    let (before, rest) = text.split_once(BEGIN).ok_or(format!("README.md lacks the mark {BEGIN}"))?;
    let (_, after) = rest.split_once(END).ok_or(format!("README.md lacks the mark {END}"))?;
    std::fs::write(path, format!("{before}{BEGIN}\n{table}{END}{after}")).map_err(|error| error.to_string())
}
