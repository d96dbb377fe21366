//! Whatever cookies a browser sends, nobody is signed in without a whole session, and what the answers remove is what was sent.
#![no_main]

use std::sync::{Arc, LazyLock};

use http::header::{COOKIE as COOKIE_HEADER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response};
use libfuzzer_sys::fuzz_target;
use logto_authkit_fuzz::{
    Application, Begun, COOKIE, RecordingStore, begin, cookies_of, fill, sign_in_as, wait,
};
use logto_authkit_sign_in::SignInOptions;

struct World {
    with_cookies: Application,
    with_store: Application,
    store: Arc<RecordingStore>,
    /// The session in a cookie, its halves, and the id and value of the one in the store.
    session: String,
    halves: (String, String),
    id: String,
    value: Vec<u8>,
    begun: Begun,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let store = Arc::new(RecordingStore::default());
    let (with_cookies, with_store) = (Application::with_cookies(), Application::with_store(store.clone()));
    let begun = begin(&with_cookies, "/after");
    let (_, session) = sign_in_as(&with_cookies, "alice", "sid").remove(0);
    let (_, id) = sign_in_as(&with_store, "alice", "sid").remove(0);
    let (first, second) = session.split_at(session.len() / 2);
    let halves = (first.to_owned(), second.to_owned());
    let value = store.value(&id);
    World { with_cookies, with_store, store, halves, session, id, value, begun }
});

/// So many cookies of sign-ins a browser could have; of more, not all need be removed at once.
const MOST: usize = 16;

fuzz_target!(|lines: &[u8]| {
    let world = &*WORLD;
    world.store.set_value(&world.id, world.value.clone());
    let pending = format!("{}={}", world.begun.name, world.begun.value);
    let places = [
        ("{session}", world.session.as_str()),
        ("{first}", &world.halves.0),
        ("{second}", &world.halves.1),
        ("{id}", &world.id),
        ("{pending}", &pending),
    ];
    let mut headers = HeaderMap::new();
    let mut sent = Vec::new();
    for line in lines.split(|&byte| byte == b'\n') {
        let line = fill(line, &places);
        let Ok(value) = HeaderValue::from_bytes(&line) else { continue };
        headers.append(COOKIE_HEADER, value);
        sent.extend_from_slice(&line);
        sent.push(b';');
    }
    let was_sent = |text: &str| sent.windows(text.len()).any(|window| window == text.as_bytes());

    let is_possible = [was_sent(&world.halves.0) && was_sent(&world.halves.1), was_sent(&world.id)];
    for (app, is_possible) in [&world.with_cookies, &world.with_store].into_iter().zip(is_possible) {
        let session = wait(app.client.session(&headers)).expect("no outage");
        assert!(is_possible || !session.is_authenticated(), "signed in without a session");
        assert_eq!(session.user_id(), session.is_authenticated().then(|| "alice".to_owned()));

        let user = app.get("/auth/user", &headers);
        let user: serde_json::Value = serde_json::from_slice(user.body()).expect("JSON");
        assert_eq!(user["isAuthenticated"], session.is_authenticated());

        // A callback whose state nobody has is refused, and one of ours only where its cookie is.
        let answer = app.get(&format!("/auth/sign-in-callback?state={}&code=", world.begun.state), &headers);
        let is_found = !String::from_utf8_lossy(answer.body()).contains("state_mismatch");
        assert!(!is_found || was_sent(&world.begun.value));

        let redirect = wait(app.client.sign_in(&headers, &SignInOptions::default())).expect("a redirect");
        let pending_name = format!("{COOKIE}_pending_");
        let set = cookies_of(&redirect.set_cookies);
        assert_eq!(set.iter().filter(|(_, value)| !value.is_empty()).count(), 1);
        check_removals(&redirect.set_cookies, &pending_name, &sent);
        let removed = set.len() - 1;
        let there = count_of(&sent, &pending_name);
        assert!(there > MOST || there - removed.min(there) < 5, "{there} sign-ins, {removed} removed");
    }
    // Last, because it ends the session. The one in the store is put back above; the one in cookies would be remembered as ended.
    let with_cookies = (!is_possible[0]).then_some(&world.with_cookies);
    for app in with_cookies.into_iter().chain([&world.with_store]) {
        let answer = app.get("/auth/sign-out", &headers);
        assert_eq!(answer.status(), 303);
        check_removals(&set_cookies(&answer), COOKIE, &sent);
    }
});

fn set_cookies(answer: &Response<Vec<u8>>) -> Vec<HeaderValue> {
    answer.headers().get_all(SET_COOKIE).iter().cloned().collect()
}

/// Every cookie that is removed is one of ours, was sent by this name, and is removed where and how it was set.
fn check_removals(headers: &[HeaderValue], prefix: &str, sent: &[u8]) {
    for header in headers {
        let text = header.to_str().expect("visible ASCII");
        let mut parts = text.split("; ");
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a name and a value");
        assert!(name.starts_with(prefix), "{text}");
        let attributes: Vec<_> = parts.collect();
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert_eq!(attributes.iter().filter(|found| **found == attribute).count(), 1, "{text}");
        }
        assert_eq!(attributes.len(), 5, "{text}");
        if value.is_empty() {
            assert!(attributes.contains(&"Max-Age=0"), "{text}");
            assert!(sent.windows(name.len()).any(|window| window == name.as_bytes()), "{text}");
        }
    }
}

/// How many different names begin so. What is no ASCII is somebody else's.
fn count_of(sent: &[u8], prefix: &str) -> usize {
    let mut names: Vec<_> = sent
        .split(|&byte| byte == b';')
        .filter_map(|pair| std::str::from_utf8(pair).ok().filter(|pair| pair.is_ascii())?.split_once('='))
        .map(|(name, _)| name.trim_matches([' ', '\t']))
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}
