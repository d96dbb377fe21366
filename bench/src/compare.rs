//! Two things measured side by side: turn by turn, so that whatever else the machine does hits both.

use std::time::{Duration, Instant};

/// What a comparison found. Times are per call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    pub(crate) ours: Duration,
    pub(crate) theirs: Duration,
    /// The median of the rounds' own ratios, which is steadier than the ratio of the medians.
    pub(crate) ratio: f64,
}

/// How many turns each side has.
const ROUNDS: usize = 41;

/// Runs `ours` and `theirs` in turn, `calls` calls a turn. The closures get the number of the call.
pub(crate) fn compare(
    calls: usize,
    mut ours: impl FnMut(usize),
    mut theirs: impl FnMut(usize),
) -> Comparison {
    let turn = |side: &mut dyn FnMut(usize), round: usize| {
        let start = Instant::now();
        for call in 0..calls {
            side(round * calls + call);
        }
        start.elapsed().as_secs_f64() / calls as f64
    };
    let (mut our_times, mut their_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Who goes first changes, so that neither always finds the caches warm.
        let (our, their) = if round % 2 == 0 {
            let our = turn(&mut ours, round);
            (our, turn(&mut theirs, round))
        } else {
            let their = turn(&mut theirs, round);
            (turn(&mut ours, round), their)
        };
        our_times.push(our);
        their_times.push(their);
        ratios.push(our / their);
    }
    Comparison {
        ours: Duration::from_secs_f64(median(&mut our_times)),
        theirs: Duration::from_secs_f64(median(&mut their_times)),
        ratio: median(&mut ratios),
    }
}

/// The value in the middle.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
