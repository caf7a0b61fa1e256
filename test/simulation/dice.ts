/** Chance that can be repeated: the same seed gives the same throws. */
export interface Dice {
  /** in [0, 1) */
  next(): number
  /** 0 … n - 1 */
  whole(n: number): number
  /** both ends included */
  between(low: number, high: number): number
  chance(p: number): boolean
  pick<T>(list: readonly T[]): T
  /** by weight */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T
  /** Dice of their own: what is thrown with them changes nothing for these. */
  fork(name: string): Dice
}

export function dice(seed: string): Dice {
  const next = sfc32(seed)
  const whole = (n: number): number => Math.floor(next() * n)
  const made: Dice = {
    next,
    whole,
    between: (low, high) => low + whole(high - low + 1),
    chance: (p) => next() < p,
    pick: <T>(list: readonly T[]): T => list[whole(list.length)] as T,
    weighted<T>(choices: readonly (readonly [number, T])[]): T {
      let at = next() * choices.reduce((sum, [weight]) => sum + weight, 0)
      for (const [weight, value] of choices) {
        at -= weight
        if (at < 0) return value
      }
      return (choices.at(-1) as readonly [number, T])[1]
    },
    fork: (name) => dice(`${seed}/${name}`),
  }
  return made
}

/** Small fast counter generator (Chris Doty-Humphrey, PractRand), seeded by FNV-1a of the text. */
function sfc32(seed: string): () => number {
  let h = 0x811c9dc5
  const words = [0, 0, 0]
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < seed.length; j++) h = Math.imul(h ^ seed.charCodeAt(j), 0x01000193)
    h = Math.imul(h ^ i, 0x01000193)
    words[i] = h
  }
  let [a, b, c] = words as [number, number, number]
  let counter = 1
  const next = (): number => {
    const t = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 12; i++) next()
  return next
}
