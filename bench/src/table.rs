//! The table that the README shows, and whether its targets are met.

use std::time::Duration;

use crate::compare::Comparison;

/// What a figure must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
    Below(f64),
    None,
}

pub(crate) struct Row {
    what: String,
    found: String,
    value: f64,
    target: Target,
}

impl Row {
    pub(crate) fn new(what: String, found: Comparison, target: Target) -> Self {
        let ratio = if found.ratio < 0.1 {
            format!("1/{:.0}", 1.0 / found.ratio)
        } else {
            format!("{:.3}", found.ratio)
        };
        let times = format!("{} / {} = {ratio}", microseconds(found.ours), microseconds(found.theirs));
        Row { what, found: times, value: found.ratio, target }
    }

    pub(crate) fn figure(what: String, found: String, value: f64, target: Target) -> Self {
        Row { what, found, value, target }
    }

    fn is_met(&self) -> bool {
        match self.target {
            Target::AtMost(bound) => self.value <= bound,
            Target::AtLeast(bound) => self.value >= bound,
            Target::Below(bound) => self.value < bound,
            Target::None => true,
        }
    }

    fn target(&self) -> String {
        match self.target {
            Target::AtMost(bound) if bound < 0.1 => format!("≤ 1/{:.0}", 1.0 / bound),
            Target::AtMost(bound) => format!("≤ {bound}"),
            Target::AtLeast(bound) => format!("≥ {bound}"),
            Target::Below(bound) => format!("< {bound}"),
            Target::None => "–".to_owned(),
        }
    }
}

/// The rows as Markdown.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("| what | found | target |\n|---|---|---|\n");
    for row in rows {
        let mark = if row.is_met() { "" } else { " **missed**" };
        text.push_str(&format!("| {} | {} | {}{mark} |\n", row.what, row.found, row.target()));
    }
    text
}

pub(crate) fn all_met(rows: &[Row]) -> bool {
    rows.iter().all(Row::is_met)
}

fn microseconds(time: Duration) -> String {
    let value = time.as_secs_f64() * 1e6;
    if value < 10.0 { format!("{value:.2} µs") } else { format!("{value:.1} µs") }
}
