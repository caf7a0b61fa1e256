/** Time as the engine sees it; tests put their own in. */
export interface Clock {
  /** ms since 1970 */
  now(): number
  /** Calls back at or after `at`, never before; returns what takes it back. */
  at(at: number, callback: () => void): () => void
  /** Calls back after a while that no setting of the wall clock shortens or stretches; returns what takes it back. */
  after(ms: number, callback: () => void): () => void
}

/** `setTimeout` cannot wait longer. */
const longest = 2 ** 31 - 1
/** The wall clock may jump ahead, and a machine may sleep: it is looked at this often, ms. */
const glance = 60_000

export const systemClock: Clock = {
  now: () => Date.now(),
  at(at, callback) {
    let timer: NodeJS.Timeout
    const arm = () => {
      const wait = at - Date.now()
      // the wall clock may have been set back meanwhile: look again before calling
      timer = setTimeout(() => (Date.now() >= at ? callback() : arm()), Math.min(Math.max(wait, 0), glance))
    }
    arm()
    return () => clearTimeout(timer)
  },
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, longest))
    return () => clearTimeout(timer)
  },
}
