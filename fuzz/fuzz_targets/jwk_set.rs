//! A key set is read without a panic, and every key that is used has an algorithm and is found again by its identity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logto_authkit_token::{JwkSet, MAX_KEYS};

fuzz_target!(|document: &[u8]| {
    let Ok(set) = JwkSet::parse(document) else { return };
    assert!(set.keys().len() + set.skipped().len() <= MAX_KEYS);
    for key in set.keys() {
        let algorithm = key.algorithms().next().expect("a usable key has an algorithm");
        assert!(key.fits(algorithm));
        assert!(set.contains(key.identity()));
        assert!(set.knows(key.key_id(), algorithm));
        assert!(!key.verify(algorithm, b"message", b"signature"));
    }
});
