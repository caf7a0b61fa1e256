import { SpanwiseError } from '../journal/index.ts'

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** callers that are told apart; those that were quiet are forgotten first */
const most = 10_000

/** Lets each caller through at a rate. @throws RATE_LIMITED */
export function rateLimit({ perSecond, burst }: Rate): (caller: string) => void {
  const buckets = new Map<string, { left: number; at: number }>()
  return (caller) => {
    const now = performance.now()
    const before = buckets.get(caller)
    const left = before === undefined ? burst : Math.min(burst, before.left + ((now - before.at) / 1_000) * perSecond)
    // put behind the others: the first of the map is the one that was quiet longest
    buckets.delete(caller)
    buckets.set(caller, { left: Math.max(0, left - 1), at: now })
    if (buckets.size > most) buckets.delete(buckets.keys().next().value as string)
    if (left >= 1) return
    throw new SpanwiseError({
      code: 'RATE_LIMITED',
      message: `This caller makes more than ${perSecond} requests a second.`,
      hint: `Try again in ${Math.ceil((1 - left) / perSecond)} s. The server’s option \`rate\` says how many there may be.`,
    })
  }
}
