//! A sealed text opens in its own place, unchanged, and nowhere else.
#![no_main]

use std::sync::{Arc, LazyLock};

use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use logto_authkit_fuzz::{
    Application, Begun, COOKIE, RecordingStore, begin, cookie_header, sign_in_as, wait,
};

struct World {
    with_cookies: Application,
    with_store: Application,
    store: Arc<RecordingStore>,
    begun: Begun,
    id: String,
    /// The session in a cookie, the pending sign-in, the same two of another application, the session in the store.
    texts: [Vec<u8>; 5],
}

/// The texts that open somewhere, by their number.
const SESSION: usize = 0;
const PENDING: usize = 1;
const STORED: usize = 4;

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let store = Arc::new(RecordingStore::default());
    let (with_cookies, with_store) = (Application::with_cookies(), Application::with_store(store.clone()));
    let other = Application::other();
    let begun = begin(&with_cookies, "/");
    let session = |app: &Application| sign_in_as(app, "alice", "sid").remove(0).1;
    let id = session(&with_store);
    let texts = [
        session(&with_cookies).into_bytes(),
        begun.value.clone().into_bytes(),
        session(&other).into_bytes(),
        begin(&other, "/").value.into_bytes(),
        store.value(&id),
    ];
    World { with_cookies, with_store, store, begun, id, texts }
});

/// Which text, what comes of its length, and what is added to which byte.
type Input = (u8, i8, Vec<(u16, u8)>, Vec<u8>);

fuzz_target!(|input: Input| {
    let world = &*WORLD;
    let (number, length, changes, more) = input;
    let number = usize::from(number) % world.texts.len();
    let original = &world.texts[number];
    let mut text = original.clone();
    for (position, difference) in changes {
        let position = usize::from(position) % text.len();
        text[position] = text[position].wrapping_add(difference);
    }
    if length < 0 {
        text.truncate(text.len() - usize::from(length.unsigned_abs()).min(text.len()));
    } else {
        text.extend(more);
    }
    let is_whole = |wanted: usize| number == wanted && text == *original;

    world.store.set_value(&world.id, text.clone());
    let headers = cookie_header(&[(COOKIE, &world.id)]);
    let session = wait(world.with_store.client.session(&headers)).expect("no outage");
    assert_eq!(session.user_id(), is_whole(STORED).then(|| "alice".to_owned()));

    // What no cookie can hold goes into the store alone.
    let Ok(text) = std::str::from_utf8(&text) else { return };
    if text.contains([' ', '\t', ';', '=']) || HeaderValue::from_str(text).is_err() {
        return;
    }
    let headers = cookie_header(&[(&format!("{COOKIE}.0"), text)]);
    let session = wait(world.with_cookies.client.session(&headers)).expect("no outage");
    assert_eq!(session.user_id(), is_whole(SESSION).then(|| "alice".to_owned()));

    let headers = cookie_header(&[(&world.begun.name, text)]);
    let path = format!("/auth/sign-in-callback?code=&state={}", world.begun.state);
    let answer = world.with_cookies.get(&path, &headers);
    let is_found = !String::from_utf8_lossy(answer.body()).contains("state_mismatch");
    assert_eq!(is_found, is_whole(PENDING));
});
