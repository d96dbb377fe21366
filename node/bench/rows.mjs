// What applications that were asked in turns have shown, and the processes that they and the load run in.

import { fork } from 'node:child_process'
import { median } from './compare.mjs'

/** Requests per second and the slowest hundredth, of every turn, by name. */
export class Turns {
  #found

  constructor(names) {
    this.#found = Object.fromEntries(names.map((name) => [name, { rates: [], tails: [] }]))
  }

  add(name, { rate, p99 }) {
    this.#found[name].rates.push(rate)
    this.#found[name].tails.push(p99)
  }

  /** A row of the table: `name` against `base`, as the median of the turns' ratios. */
  row(path, name, base, atLeast) {
    const [own, other] = [this.#found[name], this.#found[base]]
    const ratio = median(own.rates.map((rate, turn) => rate / other.rates[turn]))
    return {
      path,
      figure:
        `${median(own.rates).toFixed(0)} / ${median(other.rates).toFixed(0)} = ${ratio.toFixed(2)}` +
        `; p99 ${median(own.tails).toFixed(1)} ms / ${median(other.tails).toFixed(1)} ms`,
      target: atLeast === undefined ? '–' : `≥ ${atLeast}`,
      met: atLeast === undefined || ratio >= atLeast,
    }
  }
}

/** Starts a process, gives it its work if there is any yet, and waits for what it says first. */
export function start(file, work) {
  const child = fork(new URL(file, import.meta.url))
  if (work !== undefined) child.send(work)
  return new Promise((resolve, reject) => {
    child.once('message', (answer) => resolve({ child, answer }))
    child.once('exit', (code, signal) => reject(new Error(`${file} ended with ${signal ?? code}`)))
  })
}
