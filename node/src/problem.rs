use logto_authkit_token::ConfigError;
use napi_derive::napi;

/// A mistake in the options: the JavaScript half throws a `ConfigError` of it.
#[napi(object)]
pub struct ConfigProblem {
    /// The option as JavaScript spells it.
    pub option: String,
    pub problem: String,
    pub hint: String,
}

impl ConfigProblem {
    pub(crate) fn new(option: &str, problem: impl Into<String>, hint: impl Into<String>) -> Self {
        ConfigProblem { option: option.to_owned(), problem: problem.into(), hint: hint.into() }
    }
}

impl From<ConfigError> for ConfigProblem {
    fn from(error: ConfigError) -> Self {
        ConfigProblem::new(&javascript_name(error.option()), error.problem(), error.hint())
    }
}

/// What an option of the engine is called in JavaScript: another name where the unit is part of it, camel case otherwise.
fn javascript_name(option: &str) -> String {
    match option {
        "keys_fresh_for" => return "jwksCacheTtlMs".to_owned(),
        "leeway" => return "clockTolerance".to_owned(),
        "cookie_path" => return "path".to_owned(),
        "cookie_domain" => return "domain".to_owned(),
        "csrf_secret" => return "secret".to_owned(),
        _ => {}
    }
    let mut words = option.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}
