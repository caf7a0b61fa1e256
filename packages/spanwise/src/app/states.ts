import { encodeCanonical } from '../journal/index.ts'
import { type LoopSnapshot, stateAfter } from '../workflow/index.ts'
import type { RunEvent } from './event.ts'
import { liveEvents } from './history.ts'

/** What a graph or an agent of a run stood at when one of its rounds was over. */
export interface StateView {
  /** of the entry that holds it: a fork can begin behind it */
  readonly index: number
  readonly at: Date
  /** whose it is: `graph(support)#0` */
  readonly key: string
  /** rounds that were over */
  readonly round: number
  /** it was the last one */
  readonly done: boolean
  readonly state: unknown
  /** what comes next: names of nodes */
  readonly next: readonly string[]
}

/** Without what resumes and forks have superseded, oldest first. */
export function statesOf(events: readonly RunEvent[], of?: string): readonly StateView[] {
  const latest = new Map<string, unknown>()
  return liveEvents(events)
    .filter(({ kind, key, meta }) => kind === 'scope.snapshot' && typeof meta['round'] === 'number' && isOf(key, of))
    .map((event) => {
      const { key, payload } = event
      const before = latest.get(key)
      // erased, where one of them is missing
      const isThere = payload !== undefined && (before !== undefined || event.meta['patch'] !== true)
      const kept = isThere ? stateAfter(before, payload as LoopSnapshot<unknown>) : undefined
      latest.set(key, kept)
      return viewOf(event, kept)
    })
}

/** `graph(support)` is the first of its name; the outermost one where nobody says which. */
function isOf(key: string, of: string | undefined): boolean {
  return of === undefined ? !key.includes('[') : key === of || key === `${of}#0`
}

function viewOf({ index, at, key, meta }: RunEvent, kept: unknown): StateView {
  const { state, next } = (kept ?? {}) as { readonly state?: unknown; readonly next?: unknown }
  return {
    index,
    at,
    key,
    round: Number(meta['round']),
    done: meta['done'] === true,
    state: state ?? kept,
    next: Array.isArray(next) ? next.map(String) : [],
  }
}

/** One place where two states differ. `undefined` where one of them has nothing there. */
export interface StateChange {
  /** `order.items[2]` */
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

/** Where two states differ, down to the values; a list that only grew is shown by what came. */
export function diffStates(before: unknown, after: unknown, path = ''): readonly StateChange[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length)
    return Array.from({ length }, (_, i) => diffStates(before[i], after[i], `${path}[${i}]`)).flat()
  }
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => diffStates(before[key], after[key], path === '' ? key : `${path}.${key}`))
  }
  return encodeCanonical(before, 'state') === encodeCanonical(after, 'state') ? [] : [{ path, before, after }]
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
