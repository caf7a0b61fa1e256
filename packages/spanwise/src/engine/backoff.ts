/** Ms before attempt `next` (2, 3, …): doubling from `first`, at most five minutes, with jitter so that many do not return at once. */
export function backoffDelay(first: number, next: number, random: () => number): number {
  const full = Math.min(first * 2 ** (next - 2), Math.max(first, 300_000))
  return Math.round(full * (0.75 + random() * 0.5))
}

/** What a service itself asks for: `Retry-After` as the error carries it, ms. */
export function retryAfter(error: unknown): number | undefined {
  const value = (error as { retryAfter?: unknown } | null)?.retryAfter
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.ceil(value) : undefined
}
