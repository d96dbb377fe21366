use std::time::Duration;

use logto_authkit_web::{AuthCookie, CookieSameSite};
use napi::Either;
use napi_derive::napi;

use crate::answer::either;
use crate::option_reader::OptionReader;
use crate::problem::ConfigProblem;

/// The `Set-Cookie` that stores an access token, or with `token` empty, removes it.
#[napi]
pub fn auth_cookie_header(token: String, options: String) -> Either<String, ConfigProblem> {
    either(header(&token, &options))
}

fn header(token: &str, options: &str) -> Result<String, ConfigProblem> {
    let mut options = OptionReader::new(options)?;
    let name = options.text("cookieName")?;
    let mut cookie = AuthCookie::new(name.unwrap_or_else(|| "logto_authtoken".to_owned()))?;
    if let Some(seconds) = options.number("maxAge")? {
        let max_age = Duration::try_from_secs_f64(seconds)
            .map_err(|_| ConfigProblem::new("maxAge", "it is too large", "write a number of seconds"))?;
        cookie = cookie.with_max_age(max_age);
    }
    match options.text("sameSite")?.map(|value| value.to_ascii_lowercase()).as_deref() {
        None | Some("strict") => {}
        Some("lax") => cookie = cookie.with_same_site(CookieSameSite::Lax),
        Some(_) => {
            return Err(ConfigProblem::new(
                "sameSite",
                "it is neither strict nor lax",
                "write 'strict' or 'lax'; with 'none' every site could use the token",
            ));
        }
    }
    if let Some(path) = options.text("path")? {
        cookie = cookie.with_path(path)?;
    }
    if let Some(domain) = options.text("domain")? {
        cookie = cookie.with_domain(domain)?;
    }
    if options.flag("forLoopback")? {
        cookie = cookie.for_loopback();
    }
    options.finish()?;
    let value = if token.is_empty() { cookie.clear()? } else { cookie.set(token)? };
    Ok(value.to_str().unwrap_or_default().to_owned())
}
