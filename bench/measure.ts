/** Figures of one kind of work: p50 and p95 of single runs, in ms. */
export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly n: number
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}

/** One after the other; the first `warm` are not counted. */
export async function alone(n: number, warm: number, work: (i: number) => Promise<unknown>): Promise<Latency> {
  for (let i = 0; i < warm; i++) await work(-1 - i)
  const times: number[] = []
  for (let i = 0; i < n; i++) {
    const start = performance.now()
    await work(i)
    times.push(performance.now() - start)
  }
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95), n }
}

/** `total` pieces of work with `at` under way at once; answers pieces per second. */
export async function atOnce(total: number, at: number, work: (i: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: at }, async () => {
      while (next < total) await work(next++)
    }),
  )
  return total / ((performance.now() - start) / 1_000)
}

export function round(value: number, digits = 2): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
