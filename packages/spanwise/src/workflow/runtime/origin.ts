/** Where an error came from: the delivery that threw it into the code. Resuming goes back to it. */
export interface Origin {
  readonly index: number
  readonly key: string
  readonly clearKey: string
}

const origins = new WeakMap<object, Origin>()

export function markOrigin(error: unknown, origin: Origin): void {
  if (typeof error === 'object' && error !== null && !origins.has(error)) origins.set(error, origin)
}

/** Looks through causes and aggregates, so that a wrapped error still leads to its step. */
export function findOrigin(error: unknown, depth = 0): Origin | undefined {
  if (typeof error !== 'object' || error === null || depth > 8) return undefined
  const own = origins.get(error)
  if (own !== undefined) return own
  const { cause, errors } = error as { cause?: unknown; errors?: unknown }
  const byCause = findOrigin(cause, depth + 1)
  if (byCause !== undefined || !Array.isArray(errors)) return byCause
  for (const one of errors) {
    const found = findOrigin(one, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
