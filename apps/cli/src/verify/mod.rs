//! Why a token is accepted or refused, check by check.
//!
//! The verdict is the engine's own, from the very path that a request takes. The checks around it explain.

mod explain;

use std::io::{IsTerminal, Read};
use std::process::ExitCode;
use std::time::SystemTime;

use logto_authkit::keys::JwkSet;
use logto_authkit::token::Screened;
use logto_authkit::{
    ErrorCode, LogtoUrl, OrganizationId, OrganizationRule, Policy, ScopeRequirement, Timestamp, VerifyError,
};
use serde_json::{Value, json};

use crate::arguments::VerifyOptions;
use crate::failure::Failure;
use crate::report::Check;
use crate::terminal::{self, shown};
use crate::{keys, verify::explain::Explanation};

/// What a token is judged by.
pub(crate) struct Judgement {
    logto: LogtoUrl,
    policy: Policy,
    now: Timestamp,
    audience: Option<String>,
    organization: Option<String>,
}

pub(crate) async fn run(options: VerifyOptions) -> Result<ExitCode, Failure> {
    let judgement = judgement(&options)?;
    let file_keys = options.jwks.as_deref().map(keys::from_file).transpose()?;
    let token = token(options.token.as_deref())?;
    let keys = match (screen(&token, &judgement), file_keys) {
        (_, Some(keys)) => Ok(keys),
        // The server is asked for keys only where they decide something.
        (Ok(_), None) => keys::from_server(&judgement.logto).await,
        (Err(_), None) => Err("the token is refused before its key is looked for".to_owned()),
    };
    let verdict = verdict(&token, &judgement, keys.as_ref().ok());
    let Explanation { checks, claims } =
        explain::explain(&token, &judgement, keys.as_ref().map_err(String::as_str));
    if options.json {
        terminal::print_json(&as_json(verdict, &checks, claims.as_ref()))?;
    } else {
        terminal::print(&as_text(verdict, &checks))?;
    }
    Ok(match verdict {
        None => ExitCode::SUCCESS,
        Some(ErrorCode::KeysUnavailable) => ExitCode::from(2),
        Some(_) => ExitCode::from(1),
    })
}

fn judgement(options: &VerifyOptions) -> Result<Judgement, Failure> {
    let organization = options.organization.as_deref().map(OrganizationId::parse).transpose()?;
    let mut policy = match (&options.audience, organization) {
        (Some(audience), None) => Policy::for_resource(audience)?,
        (Some(audience), Some(id)) => {
            Policy::for_resource(audience)?.with_organization(OrganizationRule::Require(id))
        }
        (None, Some(id)) => Policy::for_organization(id),
        (None, None) => {
            return Err(Failure::new(
                "--audience: it is missing; name the API resource, or an --organization",
            ));
        }
    };
    if !options.required_scope.is_empty() {
        policy = policy.with_scopes(ScopeRequirement::all(&options.required_scope).map_err(|error| {
            Failure::new(format!("--required-scope: {}; {}", error.problem(), error.hint()))
        })?);
    }
    Ok(Judgement {
        logto: LogtoUrl::parse(&options.logto_url)?,
        policy,
        now: options.now.map_or_else(|| SystemTime::now().into(), Timestamp::from_unix_seconds),
        audience: options.audience.clone(),
        organization: options.organization.clone(),
    })
}

/// The token from the command line or from standard input, without white space around it and without `Bearer`.
fn token(argument: Option<&str>) -> Result<String, Failure> {
    /// More than any token, and little enough to be read whole.
    const MOST: u64 = 1024 * 1024;
    let text = match argument {
        Some(token) if token != "-" => token.to_owned(),
        None if std::io::stdin().is_terminal() => {
            return Err(Failure::new(
                "no token: write it as the last argument, or - to read it from standard input",
            ));
        }
        _ => {
            let mut bytes = Vec::new();
            std::io::stdin().take(MOST).read_to_end(&mut bytes).map_err(|error| {
                Failure::new(format!("the token cannot be read from standard input: {error}"))
            })?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    let text = text.trim();
    let text = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => text,
    };
    if text.is_empty() {
        return Err(Failure::new(
            "the token is empty: write it as the last argument, or - to read it from standard input",
        ));
    }
    Ok(text.to_owned())
}

fn screen<'a>(token: &'a str, judgement: &Judgement) -> Result<Screened<'a>, VerifyError> {
    Screened::screen(token, &judgement.logto, &judgement.policy, judgement.now)
}

/// The engine's verdict: the code of the refusal, or nothing.
fn verdict(token: &str, judgement: &Judgement, keys: Option<&JwkSet>) -> Option<ErrorCode> {
    let decide = || -> Result<(), ErrorCode> {
        let screened = screen(token, judgement).map_err(|error| error.code())?;
        let keys = keys.filter(|keys| !keys.is_empty()).ok_or(ErrorCode::KeysUnavailable)?;
        let signed = screened.verify(keys).map_err(|error| error.code())?;
        judgement.policy.authorize(signed.claims()).map_err(|error| error.code())
    };
    decide().err()
}

fn as_json(verdict: Option<ErrorCode>, checks: &[Check], claims: Option<&Value>) -> Value {
    json!({
        "accepted": verdict.is_none(),
        "code": verdict.map(ErrorCode::as_str),
        "checks": checks,
        "claims": claims,
    })
}

fn as_text(verdict: Option<ErrorCode>, checks: &[Check]) -> String {
    let colour = terminal::wants_colour();
    let lines: String = checks.iter().map(|check| check.lines(colour)).collect();
    let end = match verdict {
        None => "accepted".to_owned(),
        Some(ErrorCode::KeysUnavailable) => "nobody can tell: keys_unavailable".to_owned(),
        Some(code) => format!("refused: {code}"),
    };
    format!("{lines}\n{}\n", shown(&end))
}
