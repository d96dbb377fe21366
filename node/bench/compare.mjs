// Two things measured side by side: turn by turn, so that whatever else the machine does hits both.

const ROUNDS = 15

/**
 * Runs `ours` and `theirs` in turn. Each gets the number of its turn, runs `calls` calls, and resolves.
 *
 * @returns microseconds per call of both, and the median of the rounds' own ratios, which is steadier than the ratio of medians.
 */
export async function compare(calls, ours, theirs, rounds = ROUNDS) {
  const turn = async (side, round) => {
    const start = performance.now()
    await side(round)
    return ((performance.now() - start) * 1000) / calls
  }
  const times = { ours: [], theirs: [], ratios: [] }
  // One round to warm up, which does not count.
  for (let round = -1; round < rounds; round += 1) {
    // Who goes first changes, so that neither always finds the caches warm.
    const order = round % 2 === 0 ? [ours, theirs] : [theirs, ours]
    const found = new Map()
    for (const side of order) found.set(side, await turn(side, round + 1))
    if (round < 0) continue
    times.ours.push(found.get(ours))
    times.theirs.push(found.get(theirs))
    times.ratios.push(found.get(ours) / found.get(theirs))
  }
  return { ours: median(times.ours), theirs: median(times.theirs), ratio: median(times.ratios) }
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
