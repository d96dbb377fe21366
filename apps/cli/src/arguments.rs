use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use crate::failure::Failure;
use crate::terminal;

/// Server-side authentication for Logto: try it, explain a token, check a server.
#[derive(Parser)]
#[command(name = "logto-authkit", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start a protected API, and a development issuer beside it, until Ctrl-C
    Demo(DemoOptions),
    /// Say, check by check, why a token is accepted or refused
    ///
    /// Exit code 0: accepted. 1: refused. 2: nobody can tell.
    Verify(VerifyOptions),
    /// Check that a Logto server can be used: discovery, keys, clock, TLS
    Doctor(DoctorOptions),
    /// Start only the development issuer, until Ctrl-C
    Issuer(IssuerOptions),
}

#[derive(Args, Debug)]
pub(crate) struct DemoOptions {
    /// The API's port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// The development issuer's port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 3001)]
    pub(crate) issuer_port: u16,
    /// A Logto server to trust instead of the development issuer: its endpoint, without /oidc
    #[arg(long, value_name = "URL", requires = "audience")]
    pub(crate) logto_url: Option<String>,
    /// The API resource that its tokens must be for
    #[arg(long, value_name = "AUD", requires = "logto_url")]
    pub(crate) audience: Option<String>,
    /// An application of that server to sign people in with. The environment has its secret.
    #[arg(
        long,
        value_name = "ID",
        requires = "logto_url",
        help = "An application of that server to sign people in with; its secret is in LOGTO_AUTHKIT_APP_SECRET"
    )]
    pub(crate) app_id: Option<String>,
    /// Where sessions are kept. The environment has the secret that they are sealed with.
    #[arg(
        long,
        value_name = "URL",
        help = "Keep sessions there instead of in memory: redis://… or postgres://…; they are sealed with LOGTO_AUTHKIT_SEALING_KEY"
    )]
    pub(crate) sessions: Option<String>,
    /// Print one line of JSON when ready, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

// Not `Debug`: it holds the token.
#[derive(Args)]
pub(crate) struct VerifyOptions {
    /// The Logto server that should have issued the token: its endpoint, without /oidc
    #[arg(long, value_name = "URL")]
    pub(crate) logto_url: String,
    /// The API resource that the token should be for
    #[arg(long, value_name = "AUD", required_unless_present = "organization")]
    pub(crate) audience: Option<String>,
    /// The organization that the token should belong to; without --audience, a token for the organization itself
    #[arg(long, value_name = "ID")]
    pub(crate) organization: Option<String>,
    /// Take the keys from this file instead of asking the server
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Option<PathBuf>,
    /// Judge the token as of this time, in seconds since 1970, instead of now
    #[arg(long, value_name = "UNIX", allow_negative_numbers = true)]
    pub(crate) now: Option<i64>,
    /// A scope that the token must carry; may stand several times
    #[arg(long, value_name = "S")]
    pub(crate) required_scope: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The token; - or nothing reads it from standard input, which keeps it out of the shell's history
    #[arg(value_name = "TOKEN")]
    pub(crate) token: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct DoctorOptions {
    /// The Logto server to check: its endpoint, without /oidc
    #[arg(long, value_name = "URL")]
    pub(crate) logto_url: String,
    /// The API resource that your tokens are for
    #[arg(long, value_name = "AUD")]
    pub(crate) audience: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct IssuerOptions {
    /// The port on 127.0.0.1; 0 takes a free one [default: the file's, or 3001]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Users, applications, resources, roles and organizations, as TOML; without it, the demo's
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Reads the command line.
///
/// # Errors
/// How the program ends instead: with 0 where help or the version was asked for, with 2 where something is wrong. Either has
/// been told.
pub(crate) fn parse() -> Result<Command, ExitCode> {
    CommandLine::try_parse().map(|line| line.command).map_err(|error| tell(&error))
}

fn tell(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            terminal::written(error.print()).map_or_else(|failure| failure.tell(), |()| ExitCode::SUCCESS)
        }
        // Help again, without anything of what was typed.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Failure::EXIT_CODE.into()
        }
        _ => {
            terminal::print_error(&error.render().to_string());
            Failure::EXIT_CODE.into()
        }
    }
}
