use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use logto_authkit_verifier::Moment;

/// A map whose entries end, and that holds a bounded number of them: of more, those that end first go.
///
/// What has ended is not found. It is swept out when the map has doubled since the last time, so that no single use of it pays for all.
#[derive(Debug)]
pub(crate) struct Expiring<K, V> {
    entries: HashMap<K, (Moment, V)>,
    capacity: usize,
    sweep_at: usize,
}

/// Fewer are not worth a sweep.
const FIRST_SWEEP: usize = 64;

impl<K: Hash + Eq + Clone, V> Expiring<K, V> {
    /// For at most so many entries, at least 1.
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Expiring { entries: HashMap::new(), capacity, sweep_at: FIRST_SWEEP.min(capacity) }
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q, now: Moment) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).filter(|(until, _)| *until > now).map(|(_, value)| value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V, until: Moment, now: Moment) {
        if self.entries.len() >= self.sweep_at && !self.entries.contains_key(&key) {
            self.sweep(now);
        }
        self.entries.insert(key, (until, value));
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.entries.remove(key);
    }

    /// Afterwards there is room for one more.
    fn sweep(&mut self, now: Moment) {
        self.entries.retain(|_, (until, _)| *until > now);
        if self.entries.len() >= self.capacity {
            let mut ends: Vec<Moment> = self.entries.values().map(|(until, _)| *until).collect();
            // A tenth at once, so that the next ones find room without this.
            let surplus = self.capacity / 10;
            let (_, last, _) = ends.select_nth_unstable(surplus);
            let last = *last;
            self.entries.retain(|_, (until, _)| *until > last);
        }
        self.sweep_at = (2 * self.entries.len()).clamp(FIRST_SWEEP.min(self.capacity), self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use logto_authkit_verifier::{Clock, ManualClock};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn what_has_ended_is_not_found_and_goes() {
        let clock = ManualClock::at_present();
        let mut map = Expiring::new(1_000_000);
        for number in 0..10_000 {
            map.insert(number, "value", clock.moment() + MINUTE, clock.moment());
            assert_eq!(map.get(&number, clock.moment()), Some(&"value"));
            clock.advance(MINUTE);
            assert_eq!(map.get(&number, clock.moment()), None);
        }
        assert!(map.entries.len() <= FIRST_SWEEP, "{}", map.entries.len());
    }

    #[test]
    fn of_too_many_those_that_end_first_go() {
        let clock = ManualClock::at_present();
        let now = clock.moment();
        for capacity in [1, 2, 9, 10, 100, 1000] {
            let mut map = Expiring::new(capacity);
            for number in 0..3000 {
                map.insert(number, (), now + MINUTE * (number + 1), now);
                assert!(map.entries.len() <= capacity);
                assert!(map.get(&number, now).is_some(), "the newest is there");
            }
        }
    }

    #[test]
    fn what_is_removed_is_gone() {
        let clock = ManualClock::at_present();
        let mut map = Expiring::new(10);
        map.insert("a".to_owned(), 1, clock.moment() + MINUTE, clock.moment());
        map.remove("a");
        assert_eq!(map.get("a", clock.moment()), None);
    }
}
