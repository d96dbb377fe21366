//! The development issuer alone.

use std::path::Path;
use std::process::ExitCode;

use logto_authkit::testing::{DevIssuer, DevIssuerBuilder, IssuerConfig, StartError};

use crate::arguments::IssuerOptions;
use crate::failure::Failure;
use crate::terminal;

const DEFAULT_PORT: u16 = 3001;

pub(crate) async fn run(options: IssuerOptions) -> Result<ExitCode, Failure> {
    let (builder, known) = match &options.config {
        Some(path) => read(path, options.port)?,
        None => {
            let known = "\
user         alice, password alice
application  demo-machine, secret demo-secret (client credentials)
application  demo-web, secret demo-web-secret (authorization code)
application  demo-spa (authorization code, public)
resource     https://api.example.com with read:products write:products
organization org_demo
";
            (DevIssuer::demo().port(options.port.unwrap_or(DEFAULT_PORT)), known.to_owned())
        }
    };
    let issuer = builder.start().await.map_err(|error| start_failure("--port", error))?;
    terminal::print(&format!(
        "The development issuer is ready.\n\n\
         endpoint     {endpoint}\n\
         issuer       {issuer}\n\
         discovery    {issuer}/.well-known/openid-configuration\n\
         {known}\nCtrl-C stops it. It keeps everything in memory and is not for production.\n",
        endpoint = issuer.logto_url(),
        issuer = issuer.issuer(),
    ))?;
    until_stopped().await;
    issuer.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path, port: Option<u16>) -> Result<(DevIssuerBuilder, String), Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(format!("--config: {shown} cannot be read: {error}; write the path of a TOML file"))
    })?;
    let mut config: IssuerConfig = toml::from_str(&text)
        .map_err(|error| Failure::new(format!("--config: {shown}{}", mistake(&text, &error))))?;
    config.port = match (port, config.port) {
        (Some(port), _) => port,
        (None, 0) => DEFAULT_PORT,
        (None, port) => port,
    };
    let known = format!(
        "from {shown}: {} users, {} applications, {} resources, {} organizations\n",
        config.users.len(),
        config.applications.len(),
        config.resources.len(),
        config.organizations.len(),
    );
    Ok((config.into_builder(), known))
}

/// What is wrong with a file, and in which line. The line itself is not shown: it may hold a secret.
fn mistake(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', ", ");
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => format!(", line {}: {message}", before.split('\n').count()),
        None => format!(": {message}"),
    }
}

/// Why an issuer does not start, in one sentence.
pub(crate) fn start_failure(option: &str, error: StartError) -> Failure {
    match error {
        StartError::PortInUse { port } => Failure::port(option, port, &std::io::ErrorKind::AddrInUse.into()),
        StartError::Listen { port, source } => Failure::port(option, port, &source),
        other => Failure::new(format!("the development issuer cannot start: {other}")),
    }
}

/// Waits for Ctrl-C, or for the signal that service managers send.
pub(crate) async fn until_stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
