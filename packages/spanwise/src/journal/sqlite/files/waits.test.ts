import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import type { Store } from '../../store.ts'
import { change, created, owned, parked } from '../../testsuite/build.testsuite.ts'
import { openSqliteStore } from '../client.ts'
import { waitFacts } from './waits.ts'

const hour = 3_600_000
const now = 1_000 * hour

async function facts(fill: (store: Store) => Promise<void>, sql = ''): Promise<ReturnType<typeof waitFacts>> {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-waits-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'store.db')
  const store = await openSqliteStore(path)
  await fill(store)
  await store.close()
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
  return waitFacts(path, now, 60_000)
}

it('what is due and nobody takes is told by workflow, and what is due in a moment is not', async () => {
  const found = await facts(async (store) => {
    await created(store, { at: now - 3 * hour, wakeAt: now - 2 * hour, run: 'first' })
    await created(store, { at: now - 3 * hour, wakeAt: now - hour })
    await created(store, { at: now - 3 * hour, wakeAt: now - 1_000, workflow: 'other' })
    await created(store, { at: now - 3 * hour, wakeAt: now + hour, workflow: 'other' })
    await owned(store, { at: now - 3 * hour })
  })
  expect(found.due).toEqual([{ workflow: 'job', runs: 2, run: 'first', since: now - 2 * hour }])
  expect(found.late).toEqual([])
})

it('what is past its deadline is told while it has not ended, and does not need attention', async () => {
  const found = await facts(async (store) => {
    await owned(store, { at: now - hour, deadline: now - hour, run: 'late' })
    await owned(store, { at: now - hour, deadline: now + hour })
    const set = await owned(store, { at: now - hour, deadline: now - hour })
    await store.append(change(set, [], { row: { status: 'needs attention' }, park: { wakeAt: undefined } }))
    const ended = await owned(store, { at: now - hour, deadline: now - hour })
    await store.append(change(ended, [], { row: { status: 'completed', outcome: '1' }, park: undefined }))
  })
  expect(found.late).toEqual([{ workflow: 'job', runs: 1, run: 'late', since: now - hour }])
})

it('what waits for somebody far longer than the others of its workflow is told, and what has a time to wake at is not', async () => {
  const many = async (store: Store): Promise<void> => {
    for (let n = 0; n < 9; n++) await parked(store, 'waiting')
    for (let n = 0; n < 9; n++) await parked(store, 'waiting', now + hour)
  }
  const age = `UPDATE spanwise_runs SET updated_at = ${now - hour};
    UPDATE spanwise_runs SET updated_at = ${now - 11 * hour}, run = 'old' WHERE wake_at IS NULL AND seq = 1;
    UPDATE spanwise_runs SET updated_at = ${now - 500 * hour} WHERE wake_at IS NOT NULL AND seq % 2`
  const { long } = await facts(many, age)
  expect(long).toEqual([{ workflow: 'job', runs: 1, run: 'old', since: now - 11 * hour, usual: hour }])
  const few = await facts(
    async (store) => void (await parked(store, 'waiting')),
    `UPDATE spanwise_runs SET updated_at = 0`,
  )
  expect(few.long).toEqual([])
})
