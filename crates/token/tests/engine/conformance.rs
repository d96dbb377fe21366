use logto_authkit_token::{
    Algorithm, Claims, ErrorCode, JwkSet, LogtoUrl, OrganizationId, OrganizationRule, Policy,
    RoleRequirement, ScopeRequirement, Screened, Timestamp, VerifyError,
};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CaseFile {
    #[serde(rename = "description")]
    _description: String,
    key_sets: HashMap<String, serde_json::Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "why")]
    _why: String,
    token: TokenText,
    key_set: String,
    policy: PolicyOptions,
    now: f64,
    expect: String,
    subject: Option<String>,
    scopes: Option<Vec<String>>,
    organization_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TokenText {
    Plain(String),
    Concat { concat: Vec<Piece> },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Piece {
    Plain(String),
    Repeat { repeat: String, times: usize },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyOptions {
    logto_url: String,
    audience: Option<Vec<String>>,
    organization: Option<String>,
    #[serde(default)]
    required_scopes: Vec<String>,
    scope_mode: Option<String>,
    #[serde(default)]
    required_roles: Vec<String>,
    role_claim_keys: Option<Vec<String>>,
    #[serde(default)]
    required_claims: HashMap<String, serde_json::Value>,
    algorithms: Option<Vec<String>>,
    #[serde(default)]
    clock_tolerance: u64,
}

impl TokenText {
    fn text(&self) -> String {
        match self {
            TokenText::Plain(text) => text.clone(),
            TokenText::Concat { concat } => concat
                .iter()
                .map(|piece| match piece {
                    Piece::Plain(text) => text.clone(),
                    Piece::Repeat { repeat, times } => repeat.repeat(*times),
                })
                .collect(),
        }
    }
}

impl PolicyOptions {
    fn policy(&self) -> Policy {
        let rule = self.organization.as_deref().map(|organization| match organization {
            "any" => OrganizationRule::Any,
            id => OrganizationRule::Require(OrganizationId::parse(id).unwrap()),
        });
        let mut policy = match (&self.audience, rule) {
            (Some(audience), None) => Policy::for_resources(audience).unwrap(),
            (Some(audience), Some(rule)) => Policy::for_resources(audience).unwrap().with_organization(rule),
            (None, Some(OrganizationRule::Require(id))) => Policy::for_organization(id),
            (None, Some(OrganizationRule::Any)) => Policy::for_any_organization(),
            (None, _) => panic!("a policy needs an audience or an organization"),
        };
        if !self.required_scopes.is_empty() {
            policy = policy.with_scopes(match self.scope_mode.as_deref() {
                Some("any") => ScopeRequirement::any(&self.required_scopes).unwrap(),
                _ => ScopeRequirement::all(&self.required_scopes).unwrap(),
            });
        }
        if !self.required_roles.is_empty() {
            let mut requirement = RoleRequirement::all(&self.required_roles).unwrap();
            if let Some(keys) = &self.role_claim_keys {
                requirement = requirement.in_claims(keys).unwrap();
            }
            policy = policy.with_roles(requirement);
        }
        for (name, value) in &self.required_claims {
            policy = policy.require_claim(name, value).unwrap();
        }
        if let Some(names) = &self.algorithms {
            policy =
                policy.with_algorithms(names.iter().map(|name| Algorithm::from_name(name).unwrap())).unwrap();
        }
        policy.with_leeway(Duration::from_secs(self.clock_tolerance)).unwrap()
    }
}

impl Case {
    fn verify(&self, keys: &JwkSet) -> Result<Arc<Claims>, VerifyError> {
        let (token, issuer, policy) =
            (self.token.text(), LogtoUrl::parse(&self.policy.logto_url).unwrap(), self.policy.policy());
        let now = Timestamp::from_unix_millis((self.now * 1000.0).round() as i64);
        let signed = Screened::screen(&token, &issuer, &policy, now)?.verify(keys)?;
        policy.authorize(signed.claims())?;
        // A verdict from memory is the same as the first one.
        policy.accept(&issuer, &signed, now)?;
        Ok(signed.into_claims())
    }

    fn problem(&self, keys: &JwkSet) -> Option<String> {
        let found = self.verify(keys);
        let code = found.as_ref().map_or_else(|error| error.code().as_str(), |_| "accepted");
        if code != self.expect {
            return Some(format!("expected {}, found {code}", self.expect));
        }
        let claims = found.ok()?;
        let differs = [
            self.subject.as_ref().is_some_and(|subject| subject != claims.subject()),
            self.scopes.as_ref().is_some_and(|scopes| !claims.scopes().iter().eq(scopes)),
            self.organization_id.as_ref().is_some_and(|id| Some(id.as_str()) != claims.organization_id()),
        ];
        differs.contains(&true).then(|| format!("the claims differ: {claims:?}"))
    }
}

#[test]
fn every_conformance_case_has_its_verdict() {
    let (mut total, mut problems) = (0, Vec::new());
    let mut seen = std::collections::HashSet::new();
    for (name, document) in crate::documents(&crate::conformance_folder()) {
        if document.get("cases").is_none() {
            continue;
        }
        let file: CaseFile =
            serde_json::from_value(document).unwrap_or_else(|error| panic!("{name}: {error}"));
        let keys: HashMap<_, _> = file
            .key_sets
            .iter()
            .map(|(name, set)| (name, JwkSet::parse(set.to_string().as_bytes()).unwrap()))
            .collect();
        for case in &file.cases {
            total += 1;
            seen.insert(case.expect.clone());
            if let Some(problem) = case.problem(&keys[&case.key_set]) {
                problems.push(format!("{name}: {}: {problem}", case.name));
            }
        }
    }
    assert!(problems.is_empty(), "{} of {total}:\n{}", problems.len(), problems.join("\n"));
    assert!(total >= 150, "only {total} cases");
    // Every code that a token alone can lead to stands in some case.
    let elsewhere = [
        ErrorCode::MissingToken,
        ErrorCode::InvalidRequest,
        ErrorCode::CsrfFailed,
        ErrorCode::KeysUnavailable,
        ErrorCode::Misconfigured,
    ];
    for code in ErrorCode::ALL.into_iter().filter(|code| !elsewhere.contains(code)) {
        assert!(seen.contains(code.as_str()), "no case leads to {code}");
    }
}
