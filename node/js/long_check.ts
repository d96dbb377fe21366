import type { Answer } from '../native/index.js'

/** A check that may take longer than the way to another thread and back. */
interface LongCheck {
  elsewhere(): Promise<Answer>
  /** Makes it on this thread, where that is allowed. What has to wait for keys waits elsewhere even so. */
  here?: (() => Answer | Promise<Answer>) | undefined
}

// Held, so that tests that replace the timers of Node.js still get their answers.
const { setImmediate, clearImmediate } = globalThis

/** How many checks are made elsewhere at this moment. */
let away = 0

/** Whether the last check found a user. Who sends refused tokens gets no time of this thread. */
let lastWasGood = false

/** Sends the check that waits to be made here elsewhere. */
let sendAway: (() => void) | undefined

/**
 * Makes a check: here when it is the only one and the last one found a user, elsewhere otherwise.
 *
 * The way to a thread that sleeps, and back to this one when it sleeps too, takes a quarter of the time of an ES384 check. A check
 * that nothing else is made beside comes behind everything that the event loop has found ready, and holds up what comes later by
 * no more than itself.
 *
 * @internal
 */
export function checkSomewhere(check: LongCheck): Promise<Answer> {
  sendAway?.()
  const { here } = check
  if (here === undefined || away > 0 || !lastWasGood) return elsewhere(check)
  return new Promise((resolve) => {
    const turn = setImmediate(() => {
      sendAway = undefined
      resolve(noted(here))
    })
    sendAway = () => {
      sendAway = undefined
      clearImmediate(turn)
      resolve(elsewhere(check))
    }
  })
}

async function elsewhere(check: LongCheck): Promise<Answer> {
  away += 1
  try {
    return await noted(() => check.elsewhere())
  } finally {
    away -= 1
  }
}

/** Makes a check and notes how it ends. */
async function noted(make: () => Answer | Promise<Answer>): Promise<Answer> {
  lastWasGood = false
  const answer = await make()
  lastWasGood = typeof answer === 'number' || typeof answer === 'string'
  return answer
}
