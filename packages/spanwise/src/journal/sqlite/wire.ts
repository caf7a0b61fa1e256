import { isSpanwiseError, SpanwiseError } from '../error.ts'
import type { OlderNote } from '../older.ts'
import type { Answer } from './operations.ts'
import { doneAnswer, isDone, type Travelling } from './wire-append.ts'

/** What travels between the caller's thread and the store's. Batches are answered in the order in which they were sent. */
export type ToThread =
  | { readonly batch: readonly Travelling[] }
  /** answered when everything sent before is committed; the thread then leaves the file alone until `resume` */
  | { readonly control: 'pause' | 'resume' | 'close' }

export type FromThread =
  | {
      readonly opened: {
        readonly id: string
        readonly key: Uint8Array
        readonly schema: number
        readonly older: OlderNote | undefined
      }
    }
  | { readonly failed: WireError }
  | { readonly answers: readonly WireAnswer[] }
  | { readonly control: 'paused' | 'closed' }

export type WireAnswer = 0 | { readonly value: unknown } | { readonly error: WireError }

/** A structured clone of an Error loses its class and its fields. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly run: string | undefined
  readonly step: string | undefined
  readonly cause: string | undefined
}

export function toWire(error: unknown): WireError {
  const ours = isSpanwiseError(error)
  const cause: unknown = ours ? error.cause : error
  return {
    code: ours ? error.code : 'STORE_WRITE_FAILED',
    message: error instanceof Error ? error.message : String(error),
    hint: ours ? error.hint : 'This is a bug in Spanwise. Please report it with the cause.',
    run: ours ? error.run : undefined,
    step: ours ? error.step : undefined,
    cause: cause instanceof Error ? (cause.stack ?? cause.message) : cause === undefined ? undefined : String(cause),
  }
}

export function fromWire(wire: WireError): SpanwiseError {
  const { code, message, hint, run, step } = wire
  return new SpanwiseError({
    code,
    message,
    hint,
    run,
    step,
    ...(wire.cause !== undefined && { cause: new Error(wire.cause) }),
  })
}

export function toWireAnswer(answer: Answer): WireAnswer {
  if ('error' in answer) return { error: toWire(answer.error) }
  return isDone(answer) ? 0 : answer
}

export function fromWireAnswer(answer: WireAnswer): Answer {
  if (answer === 0) return doneAnswer()
  return 'error' in answer ? { error: fromWire(answer.error) } : answer
}
