import { encode, type NewEntry, openStore } from '../../packages/spanwise/src/journal/index.ts'
import { type CallRecord, toMeta } from '../../packages/spanwise/src/models/index.ts'

export interface RunOfCalls {
  readonly workflow: string
  readonly tags?: readonly string[]
  readonly calls: readonly {
    readonly kind: 'model.call' | 'model.attempt' | 'model.result' | 'model.error'
    readonly at: number
    readonly key: string
    readonly record: CallRecord
  }[]
}

/** Runs with model calls as the gateway records them, without a gateway. Answers their ids. */
export async function writeCalls(url: string, runs: readonly RunOfCalls[]): Promise<string[]> {
  const store = await openStore(url)
  const worker = 'w1'
  await store.register({ id: worker, pid: process.pid, host: 'here', lease: 30_000 })
  const ids: string[] = []
  for (const [n, { workflow, tags = [], calls }] of runs.entries()) {
    const run = `run-${n}`
    const entry = (index: number, more: Partial<NewEntry>): NewEntry => ({
      index,
      after: 0,
      at: 1000,
      kind: 'note',
      key: '',
      attempt: 1,
      meta: {},
      ...more,
    })
    const { row } = await store.create({
      run,
      workflow,
      tenant: 'default',
      id: run,
      inputToken: 'input',
      status: 'running',
      owner: worker,
      priority: 0,
      release: 'v1',
      tags,
      started: entry(0, { kind: 'run.started', payload: encode({ input: 1, tags }) }),
      at: 1000,
    })
    const entries = calls.map(({ kind, at, key, record }, i) => entry(i + 1, { kind, at, key, meta: toMeta(record) }))
    if (entries.length) await store.append({ ref: { seq: row.seq, run }, epoch: row.epoch, entries })
    ids.push(run)
  }
  await store.unregister(worker)
  await store.close()
  return ids
}
