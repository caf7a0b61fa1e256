import type { BudgetChange } from '../budgets.ts'
import type { NewEntry } from '../entry.ts'
import type { RunChange } from '../store.ts'
import type { Answer, Request } from './operations.ts'

/**
 * The common request, entries and what they change of budgets, travels as one flat array: a structured clone writes the name of every
 * property of every object, which is most of what a hop costs. The common answer travels as 0.
 */
export type Packed = readonly unknown[]
export type Travelling = Request | Packed

const head = 4
const budgetWidth = 3
const width = 11

export function pack(request: Request): Travelling {
  if (request.op !== 'append' || !isPlain(request.argument)) return request
  const { ref, epoch, entries, budgets = [] } = request.argument
  const packed: unknown[] = new Array(head + budgets.length * budgetWidth + entries.length * width)
  packed[0] = ref.seq
  packed[1] = ref.run
  packed[2] = epoch
  packed[3] = budgets.length
  let at = head
  for (const b of budgets) {
    packed[at++] = b.budget
    packed[at++] = b.window
    packed[at++] = b.amount
  }
  for (const e of entries) {
    packed[at++] = e.index
    packed[at++] = e.after
    packed[at++] = e.at
    packed[at++] = e.kind
    packed[at++] = e.key
    packed[at++] = e.clearKey
    packed[at++] = e.attempt
    packed[at++] = e.meta
    packed[at++] = e.payload
    packed[at++] = e.input
    packed[at++] = e.subject
  }
  return packed
}

export function unpack(travelling: Travelling): Request {
  if (!isPacked(travelling)) return travelling
  const [seq, run, epoch, count] = travelling as [number, string, number, number]
  let at = head
  const budgets: BudgetChange[] = []
  for (; budgets.length < count; at += budgetWidth) budgets.push(budgetAt(travelling, at))
  const entries: NewEntry[] = []
  for (; at < travelling.length; at += width) entries.push(entryAt(travelling, at))
  const change = { ref: { seq, run }, epoch, entries }
  return { op: 'append', argument: count === 0 ? change : { ...change, budgets } }
}

function isPacked(travelling: Travelling): travelling is Packed {
  return Array.isArray(travelling)
}

function isPlain(change: RunChange): boolean {
  const { row, taken, children, send, approvals, results, park } = change
  return (row ?? taken ?? children ?? send ?? approvals ?? results ?? park) === undefined
}

function budgetAt(packed: Packed, at: number): BudgetChange {
  return { budget: packed[at] as string, window: packed[at + 1] as number, amount: packed[at + 2] as bigint }
}

function entryAt(packed: Packed, at: number): NewEntry {
  return {
    index: packed[at] as number,
    after: packed[at + 1] as number,
    at: packed[at + 2] as number,
    kind: packed[at + 3] as NewEntry['kind'],
    key: packed[at + 4] as string,
    clearKey: packed[at + 5] as string | undefined,
    attempt: packed[at + 6] as number,
    meta: packed[at + 7] as NewEntry['meta'],
    payload: packed[at + 8] as string | undefined,
    input: packed[at + 9] as string | undefined,
    subject: packed[at + 10] as string | undefined,
  }
}

const done = { value: { state: 'ok', woken: [] } } as const

/** 0 stands for an append that was written and woke nobody. */
export function isDone(answer: Answer): boolean {
  if ('error' in answer) return false
  const { state, woken } = (answer.value ?? {}) as { readonly state?: unknown; readonly woken?: readonly string[] }
  return state === 'ok' && woken !== undefined && woken.length === 0
}

export function doneAnswer(): Answer {
  return done
}
