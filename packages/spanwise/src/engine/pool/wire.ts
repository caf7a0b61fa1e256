import { encode } from '../../journal/index.ts'
import type { Log, RunInfo } from '../../workflow/index.ts'

/** What a thread is born with. */
export interface ThreadData {
  /** modules to import before the first job */
  readonly preload: readonly string[]
}

/** One attempt of a step, as text and plain data. */
export interface ThreadJob {
  readonly step: string
  /** `import.meta.url` of the module that defines the step */
  readonly module: string
  /** codec text */
  readonly input: string
  /** higher first */
  readonly priority: number
  /** bytes that the thread's heap may grow to; the pool's when absent */
  readonly memory?: number | undefined
  readonly context: { readonly idempotencyKey: string; readonly attempt: number; readonly run: RunInfo }
}

export type ToThread =
  | { readonly type: 'job'; readonly id: number; readonly job: ThreadJob }
  | { readonly type: 'abort'; readonly id: number; readonly reason: string }

/** Values are codec text: exactly what would be journaled crosses. */
export type FromThread = { readonly id: number } & (
  | { readonly type: 'begun' | 'heartbeat' }
  | { readonly type: 'progress' | 'cite'; readonly value: string }
  | { readonly type: 'log'; readonly level: keyof Log; readonly message: string; readonly facts: string | undefined }
  | { readonly type: 'result'; readonly value: string }
  /** spoilt: the thread keeps a module that could not be loaded, and another thread may do better */
  | { readonly type: 'error'; readonly error: string; readonly spoilt: boolean }
)

/** Anything can be thrown; what cannot be written still has a name and a message. */
export function encodeThrown(thrown: unknown, where: string): string {
  try {
    return encode(thrown, where)
  } catch (refusal) {
    const plain = new Error(`something that cannot be recorded was thrown: ${String(thrown)}`, { cause: refusal })
    return encode(plain, where)
  }
}
