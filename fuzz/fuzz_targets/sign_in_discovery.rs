//! Whatever the discovery document says, it is this issuer's or it is not used, and nothing goes over plain HTTP.
#![no_main]

use http::HeaderMap;
use http::header::LOCATION;
use libfuzzer_sys::fuzz_target;
use logto_authkit_fuzz::{Answer, Application, BASE, ISSUER, cookie_header, fill, id_token, wait};
use logto_authkit_sign_in::{SignInError, SignInOptions};
use serde_json::{Value, json};
use url::Url;

fuzz_target!(|document: &[u8]| {
    let app = Application::with_cookies();
    let document = fill(document, &[("{iss}", ISSUER)]);
    app.issuer.set_discovery(Answer::ok(document.clone()));
    let redirect = match wait(app.client.sign_in(&HeaderMap::new(), &SignInOptions::default())) {
        Ok(redirect) => redirect,
        Err(error) => {
            let is_known =
                matches!(error, SignInError::IssuerMismatch | SignInError::IssuerUnavailable { .. });
            assert!(is_known, "{error}");
            return;
        }
    };
    // What nobody asked for may be no text that this reader takes.
    let Ok(found) = serde_json::from_slice::<Value>(&document) else { return };
    assert_eq!(found["issuer"], ISSUER);
    let location = Url::parse(&redirect.location).expect("an address");
    let endpoint = Url::parse(found["authorization_endpoint"].as_str().expect("a text")).expect("an address");
    assert_eq!((location.scheme(), location.origin()), ("https", endpoint.origin()));
    assert_eq!(location.path(), endpoint.path());
    assert!(redirect.location.bytes().all(|byte| byte.is_ascii_graphic()), "{}", redirect.location);
    // What the document's own address has in its query comes first; what protects the sign-in is there, and last.
    for name in ["state", "nonce", "code_challenge", "code_challenge_method", "redirect_uri", "client_id"] {
        let last = location.query_pairs().filter(|(found, _)| found == name).last().expect("the parameter").1;
        assert!(!last.is_empty());
        assert!(name != "redirect_uri" || last == format!("{BASE}/auth/sign-in-callback"));
        assert!(name != "code_challenge_method" || last == "S256");
    }

    // On through every other endpoint.
    let begun = logto_authkit_fuzz::begin_with(&redirect);
    let token = id_token("alice", "sid", &begun.nonce);
    let answer = json!({
        "access_token": "opaque", "expires_in": 3600, "refresh_token": "refresh", "id_token": token, "sub": "alice",
    });
    app.issuer.set_answer(Answer::ok(answer.to_string()));
    let headers = cookie_header(&[(&begun.name, &begun.value)]);
    let mut path = format!("/auth/sign-in-callback?code=c&state={}", begun.state);
    if found["authorization_response_iss_parameter_supported"] == true {
        path = format!("{path}&iss={ISSUER}");
    }
    let answer = app.get(&path, &headers);
    if answer.status() == 303 {
        let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().cloned().collect();
        let cookies = logto_authkit_fuzz::cookies_of(&cookies);
        let cookies: Vec<_> = cookies.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let headers = cookie_header(&cookies);
        let session = wait(app.client.session(&headers)).expect("no outage");
        assert!(session.is_authenticated());
        let _ = wait(session.fetch_user_info());
        let answer = app.get("/auth/sign-out", &headers);
        assert_eq!(answer.status(), 303);
        let location = answer.headers()[LOCATION].to_str().expect("ASCII");
        assert_eq!(Url::parse(location).expect("an address").scheme(), "https");
    } else {
        assert_eq!(answer.status(), 503, "{}", String::from_utf8_lossy(answer.body()));
    }
    for request in app.issuer.take_asked() {
        assert_eq!(request.uri().scheme_str(), Some("https"), "{}", request.uri());
    }
});
