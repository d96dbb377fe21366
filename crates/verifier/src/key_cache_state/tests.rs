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
    let fetch = waited_for(look_up(&mut state, 0.0, Wanted::NotHeld));
    state.on_fetched(at(0.0), fetch);
    state
}

/// The fetch that was started and is waited for.
#[track_caller]
fn waited_for(decision: Decision) -> FetchId {
    let Decision::Fetch(fetch) = decision else { panic!("a fetch is expected, not {decision:?}") };
    fetch
}

/// The fetch that was started behind the answer.
#[track_caller]
fn in_background(decision: Decision) -> FetchId {
    let Decision::ServeAndRefresh(fetch) = decision else {
        panic!("a refresh is expected, not {decision:?}")
    };
    fetch
}

fn look_up(state: &mut KeyCacheState, seconds: f64, wanted: Wanted) -> Decision {
    state.on_lookup(at(seconds), &times(), wanted, Stage::First)
}

#[test]
fn the_first_request_fetches_and_all_others_wait_for_it() {
    let mut state = KeyCacheState::new(1);
    let fetch = waited_for(look_up(&mut state, 0.0, Wanted::NotHeld));
    for _ in 0..1000 {
        assert_eq!(look_up(&mut state, 0.0, Wanted::NotHeld), Decision::Wait(fetch));
    }
    state.on_fetched(at(0.2), fetch);
    assert_eq!(state.on_lookup(at(0.2), &times(), Wanted::Held, Stage::AfterWait(fetch)), Decision::Serve);
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
        let fetch = waited_for(look_up(&mut state, 0.0, Wanted::NotHeld));
        state.on_fetched(at(0.0), fetch);
        assert_eq!(look_up(&mut state, 239.9, Wanted::Held), Decision::Serve);
        in_background(look_up(&mut state, 300.0, Wanted::Held));
        assert_eq!(look_up(&mut state, 300.0, Wanted::Held), Decision::Serve);
    }
}

#[test]
fn keys_past_their_time_are_served_at_once_and_refreshed_behind_it() {
    let mut state = warm();
    let fetch = in_background(look_up(&mut state, 5000.0, Wanted::Held));
    state.on_fetched(at(5000.1), fetch);
    assert_eq!(look_up(&mut state, 5200.0, Wanted::Held), Decision::Serve);
}

#[test]
fn known_keys_outlive_an_outage_up_to_the_stale_limit() {
    let mut state = warm();
    let (mut now, mut fetches) = (300.0, 0);
    while now < 24.0 * 3600.0 {
        match look_up(&mut state, now, Wanted::Held) {
            Decision::Serve => {}
            Decision::ServeAndRefresh(fetch) => {
                fetches += 1;
                state.on_failed(at(now), fetch);
            }
            other => panic!("a known key is not served at {now}: {other:?}"),
        }
        now += 1.0;
    }
    assert!(fetches < 500, "{fetches} fetches of an issuer that is down");
    let gone = FRESH + Duration::from_secs(24 * 3600 + 1);
    waited_for(look_up(&mut state, gone.as_secs_f64(), Wanted::Held));
}

#[test]
fn a_failed_fetch_is_told_once_and_its_end_once() {
    let mut state = warm();
    let fetch = in_background(look_up(&mut state, 300.0, Wanted::Held));
    assert_eq!(state.on_failed(at(300.0), fetch), Transition::BecameUnreachable);
    let fetch = in_background(look_up(&mut state, 302.0, Wanted::Held));
    assert_eq!(state.on_failed(at(302.0), fetch), Transition::None);
    let fetch = in_background(look_up(&mut state, 310.0, Wanted::Held));
    assert_eq!(state.on_fetched(at(310.0), fetch), Transition::Recovered);
    let fetch = in_background(look_up(&mut state, 620.0, Wanted::Held));
    assert_eq!(state.on_fetched(at(620.0), fetch), Transition::None);
}

#[test]
fn without_keys_the_back_off_answers_at_once_and_grows_to_30_seconds() {
    let mut state = KeyCacheState::new(3);
    let mut now = 0.0;
    let mut pauses = Vec::new();
    for _ in 0..12 {
        let fetch = waited_for(look_up(&mut state, now, Wanted::NotHeld));
        state.on_failed(at(now), fetch);
        let Decision::Unavailable { retry_after } =
            state.on_lookup(at(now), &times(), Wanted::NotHeld, Stage::AfterWait(fetch))
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
            Decision::Fetch(fetch) => {
                fetches += 1;
                state.on_fetched(at(now), fetch);
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
    let fetch = waited_for(look_up(&mut state, 1.0, Wanted::NotHeld));
    state.on_failed(at(1.0), fetch);
    assert_eq!(look_up(&mut state, 2.0, Wanted::NotHeld), Decision::Unknown);
    assert_eq!(look_up(&mut state, 30.9, Wanted::NotHeld), Decision::Unknown);
    waited_for(look_up(&mut state, 31.1, Wanted::NotHeld));
}

#[test]
fn a_first_fetch_that_does_not_bring_the_key_counts_as_its_refetch() {
    let mut state = KeyCacheState::new(1);
    let fetch = waited_for(look_up(&mut state, 0.0, Wanted::NotHeld));
    state.on_fetched(at(0.0), fetch);
    let after_wait = state.on_lookup(at(0.0), &times(), Wanted::NotHeld, Stage::AfterWait(fetch));
    assert_eq!(after_wait, Decision::Unknown);
    assert_eq!(look_up(&mut state, 0.1, Wanted::NotHeld), Decision::Unknown);
    waited_for(look_up(&mut state, 30.1, Wanted::NotHeld));
}

#[test]
fn an_unknown_key_waits_for_a_fetch_that_is_under_way() {
    let mut state = warm();
    let fetch = in_background(look_up(&mut state, 300.0, Wanted::Held));
    assert_eq!(look_up(&mut state, 300.0, Wanted::NotHeld), Decision::Wait(fetch));
}

#[test]
fn a_rotation_right_after_the_start_is_noticed_at_once() {
    let mut state = warm();
    waited_for(look_up(&mut state, 0.1, Wanted::NotHeld));
}

#[test]
fn a_fresh_time_of_zero_fetches_before_every_answer_and_survives_an_outage() {
    let always = KeyTimes { fresh_for: Duration::ZERO, ..times() };
    let mut state = warm();
    let fetch = waited_for(state.on_lookup(at(1.0), &always, Wanted::Held, Stage::First));
    assert_eq!(state.on_lookup(at(1.0), &always, Wanted::Held, Stage::First), Decision::Wait(fetch));
    state.on_failed(at(1.0), fetch);
    assert_eq!(state.on_lookup(at(1.0), &always, Wanted::Held, Stage::AfterWait(fetch)), Decision::Serve);
    assert_eq!(state.on_lookup(at(1.1), &always, Wanted::Held, Stage::First), Decision::Serve);
    waited_for(state.on_lookup(at(2.1), &always, Wanted::Held, Stage::First));
}

#[test]
fn keys_that_were_waited_for_are_served_however_short_their_time() {
    let no_time = KeyTimes { fresh_for: Duration::ZERO, stale_for: Duration::ZERO, ..times() };
    let mut state = KeyCacheState::new(1);
    for second in 0..3 {
        let (asked, fetched) = (at(f64::from(second)), at(f64::from(second) + 0.2));
        let later = at(f64::from(second) + 0.3);
        let fetch = waited_for(state.on_lookup(asked, &no_time, Wanted::Held, Stage::First));
        state.on_fetched(fetched, fetch);
        assert_eq!(state.on_lookup(later, &no_time, Wanted::Held, Stage::AfterWait(fetch)), Decision::Serve);
    }
    // What was there before is not served when the fetch fails.
    let fetch = waited_for(state.on_lookup(at(9.0), &no_time, Wanted::Held, Stage::First));
    state.on_failed(at(9.1), fetch);
    let after_wait = state.on_lookup(at(9.1), &no_time, Wanted::Held, Stage::AfterWait(fetch));
    assert!(matches!(after_wait, Decision::Unavailable { .. }), "{after_wait:?}");
}

#[test]
fn dropped_keys_are_fetched_by_the_next_lookup() {
    let mut state = warm();
    let fetch = in_background(look_up(&mut state, 300.0, Wanted::Held));
    state.on_failed(at(300.0), fetch);
    state.on_invalidated();
    waited_for(look_up(&mut state, 300.0, Wanted::NotHeld));
}

#[test]
fn a_fetch_that_was_under_way_when_the_keys_were_dropped_changes_nothing() {
    type Landing = fn(&mut KeyCacheState, FetchId) -> Transition;
    let landings: [Landing; 2] =
        [|state, fetch| state.on_fetched(at(301.0), fetch), |state, fetch| state.on_failed(at(301.0), fetch)];
    for land in landings {
        let mut state = warm();
        let before = in_background(look_up(&mut state, 300.0, Wanted::Held));
        state.on_invalidated();
        // It may land before the next lookup or after it.
        assert_eq!(land(&mut state.clone(), before), Transition::Discarded);
        let after = waited_for(look_up(&mut state, 300.0, Wanted::NotHeld));
        assert_eq!(land(&mut state, before), Transition::Discarded);
        assert_eq!(state.held(), None);
        assert_eq!(look_up(&mut state, 301.0, Wanted::NotHeld), Decision::Wait(after));
        assert_eq!(state.on_fetched(at(301.0), after), Transition::None);
        assert_eq!(look_up(&mut state, 301.0, Wanted::Held), Decision::Serve);
    }
}

#[test]
fn whoever_waited_while_the_keys_were_dropped_begins_anew() {
    let mut state = warm();
    let before = waited_for(look_up(&mut state, 1.0, Wanted::NotHeld));
    state.on_invalidated();
    let mut look_up_again = || state.on_lookup(at(1.1), &times(), Wanted::NotHeld, Stage::AfterWait(before));
    let after = waited_for(look_up_again());
    assert!(after > before);
    assert_eq!(look_up_again(), Decision::Wait(after));
    // The later fetch answers those who waited for the earlier one too.
    state.on_fetched(at(1.2), after);
    let after_wait = state.on_lookup(at(1.2), &times(), Wanted::NotHeld, Stage::AfterWait(before));
    assert_eq!(after_wait, Decision::Unknown);
}

#[test]
fn keys_of_the_application_outlast_a_fetch_that_was_under_way() {
    let mut state = warm();
    let fetch = waited_for(look_up(&mut state, 1.0, Wanted::NotHeld));
    state.on_primed(at(1.1));
    assert_eq!(state.on_failed(at(1.2), fetch), Transition::Discarded);
    assert_eq!(state.held().map(|held| held.fetched_at()), Some(at(1.1)));
    assert_eq!(state.on_lookup(at(1.2), &times(), Wanted::Held, Stage::AfterWait(fetch)), Decision::Serve);
    // A key that is not among them is asked for: the fetch that its cooldown allowed did not count.
    waited_for(state.on_lookup(at(1.2), &times(), Wanted::NotHeld, Stage::AfterWait(fetch)));
}

#[test]
fn two_verifiers_with_different_times_share_one_state() {
    let short = KeyTimes { fresh_for: Duration::from_secs(10), ..times() };
    let mut state = warm();
    assert_eq!(look_up(&mut state, 20.0, Wanted::Held), Decision::Serve);
    in_background(state.on_lookup(at(20.0), &short, Wanted::Held, Stage::First));
}

#[test]
fn the_cooldown_of_whoever_asks_is_what_counts() {
    let cooldown = |seconds| KeyTimes { unknown_key_cooldown: Duration::from_secs(seconds), ..times() };
    let (patient, quick) = (cooldown(3600), cooldown(1));
    let mut state = warm();
    let fetch = waited_for(state.on_lookup(at(10.0), &patient, Wanted::NotHeld, Stage::First));
    state.on_fetched(at(10.0), fetch);
    assert_eq!(state.on_lookup(at(10.9), &quick, Wanted::NotHeld, Stage::First), Decision::Unknown);
    let fetch = waited_for(state.on_lookup(at(11.0), &quick, Wanted::NotHeld, Stage::First));
    state.on_fetched(at(11.0), fetch);
    assert_eq!(state.on_lookup(at(3610.9), &patient, Wanted::NotHeld, Stage::First), Decision::Unknown);
    waited_for(state.on_lookup(at(3611.0), &patient, Wanted::NotHeld, Stage::First));
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
            let (Decision::Fetch(fetch) | Decision::ServeAndRefresh(fetch)) = decision else { continue };
            fetches[fetched_in] += 1;
            if OUTAGE.contains(&fetched_in) {
                state.on_failed(now, fetch);
            } else {
                state.on_fetched(now, fetch);
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
