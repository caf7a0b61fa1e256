/** Numbers that a seed gives again. */
export interface Dice {
  /** in [0, 1) */
  next(): number
  /** whole, from 0 to below `below` */
  whole(below: number): number
  pick<T>(from: readonly T[]): T
}

/** mulberry32 */
export function dice(seed: number): Dice {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (below: number): number => Math.floor(next() * below)
  return { next, whole, pick: (from) => from[whole(from.length)] as (typeof from)[number] }
}

/** `KILL_SEED` repeats the moments of a run as far as a machine can; else a new one each time, printed. */
export function seedOf(what: string): number {
  const seed = Number(process.env['KILL_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`${what}: repeat with KILL_SEED=${seed}`)
  return seed
}
