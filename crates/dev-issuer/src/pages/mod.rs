//! What a person sees: four small pages without scripts of others, pictures or fonts.

mod html;
mod respond;

use axum::http::StatusCode;
use axum::response::Response;

use html::{Html, html};
use respond::{respond, respond_with_script};

/// What the sign-in page shows.
#[derive(Debug)]
pub(crate) struct SignIn<'a> {
    pub(crate) interaction: &'a str,
    /// The application that sent the user here.
    pub(crate) application: &'a str,
    pub(crate) username: &'a str,
    pub(crate) problem: Option<&'a str>,
    /// Whether the application sent the user to sign up.
    pub(crate) register: bool,
}

/// The form for username and password.
pub(crate) fn sign_in(status: StatusCode, page: &SignIn<'_>) -> Response {
    let (title, button) =
        if page.register { ("Create your account", "Sign up") } else { ("Sign in", "Sign in") };
    let alert = page
        .problem
        .map(|problem| html!("<p class=\"alert\" id=\"problem\" role=\"alert\">" {problem} "</p>"));
    let described =
        if page.problem.is_some() { " aria-invalid=\"true\" aria-describedby=\"problem\"" } else { "" };
    // The cursor belongs where something is still to be typed.
    let (in_name, in_password) =
        if page.username.is_empty() { (" autofocus", "") } else { ("", " autofocus") };
    let attributes = |autofocus: &'static str| Html::trusted(autofocus).and(&Html::trusted(described));
    let body = html!(
        "<h1>" {title} "</h1><p class=\"lead\">to continue to <strong>" {page.application} "</strong></p>"
        [alert.unwrap_or_default()]
        "<form method=\"post\" action=\"/sign-in\">"
        "<input type=\"hidden\" name=\"interaction\" value=\"" {page.interaction} "\">"
        "<label for=\"username\">Username</label>"
        "<input id=\"username\" name=\"username\" type=\"text\" autocomplete=\"username\" autocapitalize=\"none\" "
        "spellcheck=\"false\" required value=\"" {page.username} "\"" [attributes(in_name)] ">"
        "<label for=\"password\">Password</label>"
        "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required"
        [attributes(in_password)] ">"
        "<button type=\"submit\">" {button} "</button></form>"
    );
    respond(status, title, &body)
}

/// A page that says what went wrong, in one or two sentences.
pub(crate) fn error(status: StatusCode, text: &str) -> Response {
    respond(status, "That did not work", &html!("<h1>That did not work</h1><p>" {text} "</p>"))
}

/// The same with the error's name from the specification, which is what a developer will search for.
pub(crate) fn oauth_error(code: &str, text: &str) -> Response {
    let body =
        html!("<h1>That did not work</h1><p>" {text} "</p><p class=\"code\"><code>" {code} "</code></p>");
    respond(StatusCode::BAD_REQUEST, "That did not work", &body)
}

/// The page that confirms a sign-out: by itself, and by its button where scripts are off.
pub(crate) fn sign_out(secret: &str) -> Response {
    let body = html!(
        "<h1>Sign out</h1><p class=\"lead\">If nothing happens, use the button.</p>"
        "<form method=\"post\" action=\"/oidc/session/end/confirm\">"
        "<input type=\"hidden\" name=\"xsrf\" value=\"" {secret} "\">"
        "<input type=\"hidden\" name=\"logout\" value=\"yes\">"
        "<button type=\"submit\" autofocus>Sign out</button></form>"
    );
    respond_with_script("Sign out", &body, "document.forms[0].submit()")
}

/// The page after a sign-out that leads nowhere else.
pub(crate) fn signed_out() -> Response {
    let body = html!("<h1>You are signed out</h1><p>You can close this page now.</p>");
    respond(StatusCode::OK, "Signed out", &body)
}
