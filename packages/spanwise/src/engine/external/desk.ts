import { randomUUID } from 'node:crypto'
import { SpanwiseError } from '../../journal/index.ts'
import type { StepContext, StepDefinition } from '../../workflow/index.ts'
import type { Clock } from '../clock.ts'

/** An attempt of a step that another program performs. */
export interface ExternalTask {
  readonly run: string
  readonly tenant: string
  readonly workflow: string
  readonly step: string
  /** the operation, as stored */
  readonly key: string
  readonly pool: string
  readonly attempt: number
  readonly idempotencyKey: string
  readonly input: unknown
  /** codec text of the input, as the step's entries hold it */
  readonly inputText: string
  /** of its intent: whoever answers under it answers this operation, also after its process died */
  readonly claim: string
  readonly definition: StepDefinition
}

export interface ClaimOptions {
  readonly pools: readonly string[]
  /** whose steps; all when absent */
  readonly tenant?: string | undefined
  /** ms without a heartbeat after which it is handed to another one */
  readonly lease: number
}

export interface Handed {
  readonly task: ExternalTask
  /** what is shown at each heartbeat and at the end */
  readonly token: string
  readonly until: number
}

/** Where steps of other programs lie until somebody takes them, and are watched over until they are answered. */
export interface Desk {
  /** Resolves never: the answer comes by the run's inbox. Rejects with what the other program failed with, or the abort reason. */
  place(task: ExternalTask, context: StepContext): Promise<never>
  /** Takes one, the one that was placed first; undefined when none has come until the abort. */
  take(options: ClaimOptions, signal: AbortSignal): Promise<Handed | undefined>
  /** The task that a token was given for, if it still is its holder's. @throws CLAIM_LOST */
  holding(token: string): Promise<ExternalTask>
  /** @throws CLAIM_LOST */
  heartbeat(token: string, lease: number, progress: unknown): Promise<number>
  /** @throws CLAIM_LOST */
  fail(token: string, error: unknown): Promise<void>
  /** Nothing is handed out any more, and what waits is left for the next process. */
  close(): void
}

interface Lying {
  readonly task: ExternalTask
  readonly context: StepContext
  readonly reject: (error: unknown) => void
  /** of who holds it */
  nonce: string | undefined
  until: number
  stopTimer: (() => void) | undefined
}

/** how long a task is waited for that somebody holds and that is not here yet: its run is being loaded after a restart, ms */
const patience = 2_000
/** so long after it began a process may still be loading, ms */
const young = 30_000

export function createDesk(clock: Clock): Desk {
  const lying = new Map<string, Lying>()
  const waiting = new Set<() => void>()
  const arrivals = new Set<() => void>()
  const born = performance.now()
  let isClosed = false

  const wake = (listeners: Set<() => void>): void => {
    for (const listener of [...listeners]) listener()
  }
  const release = (one: Lying): void => {
    one.stopTimer?.()
    one.nonce = undefined
    wake(waiting)
  }
  const hold = (one: Lying, lease: number): void => {
    one.stopTimer?.()
    one.until = clock.now() + lease
    // counted anew: the step's own time limit for silence
    one.context.heartbeat()
    one.stopTimer = clock.after(lease, () => release(one))
  }
  const next = ({ pools, tenant }: ClaimOptions): Lying | undefined => {
    for (const one of lying.values()) {
      const { task, nonce } = one
      if (nonce === undefined && pools.includes(task.pool) && (tenant === undefined || task.tenant === tenant))
        return one
    }
    return undefined
  }
  const heldBy = async (token: string): Promise<Lying> => {
    const { id, claim, nonce } = readToken(token)
    const one = lying.get(id) ?? (await arrival(id))
    // after a restart nobody holds it: who held it before still does
    if (one === undefined || one.task.claim !== claim || (one.nonce !== undefined && one.nonce !== nonce))
      throw claimLost()
    one.nonce = nonce
    return one
  }
  const arrival = async (id: string): Promise<Lying | undefined> => {
    if (isClosed || performance.now() - born > young) return undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (lying.has(id)) resolve()
    }
    arrivals.add(look)
    const timer = setTimeout(resolve, patience)
    await promise
    clearTimeout(timer)
    arrivals.delete(look)
    return lying.get(id)
  }

  return {
    place(task, context) {
      if (isClosed) return Promise.reject(poolClosed())
      return new Promise((_, reject) => {
        const id = `${task.run} ${task.key}`
        const one: Lying = { task, context, reject: end, nonce: undefined, until: 0, stopTimer: undefined }
        function end(error: unknown): void {
          one.stopTimer?.()
          if (lying.get(id) === one) lying.delete(id)
          reject(error)
        }
        context.abortSignal.addEventListener('abort', () => end(context.abortSignal.reason), { once: true })
        lying.set(id, one)
        wake(arrivals)
        wake(waiting)
      })
    },
    async take(options, signal) {
      for (;;) {
        const one = isClosed || signal.aborted ? undefined : next(options)
        if (one !== undefined) {
          one.nonce = randomUUID()
          hold(one, options.lease)
          return { task: one.task, token: tokenOf(one.task, one.nonce), until: one.until }
        }
        if (isClosed || signal.aborted) return undefined
        const { promise, resolve } = Promise.withResolvers<void>()
        const look = (): void => resolve()
        waiting.add(look)
        signal.addEventListener('abort', look)
        await promise
        waiting.delete(look)
        signal.removeEventListener('abort', look)
      }
    },
    holding: async (token) => (await heldBy(token)).task,
    async heartbeat(token, lease, progress) {
      const one = await heldBy(token)
      hold(one, lease)
      if (progress !== undefined) one.context.progress(progress)
      return one.until
    },
    async fail(token, error) {
      ;(await heldBy(token)).reject(error)
    },
    close() {
      isClosed = true
      for (const one of [...lying.values()]) one.reject(poolClosed())
      wake(waiting)
      wake(arrivals)
    },
  }
}

function tokenOf({ run, key, claim }: ExternalTask, nonce: string): string {
  return Buffer.from(JSON.stringify([`${run} ${key}`, claim, nonce])).toString('base64url')
}

function readToken(token: string): { readonly id: string; readonly claim: string; readonly nonce: string } {
  try {
    const [id, claim, nonce] = JSON.parse(Buffer.from(token, 'base64url').toString()) as readonly unknown[]
    if (typeof id === 'string' && typeof claim === 'string' && typeof nonce === 'string') return { id, claim, nonce }
  } catch {
    // not one of ours
  }
  throw claimLost()
}

function claimLost(): SpanwiseError {
  return new SpanwiseError({
    code: 'CLAIM_LOST',
    message: 'This step is not the caller’s any more, or never was.',
    hint: 'Stop working on it: its lease ran out and it was handed to another one, or it was answered, cancelled, or took too long.',
  })
}

/** The worker closes: whoever takes the run over places it again. */
function poolClosed(): SpanwiseError {
  return new SpanwiseError({
    code: 'POOL_CLOSED',
    message: 'The process that hands out external steps is closing.',
    hint: 'The step is handed out again by the next process.',
  })
}
