use std::time::Duration;

use logto_authkit_session_redis::RedisStore;
use logto_authkit_sign_in::{LogtoClient, LogtoConfig, MemoryStore, Prompt};

use crate::option_reader::OptionReader;
use crate::problem::ConfigProblem;

/// Makes a client of the options of `LogtoConfig` that can be written as JSON. `onServer` is the JavaScript half's own: sessions are
/// kept in a session of the framework.
pub(crate) fn client(json: &str) -> Result<LogtoClient, ConfigProblem> {
    let mut options = OptionReader::new(json)?;
    let required = |option, hint| ConfigProblem::new(option, "it is missing", hint);
    let endpoint = options.text("endpoint")?.ok_or_else(|| {
        required("endpoint", "write the address of the Logto server, for example https://tenant.logto.app")
    })?;
    let app_id = options.text("appId")?.ok_or_else(|| required("appId", "copy it from the Logto console"))?;
    let app_secret = options.text("appSecret")?.filter(|secret| !secret.is_empty());
    let mut config = LogtoConfig::builder(&endpoint, &app_id);
    if let Some(url) = options.text("baseUrl")? {
        config = config.base_url(url);
    }
    if let Some(prefix) = options.text("authRoutesPrefix")? {
        config = config.auth_routes_prefix(prefix);
    }
    for scope in options.texts("scopes")?.unwrap_or_default() {
        config = config.scope(scope);
    }
    for resource in options.texts("resources")?.unwrap_or_default() {
        config = config.resource(resource);
    }
    if options.truth("includeReservedScopes")? == Some(false) {
        config = config.without_reserved_scopes();
    }
    match options.text("prompt")?.as_deref() {
        None | Some("consent") => {}
        Some("login") => config = config.prompt(Prompt::Login),
        Some(_) => {
            return Err(ConfigProblem::new(
                "prompt",
                "it is neither consent nor login",
                "write 'consent' or 'login'",
            ));
        }
    }
    if let Some(seconds) = options.number("sessionLifetime")? {
        let lifetime = Duration::try_from_secs_f64(seconds)
            .map_err(|_| ConfigProblem::new("sessionLifetime", "it is too large", "write seconds"))?;
        config = config.session_lifetime(lifetime);
    }
    if let Some(name) = options.text("cookieName")? {
        config = config.cookie_name(name);
    }
    let on_server = options.flag("onServer")?;
    let keys = options.texts("sealingKeys")?.unwrap_or_default();
    if keys.is_empty()
        && on_server
        && let Some(secret) = &app_secret
    {
        // What is kept on the server is sealed by what only the application has.
        config = config.sealing_key(format!("the sealing key of the application {app_id}: {secret}"));
    }
    for key in keys {
        config = config.sealing_key(key);
    }
    if let Some(secret) = app_secret {
        config = config.app_secret(secret);
    }
    let redis_url = options.text("redisUrl")?;
    let redis_prefix = options.text("redisPrefix")?;
    let in_memory = options.flag("inMemory")?;
    options.finish()?;

    let builder = LogtoClient::builder(config.build().map_err(problem)?);
    Ok(match redis_url {
        Some(url) => {
            let store = RedisStore::connect_when_needed(&url).map_err(|_| {
                ConfigProblem::new(
                    "sessions.redis",
                    "it is no address",
                    "write redis://[user:password@]host[:port], or rediss://",
                )
            })?;
            let store = match redis_prefix {
                Some(prefix) => store.with_prefix(prefix),
                None => store,
            };
            builder.store(store).build()
        }
        None if in_memory => builder.store(MemoryStore::new()).build(),
        None if on_server => builder.cookies_kept_on_server().build(),
        None => builder.build(),
    })
}

/// The engine's own name of an option is another one here.
fn problem(error: logto_authkit_sign_in::ConfigError) -> ConfigProblem {
    let mut problem = ConfigProblem::from(error);
    if problem.option == "logtoUrl" {
        problem.option = "endpoint".to_owned();
    }
    problem
}
