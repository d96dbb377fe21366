//! Wherever somebody wants to go after signing in or out, it is a page of the application.
#![no_main]

use std::sync::LazyLock;

use http::header::LOCATION;
use http::{HeaderMap, Method};
use libfuzzer_sys::fuzz_target;
use logto_authkit_fuzz::{Application, BASE, wait};
use url::{Url, form_urlencoded};

static APPLICATION: LazyLock<Application> = LazyLock::new(Application::with_cookies);

fuzz_target!(|text: &str| {
    let app = &*APPLICATION;
    let wanted = wait(app.client.sign_out(&HeaderMap::new(), Some(text))).expect("nobody to sign out");
    let path = wanted.location.strip_prefix(BASE).expect("the application's own");
    assert!(path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\"), "{path}");
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path}");
    let base = Url::parse(BASE).expect("an address");
    for spelling in [&wanted.location, path] {
        let found = base.join(spelling).expect("an address");
        assert_eq!(found.origin(), base.origin());
        assert_eq!((found.username(), found.password()), ("", None));
    }
    // What has come out goes in again and stays as it is.
    let again = wait(app.client.sign_out(&HeaderMap::new(), Some(path))).expect("nobody to sign out");
    assert_eq!(again.location, wanted.location);

    // The same through the routes, written as a browser writes it.
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", text).finish();
    let answer = app.get(&format!("/auth/sign-out?{query}"), &HeaderMap::new());
    assert_eq!(answer.headers()[LOCATION], wanted.location);

    // And a page that needs somebody comes back to itself.
    let Ok(page) = text.parse() else { return };
    let mut headers = HeaderMap::new();
    headers.insert("accept", http::HeaderValue::from_static("text/html"));
    let answer = app.routes.require_sign_in(&Method::GET, &page, &headers);
    let location = answer.headers()[LOCATION].to_str().expect("ASCII");
    assert!(location.starts_with("/auth/sign-in?return_to="), "{location}");
    assert_eq!(base.join(location).expect("an address").query_pairs().count(), 1);
});
