import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Store } from '../store.ts'
import { change, created, entry, newRun, owned, worker } from '../testsuite/build.testsuite.ts'
import { openSqliteStore } from './client.ts'

let path: string
let store: Store
const threads: Worker[] = []

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-client-'))
  path = join(folder, 'store.db')
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  // the thread is the client's secret; these tests have to kill it
  const post = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...args) {
    threads.push(this)
    return original.apply(this, args)
  })
  onTestFinished(() => post.mockRestore())
  store = await openSqliteStore(path, { durability: 'off' })
})
const original = Worker.prototype.postMessage
afterEach(() => {
  threads.length = 0
})

describe('requests', () => {
  it('of one turn of the event loop travel together', async () => {
    const run = await owned(store)
    threads.length = 0
    const later = async (index: number): Promise<unknown> => {
      await Promise.resolve()
      return store.append(change(run, [entry(index)]))
    }
    await Promise.all([store.append(change(run, [entry(1)])), later(2), later(3)])
    expect(threads).toHaveLength(1)
  })

  it('are all answered by the time the store is closed', async () => {
    const runs = Array.from({ length: 100 }, () => newRun())
    const asked = runs.map((run) => store.create(run))
    await store.close()
    expect((await Promise.all(asked)).every((answer) => answer.state === 'created')).toBe(true)
    store = await openSqliteStore(path, { durability: 'off' })
    expect(await store.counts()).toMatchObject({ queued: 100 })
  })

  it('that cannot travel are refused alone', async () => {
    const broken = newRun({ tags: [(() => 'a tag') as unknown as string] })
    const [good, bad] = await Promise.allSettled([store.create(newRun()), store.create(broken)])
    expect([good?.status, bad?.status]).toEqual(['fulfilled', 'rejected'])
    expect(await store.counts()).toMatchObject({ queued: 1 })
  })

  it('after the close are refused, and closing twice is closing once', async () => {
    await Promise.all([store.close(), store.close()])
    await expect(store.counts()).rejects.toMatchObject({ code: 'STORE_CLOSED' })
    await expect(store.transact({ seq: 1, run: 'a' }, 1, () => never())).rejects.toMatchObject({ code: 'STORE_CLOSED' })
  })
})

describe('the store’s thread', () => {
  it('that dies fails what waits for it and everything later, and nothing hangs', async () => {
    const run = await owned(store)
    const waiting = [store.append(change(run, [entry(1)])), store.counts()]
    const settled = Promise.allSettled(waiting)
    await nextTurn()
    await threads[0]?.terminate()
    for (const answer of await settled) {
      // what was committed before the end may have been answered
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'STORE_LOST' })
    }
    await expect(store.counts()).rejects.toMatchObject({ code: 'STORE_LOST' })
    await expect(store.transact(run, 1, () => never())).rejects.toMatchObject({ code: 'STORE_LOST' })
    await store.close()
    store = await openSqliteStore(path, { durability: 'off' })
    expect(await store.counts()).toMatchObject({ running: 1 })
  })

  it('renews leases while this thread is busy', async () => {
    await store.register({ ...worker, lease: 60 })
    const db = new DatabaseSync(path, { readOnly: true })
    onTestFinished(() => db.close())
    const expires = (): number => Number(db.prepare('SELECT expires FROM spanwise_workers').get()?.['expires'])
    const before = expires()
    const until = Date.now() + 400
    while (Date.now() < until);
    expect(expires()).toBeGreaterThan(before)
    await store.unregister('w1')
    expect(await store.renew('w1')).toBe(false)
  })

  it('does not keep the process alive, and is not cut off while something is asked', () => {
    const program = `
      import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, 'client.ts'))}
      const store = await openSqliteStore(process.argv[1])
      await store.register({ id: 'w', pid: 1, host: 'h', lease: 30000 })
      store.counts().then((counts) => process.stdout.write('answered ' + counts.queued))`
    const file = join(path, '../other.db')
    const said = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', program, file], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    expect(said).toBe('answered 0')
  })
})

describe('transact', () => {
  it('does not wait in circles while requests keep coming', async () => {
    const run = await owned(store)
    let asked = 0
    let going = true
    const flood = (async () => {
      while (going) {
        await created(store)
        asked++
      }
    })()
    for (let i = 1; i < 20; i++) {
      await store.transact(run, 1, (tx) => {
        tx.run('CREATE TABLE IF NOT EXISTS t (n)')
        tx.run('INSERT INTO t VALUES (?)', i)
        return { value: i, change: change(run, [entry(i)]) }
      })
    }
    going = false
    await flood
    expect(await store.entries(run.run)).toHaveLength(20)
    expect((await store.counts()).queued).toBe(asked)
  })

  it('may leave others waiting for a long body, whose lease stands', async () => {
    await store.register({ ...worker, lease: 50 })
    const run = await owned(store)
    await store.transact(run, 1, () => {
      const until = Date.now() + 200
      while (Date.now() < until);
      return { value: 0, change: change(run, [entry(1)]) }
    })
    expect(await store.append(change(run, [entry(2)]))).toMatchObject({ state: 'ok' })
  })
})

it('a process that exits without closing leaves a store that opens', async () => {
  const program = `
    import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, 'client.ts'))}
    const store = await openSqliteStore(process.argv[1])
    await store.subjects(['a'])
    process.exit(3)`
  const file = join(path, '../third.db')
  expect(spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program, file]).status).toBe(3)
  const other = await openSqliteStore(file)
  expect((await other.subjects(['a'])).size).toBe(1)
  await other.close()
})

function never(): never {
  throw new Error('this must not run')
}

function nextTurn(): Promise<void> {
  return setTimeout(0)
}
