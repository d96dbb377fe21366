//! The `logto-authkit` command: a protected demo API, a tool that explains tokens, a check of a server, a development issuer.

// They panic where they cannot write; `terminal` does not.
#![warn(clippy::print_stderr, clippy::print_stdout)]

mod arguments;
mod demo;
mod doctor;
mod failure;
mod issuer;
mod keys;
mod redaction;
mod report;
mod terminal;
mod verify;

use std::process::ExitCode;

use arguments::Command;
use failure::Failure;

fn main() -> ExitCode {
    let command = match arguments::parse() {
        Ok(command) => command,
        Err(ended) => return ended,
    };
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(|| terminal::Log)
        .with_ansi(terminal::wants_colour_on_stderr())
        .init();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the program cannot start its threads: {error}")))
        .and_then(|runtime| {
            runtime.block_on(async {
                match command {
                    Command::Demo(options) => demo::run(options).await,
                    Command::Verify(options) => verify::run(options).await,
                    Command::Doctor(options) => doctor::run(options).await,
                    Command::Issuer(options) => issuer::run(options).await,
                }
            })
        });
    outcome.unwrap_or_else(|failure| failure.tell())
}
