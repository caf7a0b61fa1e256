import { decode, type Entry, type Meta, type RunStatus } from '../journal/index.ts'

/** How a run stands. */
export interface RunState {
  readonly id: string
  readonly workflow: string
  readonly tenant: string
  readonly status: RunStatus
  readonly createdAt: Date
  readonly updatedAt: Date
  /** when a waiting or queued run is due by itself */
  readonly wakeAt: Date | undefined
  /** why it needs attention or failed */
  readonly error: unknown
  readonly code: string | undefined
  /** the same for the same failure in other runs */
  readonly fingerprint: string | undefined
  readonly release: string
  readonly parent: string | undefined
}

/** One entry of a run's history, decoded. */
export interface RunEvent {
  readonly index: number
  readonly after: number
  readonly at: Date
  readonly kind: Entry['kind']
  readonly key: string
  readonly attempt: number
  readonly meta: Meta
  /** undefined where there is none or it was erased */
  readonly payload: unknown
}

/** Steps hold two lines: what went in and what came out. */
export function toEvent(entry: Entry): RunEvent {
  const { index, after, at, kind, key, attempt, meta, payload } = entry
  return {
    index,
    after,
    at: new Date(at),
    kind,
    key,
    attempt,
    meta,
    payload: payload === undefined ? undefined : decodePayload(lateKind(kind, meta) ?? kind, payload),
  }
}

/** A note about what came too late holds what the entry would have held. */
function lateKind(kind: Entry['kind'], { late }: Meta): Entry['kind'] | undefined {
  return kind === 'note' && typeof late === 'string' ? (late as Entry['kind']) : undefined
}

function decodePayload(kind: Entry['kind'], payload: string): unknown {
  if (!kind.startsWith('step.')) return decode(payload)
  const line = payload.indexOf('\n')
  const input = decode(payload.slice(0, line))
  if (kind === 'step.intent') return { input }
  const outcome = decode(payload.slice(line + 1))
  return kind === 'step.result' ? { input, result: outcome } : { input, error: outcome }
}
