/**
 * What observes must not throw: what a subscriber of a diagnostics channel throws becomes an uncaught exception of the
 * program. The first error is kept, for the line that says what went wrong.
 */
export interface Guard {
  <A extends readonly unknown[]>(work: (...args: A) => void): (...args: A) => void
  problem(): string | undefined
  report(error: unknown): void
}

export function guard(): Guard {
  let first: string | undefined
  const report = (error: unknown): void => {
    first ??= error instanceof Error ? error.message : String(error)
  }
  const wrap = <A extends readonly unknown[]>(work: (...args: A) => void) => {
    return (...args: A): void => {
      try {
        work(...args)
      } catch (error) {
        report(error)
      }
    }
  }
  return Object.assign(wrap, { problem: () => first, report })
}
