/** Figures that can be compared between runs: ratios to the bare disk in the same run, and bytes. Which way is better? */
const better: readonly (readonly [start: string, 'lower' | 'higher'])[] = [
  ['W1 / 11 bare commits', 'lower'],
  ['steps / bare packed at', 'higher'],
  ['steps / bare rows at', 'higher'],
  ['W2 / 3 bare commits', 'lower'],
  ['start to first step / bare commit', 'lower'],
  ['resume: an entry of many / of a fifth', 'lower'],
  ['bytes a parked run', 'lower'],
]
/** what differs by less is the same: bytes of a heap are never quite */
const negligible: Readonly<Record<string, number>> = { 'bytes a parked run': 50 }

export interface Comparison {
  readonly name: string
  readonly before: number
  readonly now: number
  /** how much worse, as a share: 0.2 is 20 %; negative is better */
  readonly worse: number
}

/** Every figure that can be compared and is there on both sides. */
export function compare(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): readonly Comparison[] {
  const found: Comparison[] = []
  for (const [start, direction] of better) {
    for (const [name, value] of Object.entries(now)) {
      const old = before[name]
      if (!name.startsWith(start) || old === undefined) continue
      const least = negligible[start] ?? 0
      const change = direction === 'lower' ? value / Math.max(old, least) : old / value
      found.push({ name, before: old, now: value, worse: Math.abs(value - old) < least ? 0 : change - 1 })
    }
  }
  return found
}
