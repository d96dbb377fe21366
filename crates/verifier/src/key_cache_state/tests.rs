use super::*;

const FRESH: Duration = Duration::from_secs(300);

fn at(seconds: f64) -> Moment {
    Moment::after_start(Duration::from_secs_f64(seconds))
}

fn times() -> KeyTimes {
    KeyTimes::default()
}

/// A state that fetched its keys at the start.
fn warm() -> KeyCacheState {
    let mut state = KeyCacheState::new(1);
    assert_eq!(state.on_lookup(at(0.0), &times(), Wanted::NotHeld, Stage::First), Decision::Fetch);
    state.on_fetched(at(0.0));
    state
}

fn look_up(state: &mut KeyCacheState, seconds: f64, wanted: Wanted) -> Decision {
    state.on_lookup(at(seconds), &times(), wanted, Stage::First)
}

#[test]
fn the_first_request_fetches_and_all_others_wait_for_it() {
    let mut state = KeyCacheState::new(1);
    assert_eq!(look_up(&mut state, 0.0, Wanted::NotHeld), Decision::Fetch);
    for _ in 0..1000 {
        assert_eq!(look_up(&mut state, 0.0, Wanted::NotHeld), Decision::Wait);
    }
    state.on_fetched(at(0.2));
    assert_eq!(state.on_lookup(at(0.2), &times(), Wanted::Held, Stage::AfterWait), Decision::Serve);
}

#[test]
fn fresh_keys_are_served() {
    let mut state = warm();
    assert_eq!(look_up(&mut state, 239.0, Wanted::Held), Decision::Serve);
}

#[test]
fn keys_are_refreshed_once_between_80_and_100_percent_of_their_time_while_they_are_served() {
    for seed in 0..50 {
        let mut state = KeyCacheState::new(seed);
        look_up(&mut state, 0.0, Wanted::NotHeld);
        state.on_fetched(at(0.0));
        assert_eq!(look_up(&mut state, 239.9, Wanted::Held), Decision::Serve);
        assert_eq!(look_up(&mut state, 300.0, Wanted::Held), Decision::ServeAndRefresh);
        assert_eq!(look_up(&mut state, 300.0, Wanted::Held), Decision::Serve);
    }
}

#[test]
fn keys_past_their_time_are_served_at_once_and_refreshed_behind_it() {
    let mut state = warm();
    assert_eq!(look_up(&mut state, 5000.0, Wanted::Held), Decision::ServeAndRefresh);
    state.on_fetched(at(5000.1));
    assert_eq!(look_up(&mut state, 5200.0, Wanted::Held), Decision::Serve);
}

#[test]
fn known_keys_outlive_an_outage_up_to_the_stale_limit() {
    let mut state = warm();
    let (mut now, mut fetches) = (300.0, 0);
    while now < 24.0 * 3600.0 {
        match look_up(&mut state, now, Wanted::Held) {
            Decision::Serve => {}
            Decision::ServeAndRefresh => {
                fetches += 1;
                state.on_failed(at(now));
            }
            other => panic!("a known key is not served at {now}: {other:?}"),
        }
        now += 1.0;
    }
    assert!(fetches < 500, "{fetches} fetches of an issuer that is down");
    let gone = FRESH + Duration::from_secs(24 * 3600 + 1);
    assert_eq!(look_up(&mut state, gone.as_secs_f64(), Wanted::Held), Decision::Fetch);
}

#[test]
fn a_failed_fetch_is_told_once_and_its_end_once() {
    let mut state = warm();
    look_up(&mut state, 300.0, Wanted::Held);
    assert_eq!(state.on_failed(at(300.0)), Transition::BecameUnreachable);
    assert_eq!(state.on_failed(at(302.0)), Transition::None);
    assert_eq!(state.on_fetched(at(310.0)), Transition::Recovered);
    assert_eq!(state.on_fetched(at(620.0)), Transition::None);
}

#[test]
fn without_keys_the_back_off_answers_at_once_and_grows_to_30_seconds() {
    let mut state = KeyCacheState::new(3);
    let mut now = 0.0;
    let mut pauses = Vec::new();
    for _ in 0..12 {
        assert_eq!(look_up(&mut state, now, Wanted::NotHeld), Decision::Fetch);
        state.on_failed(at(now));
        let Decision::Unavailable { retry_after } =
            state.on_lookup(at(now), &times(), Wanted::NotHeld, Stage::AfterWait)
        else {
            panic!("the caller that waited is told that there are no keys")
        };
        assert!(matches!(look_up(&mut state, now, Wanted::NotHeld), Decision::Unavailable { .. }));
        assert!(
            retry_after >= Duration::from_secs(1) && retry_after <= Duration::from_secs(30),
            "{retry_after:?}"
        );
        pauses.push(retry_after);
        now += retry_after.as_secs_f64() + 0.001;
    }
    assert!(pauses[11] >= Duration::from_secs(15), "{pauses:?}");
}

#[test]
fn the_first_unknown_key_fetches_at_once_and_then_one_in_a_cooldown() {
    let mut state = warm();
    let mut fetches = 0;
    for step in 0..100_000 {
        let now = 1.0 + f64::from(step) * 0.002;
        match look_up(&mut state, now, Wanted::NotHeld) {
            Decision::Fetch => {
                fetches += 1;
                state.on_fetched(at(now));
            }
            Decision::Unknown => {}
            other => panic!("{other:?}"),
        }
    }
    // 200 seconds: the first at once, and one for each cooldown of 30 s.
    assert_eq!(fetches, 1 + 200 / 30);
}

#[test]
fn failed_fetches_for_unknown_keys_count() {
    let mut state = warm();
    assert_eq!(look_up(&mut state, 1.0, Wanted::NotHeld), Decision::Fetch);
    state.on_failed(at(1.0));
    assert_eq!(look_up(&mut state, 2.0, Wanted::NotHeld), Decision::Unknown);
    assert_eq!(look_up(&mut state, 30.9, Wanted::NotHeld), Decision::Unknown);
    assert_eq!(look_up(&mut state, 31.1, Wanted::NotHeld), Decision::Fetch);
}

#[test]
fn a_first_fetch_that_does_not_bring_the_key_counts_as_its_refetch() {
    let mut state = KeyCacheState::new(1);
    assert_eq!(look_up(&mut state, 0.0, Wanted::NotHeld), Decision::Fetch);
    state.on_fetched(at(0.0));
    assert_eq!(state.on_lookup(at(0.0), &times(), Wanted::NotHeld, Stage::AfterWait), Decision::Unknown);
    assert_eq!(look_up(&mut state, 0.1, Wanted::NotHeld), Decision::Unknown);
    assert_eq!(look_up(&mut state, 30.1, Wanted::NotHeld), Decision::Fetch);
}

#[test]
fn an_unknown_key_waits_for_a_fetch_that_is_under_way() {
    let mut state = warm();
    assert_eq!(look_up(&mut state, 300.0, Wanted::Held), Decision::ServeAndRefresh);
    assert_eq!(look_up(&mut state, 300.0, Wanted::NotHeld), Decision::Wait);
}

#[test]
fn a_rotation_right_after_the_start_is_noticed_at_once() {
    let mut state = warm();
    assert_eq!(look_up(&mut state, 0.1, Wanted::NotHeld), Decision::Fetch);
}

#[test]
fn a_fresh_time_of_zero_fetches_before_every_answer_and_survives_an_outage() {
    let always = KeyTimes { fresh_for: Duration::ZERO, ..times() };
    let mut state = warm();
    assert_eq!(state.on_lookup(at(1.0), &always, Wanted::Held, Stage::First), Decision::Fetch);
    assert_eq!(state.on_lookup(at(1.0), &always, Wanted::Held, Stage::First), Decision::Wait);
    state.on_failed(at(1.0));
    assert_eq!(state.on_lookup(at(1.0), &always, Wanted::Held, Stage::AfterWait), Decision::Serve);
    assert_eq!(state.on_lookup(at(1.1), &always, Wanted::Held, Stage::First), Decision::Serve);
    assert_eq!(state.on_lookup(at(2.1), &always, Wanted::Held, Stage::First), Decision::Fetch);
}

#[test]
fn dropped_keys_are_fetched_by_the_next_lookup() {
    let mut state = warm();
    state.on_failed(at(1.0));
    state.on_invalidated();
    assert_eq!(look_up(&mut state, 1.0, Wanted::NotHeld), Decision::Fetch);
}

#[test]
fn two_verifiers_with_different_times_share_one_state() {
    let short = KeyTimes { fresh_for: Duration::from_secs(10), ..times() };
    let mut state = warm();
    assert_eq!(look_up(&mut state, 20.0, Wanted::Held), Decision::Serve);
    assert_eq!(state.on_lookup(at(20.0), &short, Wanted::Held, Stage::First), Decision::ServeAndRefresh);
}

/// 10 000 processes for a day: a rotation in the morning, an outage of an hour at noon.
///
/// Every process verifies about one token a second. What counts is how the fetches fall on the issuer: after the outage no
/// second may bring more than three times the mean, although everybody had lost it at the same time.
#[test]
fn a_fleet_does_not_come_down_on_an_issuer_that_gets_up_again() {
    const PROCESSES: usize = 10_000;
    const DAY: usize = 24 * 3600;
    const ROTATION: usize = 6 * 3600;
    const OUTAGE: std::ops::Range<usize> = 12 * 3600..13 * 3600;
    let times = times();
    let mut fetches = vec![0_u32; DAY];
    let mut random = Random(42);

    for process in 0..PROCESSES {
        let mut state = KeyCacheState::new(process as u64);
        // The fleet is deployed over the first ten minutes.
        let start = (600.0 * random.unit()) as usize;
        let mut knows_new_key = false;
        // Tokens of the new key replace the old ones within their hour of life.
        let sees_new_key_at = ROTATION as f64 + 3600.0 * random.unit() * random.unit();
        let mut second = start;
        while second < DAY {
            let now = at(second as f64 + 0.5);
            let needs_new_key = second as f64 >= sees_new_key_at && !knows_new_key;
            let quiet_until = state.held().map_or(now, |held| {
                (held.fetched_at + times.fresh_for.mul_f64(held.refresh_at)).max(state.quiet_until())
            });
            second += 1;
            if quiet_until > now && !needs_new_key {
                // Nothing happens until the keys are due, or the new key is seen.
                let wake = quiet_until.since(at(0.5)).as_secs_f64().ceil();
                let wake = if knows_new_key { wake } else { wake.min(sees_new_key_at.ceil()) };
                second = second.max(wake as usize);
                continue;
            }
            let fetched_in = second - 1;
            let wanted = if needs_new_key || state.held().is_none() { Wanted::NotHeld } else { Wanted::Held };
            let decision = state.on_lookup(now, &times, wanted, Stage::First);
            if !matches!(decision, Decision::Fetch | Decision::ServeAndRefresh) {
                continue;
            }
            fetches[fetched_in] += 1;
            if OUTAGE.contains(&fetched_in) {
                state.on_failed(now);
            } else {
                state.on_fetched(now);
                knows_new_key |= fetched_in >= ROTATION;
            }
        }
    }

    let mean = |range: std::ops::Range<usize>| {
        fetches[range.clone()].iter().map(|count| f64::from(*count)).sum::<f64>() / range.len() as f64
    };
    let peak = |range: std::ops::Range<usize>| fetches[range].iter().copied().max().unwrap_or_default();
    let after = OUTAGE.end..DAY;
    let quiet_day = mean(3600..ROTATION);
    println!("{PROCESSES} processes, fetches per second at the issuer (mean, peak):");
    for (name, range) in [
        ("a quiet morning ", 3600..ROTATION),
        ("after a rotation", ROTATION..ROTATION + 3600),
        ("during an outage", OUTAGE),
        ("the minute after", OUTAGE.end..OUTAGE.end + 60),
        ("the hour after  ", OUTAGE.end..OUTAGE.end + 3600),
        ("until midnight  ", after.clone()),
    ] {
        println!("  {name}  {:6.1} {:6}", mean(range.clone()), peak(range));
    }
    let bound = 3.0 * mean(after.clone()).min(quiet_day);
    assert!(
        f64::from(peak(after.clone())) <= bound,
        "a burst of {} where {bound:.0} is the most",
        peak(after)
    );
    assert!(mean(after) > 20.0, "the fleet keeps its keys fresh");
}
