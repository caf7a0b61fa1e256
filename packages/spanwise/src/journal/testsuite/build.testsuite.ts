import { expect } from 'vitest'
import type { EntryKind, NewEntry } from '../entry.ts'
import type { Appended, Created, LoadedRun, NewMail, NewRun, RunChange, RunRef, RunRow, Store } from '../store.ts'

/** A store under test. `reopen` closes it and opens the same data again, as the next process would. */
export interface Opened {
  readonly store: Store
  reopen(): Promise<Store>
}
export type OpenForTest = () => Promise<Opened>

export const worker = { id: 'w1', pid: 1, host: 'here', lease: 30_000 }
export const all = ['job', 'other']

export function entry(index: number, kind: EntryKind = 'step.result', more: Partial<NewEntry> = {}): NewEntry {
  return {
    index,
    after: Math.max(0, index - 1),
    at: 1000 + index,
    kind,
    key: kind.startsWith('run.') ? '' : `step#${index}`,
    attempt: 1,
    ...more,
  }
}

let made = 0

/** a free, queued run, due at 1000 */
export function newRun(more: Partial<NewRun> = {}): NewRun {
  const name = `r${++made}`
  return {
    run: `run-${name}`,
    workflow: 'job',
    tenant: '',
    id: name,
    inputToken: 'input',
    status: 'queued',
    priority: 0,
    release: 'v1',
    tags: [],
    started: entry(0, 'run.started', { payload: '{"input":1}' }),
    at: 1000,
    ...more,
  }
}

export async function created(store: Store, more: Partial<NewRun> = {}): Promise<RunRow> {
  const result: Created = await store.create(newRun(more))
  expect(result.state).toBe('created')
  return result.row
}

/** a run that `w1` owns at epoch 1 */
export function owned(store: Store, more: Partial<NewRun> = {}): Promise<RunRow> {
  return created(store, { status: 'running', owner: worker.id, ...more })
}

/** a run that was parked with a status, free and not due */
export async function parked(store: Store, status: 'waiting' | 'needs attention', wakeAt?: number): Promise<RunRow> {
  const row = await owned(store)
  await store.append(change(row, [], { row: { status }, park: { wakeAt } }))
  return row
}

export function change(
  row: RunRef & { readonly epoch: number },
  entries: readonly NewEntry[],
  more: Partial<RunChange> = {},
): RunChange {
  return { ref: { seq: row.seq, run: row.run }, epoch: row.epoch, entries, ...more }
}

export function finish(store: Store, row: RunRow, outcome = '"done"', index = 1): Promise<Appended> {
  const entries = [entry(index, 'run.completed', { payload: outcome })]
  return store.append(change(row, entries, { row: { status: 'completed', outcome } }))
}

export function signal(run: string, more: Partial<NewMail> = {}): NewMail {
  return { run, kind: 'signal', name: 'ready', payload: '1', at: 2000, ...more }
}

export function claim(store: Store, more: Partial<Parameters<Store['claim']>[0]> = {}): Promise<readonly LoadedRun[]> {
  return store.claim({ worker: worker.id, now: 5000, limit: 100, workflows: all, ...more })
}

export async function claimed(store: Store): Promise<readonly string[]> {
  return (await claim(store)).map(({ row }) => row.run)
}

export async function row(store: Store, run: RunRef): Promise<RunRow> {
  const found = await store.run(run.run)
  if (found === undefined) throw new Error(`no run ${run.run}`)
  return found
}
