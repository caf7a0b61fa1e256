import type { Flight, ResultCache, Reused, Wanted } from './cache/index.ts'
import type { Lease, Limiter, LimitRequest } from './limiter/index.ts'

/** What a step waited for: leave to begin, or a result that makes it unnecessary. */
export interface Pass {
  readonly reused?: Reused | undefined
  /** it computes what others wait for */
  readonly flight?: Flight | undefined
  readonly lease?: Lease | undefined
  /** ms */
  readonly waited: number
  /** gives everything back */
  release(): void
}

/** Looks for a result first: one that is reused takes no place under the step's limits. */
export async function obtain(
  from: { readonly limiter: Limiter; readonly results: ResultCache },
  request: LimitRequest,
  wanted?: Wanted,
): Promise<Pass> {
  const entered = wanted === undefined ? undefined : await from.results.enter(wanted, request)
  if (entered !== undefined && 'reused' in entered) return { ...entered, release: () => {} }
  const { flight, waited = 0 } = entered ?? {}
  if (request.claims.length === 0) return { flight, waited, release: () => flight?.leave() }
  try {
    const lease = await from.limiter.acquire(request)
    return {
      flight,
      lease,
      waited: waited + lease.waited,
      release: () => {
        lease.release()
        flight?.leave()
      },
    }
  } catch (error) {
    flight?.leave()
    throw error
  }
}
