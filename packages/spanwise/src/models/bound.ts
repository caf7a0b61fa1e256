import type { Bound } from './book.ts'
import type { Member } from './member.ts'
import { highestCost, type Prices } from './price.ts'

/** a picture, whatever its size: more than any provider counts for one */
const perFile = 4_000
/** what a provider adds around messages and tools */
const overhead = 64

/**
 * More tokens than a prompt can have. A token is at least a byte of text, because all tokenizers in use fall back to bytes; files
 * are no text, and count by their size or flat.
 */
export function mostTokens(asked: object): number {
  let tokens = overhead
  const walk = (value: unknown): void => {
    if (typeof value === 'string') tokens += Buffer.byteLength(value)
    else if (value instanceof Uint8Array) tokens += Math.max(perFile, Math.ceil(value.length / 8))
    else if (Array.isArray(value)) value.forEach(walk)
    else if (typeof value === 'object' && value !== null) {
      const { type, data } = value as { type?: unknown; data?: unknown }
      if (type === 'file') {
        const text = typeof data === 'string' ? data : (data as { data?: unknown } | undefined)?.data
        tokens += typeof text === 'string' ? Math.max(perFile, Math.ceil(text.length / 8)) : perFile
        return
      }
      for (const [key, one] of Object.entries(value)) {
        tokens += key.length + 4
        walk(one)
      }
    } else tokens += 4
  }
  walk(asked)
  return tokens
}

/** The most that each candidate may cost and use. */
export function boundsOf(
  members: readonly Member[],
  input: number,
  capOf: (member: Member) => number,
  prices: Prices,
  at: number,
): ReadonlyMap<Member, Bound> {
  return new Map(
    members.map((member) => {
      const maxOutput = capOf(member)
      const { provider, model } = member
      return [
        member,
        { money: highestCost({ provider, model, at, input, maxOutput }, prices), tokens: BigInt(input + maxOutput) },
      ]
    }),
  )
}
