//! Whether a Logto server can be used from here: one line a check.

use std::process::ExitCode;
use std::time::SystemTime;

use logto_authkit::keys::{JwkSet, VerificationKey};
use logto_authkit::{Algorithm, Audience, LogtoUrl, danger};
use serde_json::{Value, json};

use crate::arguments::DoctorOptions;
use crate::failure::Failure;
use crate::keys::{self, Document};
use crate::report::Check;
use crate::terminal::{self, shown};

/// A clock difference that starts to matter for tokens that were issued this moment.
const TOLERATED_SECONDS: u64 = 5;

pub(crate) async fn run(options: DoctorOptions) -> Result<ExitCode, Failure> {
    // Plain http is looked at as well: to say what is wrong with it.
    let logto = danger::allow_plain_http(&options.logto_url)?;
    let audience = options.audience.as_deref().map(Audience::parse).transpose()?;
    let mut checks = vec![transport(&logto)];
    let discovery = keys::get(&logto.discovery_uri()).await;
    let reachable = discovery.is_ok();
    checks.extend(look_at_discovery(&logto, &discovery));
    checks.push(look_at_keys(&logto).await);
    checks.push(look_at_clock(&discovery));
    if let Some(audience) = audience {
        checks.push(Check::holds(
            "audience",
            format!(
                "{} is compared byte for byte: the API resource in Logto must be spelled the same",
                audience.as_str()
            ),
        ));
    }
    let healthy = checks.iter().all(|check| check.ok == Some(true));
    if options.json {
        terminal::print_json(&json!({ "healthy": healthy, "checks": checks }))?;
    } else {
        let colour = terminal::wants_colour();
        let lines: String = checks.iter().map(|check| check.lines(colour)).collect();
        let verdict = if healthy { "all is well" } else { "something is wrong" };
        terminal::print(&format!("{lines}\n{verdict}\n"))?;
    }
    Ok(match (healthy, reachable) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::from(2),
    })
}

fn transport(logto: &LogtoUrl) -> Check {
    match (logto.endpoint().starts_with("https:"), logto.is_secure()) {
        (true, _) => Check::holds("TLS", "https"),
        (false, true) => Check::holds("TLS", "plain http, which never leaves this machine"),
        (false, false) => Check::fails("TLS", "plain http: anybody on the way can replace the keys")
            .hint("put https in front of the server"),
    }
}

fn look_at_discovery(logto: &LogtoUrl, discovery: &Result<Document, String>) -> Vec<Check> {
    let document = match discovery {
        Err(problem) => {
            let check = Check::fails("discovery", shown(problem))
                .hint("is the address the endpoint that Logto's console shows, without /oidc?");
            return vec![check, Check::not_reached("issuer", "the discovery document is not there")];
        }
        Ok(document) => document,
    };
    let Ok(document) = serde_json::from_slice::<Value>(&document.body) else {
        let check = Check::fails("discovery", "the answer is no JSON")
            .hint("is there a proxy or a sign-in wall in between?");
        return vec![check, Check::not_reached("issuer", "the discovery document cannot be read")];
    };
    let issuer = match document["issuer"].as_str() {
        Some(issuer) if issuer == logto.issuer() => Check::holds("issuer", issuer),
        Some(other) => Check::fails(
            "issuer",
            format!("the server calls itself {}, not {}", shown(other), logto.issuer()),
        )
        .hint("use the address that stands in the server's ENDPOINT setting, or its custom domain"),
        None => Check::fails("issuer", "the document names no issuer"),
    };
    vec![Check::holds("discovery", logto.discovery_uri()), issuer]
}

async fn look_at_keys(logto: &LogtoUrl) -> Check {
    let keys = match keys::from_server(logto).await {
        Ok(keys) => keys,
        Err(problem) => return Check::fails("keys", shown(&problem)),
    };
    let skipped = skipped(&keys);
    if keys.is_empty() {
        return Check::fails("keys", format!("none is usable{skipped}"));
    }
    let algorithms: Vec<_> =
        keys.keys().iter().flat_map(VerificationKey::algorithms).map(Algorithm::name).collect();
    Check::holds("keys", format!("{} usable ({}){skipped}", keys.keys().len(), algorithms.join(", ")))
}

fn skipped(keys: &JwkSet) -> String {
    keys.skipped()
        .iter()
        .map(|key| format!("; number {} is not used: {}", key.index + 1, key.problem))
        .collect()
}

fn look_at_clock(discovery: &Result<Document, String>) -> Check {
    let Some(date) = discovery.as_ref().ok().and_then(|document| document.date) else {
        return match discovery {
            Ok(_) => Check::holds("clock", "the server does not say what time it has"),
            Err(_) => Check::not_reached("clock", "the server was not reached"),
        };
    };
    let now = SystemTime::now();
    let (seconds, ours_is) = match now.duration_since(date) {
        Ok(ahead) => (ahead.as_secs(), "ahead of"),
        Err(behind) => (behind.duration().as_secs(), "behind"),
    };
    if seconds <= TOLERATED_SECONDS {
        return Check::holds("clock", format!("differs from the server's by {seconds} s"));
    }
    Check::fails("clock", format!("this machine is {seconds} s {ours_is} the server"))
        .hint("set the clocks right (NTP); until then a leeway of a few seconds helps")
}
