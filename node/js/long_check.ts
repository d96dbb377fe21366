import { clearImmediate, setImmediate } from 'node:timers'
import type { Answer } from '../native/index.js'

/** A check that takes longer than the way to another thread and back: of an ES384 or ES512 signature, or with keys to be fetched. */
interface LongCheck {
  /** Makes it on this thread. What has to wait for keys is waited for elsewhere even so. */
  here(): Answer | Promise<Answer>
  elsewhere(): Promise<Answer>
}

/** How many checks are made elsewhere at this moment. */
let away = 0

/** Sends the check that waits to be made here elsewhere. */
let sendAway: (() => void) | undefined

/**
 * Makes a check: here when it is the only one, elsewhere with others.
 *
 * The way to a thread that sleeps, and back to this one when it sleeps too, takes a quarter of the time of an ES384 check. A check
 * that nothing else is made beside comes behind everything that the event loop has found ready, and holds up what comes later by
 * no more than itself.
 *
 * @internal
 */
export function checkSomewhere(check: LongCheck): Promise<Answer> {
  sendAway?.()
  if (away > 0) return elsewhere(check)
  return new Promise((resolve, reject) => {
    const turn = setImmediate(() => {
      sendAway = undefined
      try {
        resolve(check.here())
      } catch (error) {
        reject(error)
      }
    })
    sendAway = () => {
      sendAway = undefined
      clearImmediate(turn)
      resolve(elsewhere(check))
    }
  })
}

function elsewhere(check: LongCheck): Promise<Answer> {
  const answer = check.elsewhere()
  away += 1
  return answer.finally(() => {
    away -= 1
  })
}
