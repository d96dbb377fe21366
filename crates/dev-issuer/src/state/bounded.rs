//! A map whose entries expire, and which never grows past its capacity.

use std::collections::{HashMap, VecDeque};

/// Entries by name, each with a time at which it is gone. When there are too many, the oldest goes first.
#[derive(Debug)]
pub(crate) struct BoundedMap<V> {
    entries: HashMap<String, Entry<V>>,
    /// The names in the order of their arrival; a name stays here for a while after its entry is gone.
    arrivals: VecDeque<String>,
    capacity: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    expires_at_millis: i64,
}

impl<V> BoundedMap<V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), arrivals: VecDeque::new(), capacity }
    }

    /// Adds an entry under a name that is new, as random names are.
    pub(crate) fn insert(&mut self, name: String, value: V, now_millis: i64, lifetime_seconds: i64) {
        self.forget_old_ones(now_millis);
        let expires_at_millis = now_millis.saturating_add(lifetime_seconds.saturating_mul(1000));
        self.arrivals.push_back(name.clone());
        self.entries.insert(name, Entry { value, expires_at_millis });
    }

    pub(crate) fn get(&self, name: &str, now_millis: i64) -> Option<&V> {
        let entry = self.entries.get(name)?;
        (entry.expires_at_millis > now_millis).then_some(&entry.value)
    }

    pub(crate) fn get_mut(&mut self, name: &str, now_millis: i64) -> Option<&mut V> {
        let entry = self.entries.get_mut(name)?;
        (entry.expires_at_millis > now_millis).then_some(&mut entry.value)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<V> {
        self.entries.remove(name).map(|entry| entry.value)
    }

    /// Takes an entry out, unless it has expired.
    pub(crate) fn take(&mut self, name: &str, now_millis: i64) -> Option<V> {
        let entry = self.entries.remove(name)?;
        (entry.expires_at_millis > now_millis).then_some(entry.value)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.entries.retain(|_, entry| keep(&entry.value));
    }

    pub(crate) fn for_each(&mut self, change: impl Fn(&mut V)) {
        self.entries.values_mut().for_each(|entry| change(&mut entry.value));
    }

    fn forget_old_ones(&mut self, now_millis: i64) {
        while let Some(oldest) = self.arrivals.front() {
            let alive = self.entries.get(oldest).is_some_and(|entry| entry.expires_at_millis > now_millis);
            if alive && self.arrivals.len() < self.capacity {
                break;
            }
            self.entries.remove(oldest);
            self.arrivals.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BoundedMap;

    #[test]
    fn an_entry_is_gone_at_the_millisecond_it_expires() {
        let mut map = BoundedMap::new(10);
        map.insert("a".into(), 1, 1_000, 60);
        assert_eq!((map.get("a", 60_999), map.get("a", 61_000)), (Some(&1), None));
    }

    #[test]
    fn the_oldest_entry_makes_room_for_a_new_one() {
        let mut map = BoundedMap::new(3);
        for name in ["a", "b", "c", "d"] {
            map.insert(name.into(), (), 0, 60);
        }
        assert_eq!((map.get("a", 0), map.get("b", 0), map.entries.len()), (None, Some(&()), 3));
    }

    #[test]
    fn removed_and_expired_entries_leave_nothing_behind() {
        let mut map = BoundedMap::new(1_000);
        for number in 0..500 {
            map.insert(format!("{number}"), (), number, 1);
        }
        map.insert("last".into(), (), 10_000, 1);
        assert_eq!((map.entries.len(), map.arrivals.len()), (1, 1));
    }
}
