import { describe, expect, it } from 'vitest'
import {
  approval,
  child,
  compensate,
  each,
  FailError,
  parallel,
  type Run,
  race,
  random,
  type Startable,
  signal,
  sleep,
  step,
  uuid,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { type TestApp, testApp } from '../../packages/spanwise/src/testing/index.ts'

/** What every odd run is made of. Nothing of it depends on when it is played. */
const go = signal<string>('go')
const work = step('work', { attempts: 2, backoff: '1s' }, async (n: number, { attempt }) => {
  if (n === 13 && attempt === 1) throw new Error('once')
  return n * 2
})
const undo = step('undo', async (n: number) => n)
const once = step('once', { effect: 'at-most-once' }, async (n: number) => n + 1)
const insert = step.transaction('insert', (tx, n: number) => {
  tx.run('CREATE TABLE IF NOT EXISTS mine (n INTEGER)')
  tx.run('INSERT INTO mine VALUES (?)', n)
  return n
})
const flaky = step('flaky', { attempts: 1 }, async (n: number) => {
  if (n < 0) throw new TypeError('below zero')
  return n
})
const inner = workflow('inner', async (n: number) => (await work(n)) + 1)
const listens = workflow('listens', async (n: number) => `${n} ${await go.wait()}`)

const races = workflow('races', async () => {
  const first = await race({ quick: () => work(1), never: () => sleep('9h'), heard: () => go.wait() })
  const second = await race({
    slow: async () => {
      await sleep('2s')
      return work(2)
    },
    slower: async () => {
      await sleep('1h')
      return work(3)
    },
  })
  return [first, second, await sleep('1m')]
})

const branches = workflow('branches', async () => {
  const all = await parallel({
    a: async () => [await work(1), await insert(5)],
    b: async () => (random() >= 0 ? once(await work(13)) : 0),
    c: () => child(inner, 4),
    d: async () => (await approval('sure?', { timeout: '5h' })).by,
  })
  const handle = await child.start(listens, 7)
  await work(8)
  await handle.signal(go, 'on')
  return [all, await handle.result(), uuid().length]
})

const catches = workflow('catches', async () => {
  const seen: unknown[] = []
  for (const n of [1, -1, 2]) {
    try {
      seen.push(await flaky(n))
    } catch (error) {
      seen.push((error as Error).message, await work(3))
    } finally {
      seen.push(await once(n))
    }
  }
  const results = await each([4, -4, 5], { key: (n) => `n${n}`, onError: 'collect', concurrency: 2 }, (n) => flaky(n))
  return [seen, results.map(({ ok }) => ok)]
})

const undoes = workflow('undoes', async () => {
  compensate(undo, await work(1))
  await parallel({
    a: async () => compensate(undo, await work(2)),
    b: async () => {
      await sleep('1s')
      compensate(undo, await work(3))
    },
  })
  throw new FailError('undo it all')
})

async function* source() {
  for (let n = 0; n < 9; n++) yield n
}
const generations = workflow('generations', async (round: number, { continueAs }): Promise<unknown> => {
  compensate(undo, round)
  const sums = await each(source(), { key: (n) => `item ${n}`, concurrency: 3, snapshot: true }, async (n) => {
    const one = await work(n)
    return one + (await flaky(n))
  })
  const heard = await go.wait()
  if (round < 2) return continueAs(round + 1)
  return [sums, heard, await once(round)]
})

const odd: readonly (readonly [string, Startable<never, unknown>, unknown])[] = [
  ['races and their losers', races, undefined],
  ['branches with children, questions and transactions', branches, undefined],
  ['failures that are caught', catches, undefined],
  ['compensations', undoes, undefined],
  ['generations, snapshots and pulled items', generations, 0],
]
const workflows = [races, branches, catches, undoes, generations, inner, listens]

/** Lets everything happen that the run waits for. */
async function play(app: TestApp, run: Run<unknown>): Promise<unknown> {
  for (let turn = 0; turn < 60; turn++) {
    await app.idle()
    const { status, error, code } = await run.status()
    if (status === 'completed') return run.result()
    if (status === 'failed') return `failed: ${(error as Error).message}`
    if (status === 'needs attention') return `parked: ${code} ${(error as Error).message}`
    for (const { id } of (await app.approvals({ run: run.id })).items)
      await app.decide(id, { approve: true, by: 'ann' })
    // signals that nobody waits for any more do no harm
    if (run.id !== '' && (await waitsFor(run))) await run.signal(go, 'went')
    await app.advance('10s')
  }
  return `stuck: ${(await run.status()).status}`
}

async function waitsFor(run: Run<unknown>): Promise<boolean> {
  const { workflow: name } = await run.status()
  return name === 'generations'
}

const options = { workflows, snapshotAfter: 3 }

describe('a fork from every entry', () => {
  it.each(odd)('of a run with %s comes to the same end', { timeout: 120_000 }, async (_, flow, input) => {
    await using app = await testApp(options)
    const run = await app.start(flow as Startable<unknown, unknown>, input)
    const expected = await play(app, run)
    expect(String(expected)).not.toMatch(/^(parked|stuck)/)
    const indexes: number[] = []
    for await (const { index } of run.events()) indexes.push(index)
    for (const from of [...indexes, (indexes.at(-1) as number) + 1]) {
      const fork = await run.fork({ from, allow: ['*'] })
      expect(await play(app, fork), `from ${from}`).toEqual(expected)
    }
    // and of its fork, from every third one
    const fork = await run.fork({ from: Math.floor(indexes.length / 2), allow: ['*'] })
    await play(app, fork)
    const forked: number[] = []
    for await (const { index } of fork.events()) forked.push(index)
    for (const from of forked.filter((_, at) => at % 3 === 0)) {
      const second = await fork.fork({ from, allow: ['*'] })
      expect(await play(app, second), `of a fork, from ${from}`).toEqual(expected)
    }
  })

  it.each(odd)(
    'of a run with %s parks before the first effect, and does none',
    { timeout: 120_000 },
    async (_, flow, input) => {
      await using app = await testApp(options)
      const run = await app.start(flow as Startable<unknown, unknown>, input)
      await play(app, run)
      const before = effects(app)
      const indexes: number[] = []
      for await (const { index } of run.events()) indexes.push(index)
      for (const from of indexes) {
        const fork = await run.fork({ from })
        const end = await play(app, fork)
        if (typeof end === 'string' && end.startsWith('parked'))
          expect(end, `from ${from}`).toMatch(/^parked: FORK_DRY/)
        else expect(String(end), `from ${from}`).not.toMatch(/^stuck/)
        expect(effects(app), `from ${from}`).toEqual(before)
      }
    },
  )
})

function effects(app: TestApp): readonly number[] {
  return ['work', 'undo', 'once', 'insert', 'flaky'].map((name) => app.executions(name))
}

describe('a fork that is played on a machine that dies', () => {
  it.each(odd)('of a run with %s comes to the same end', { timeout: 120_000 }, async (_, flow, input) => {
    await using app = await testApp(options)
    const run = await app.start(flow as Startable<unknown, unknown>, input)
    const expected = await play(app, run)
    const length = (await run.at(0)) && (await count(run))
    for (let n = 1; n < 25; n += 2) {
      const fork = await run.fork({ from: n % length, allow: ['*'] })
      for (let crash = 0; crash < 3; crash++) {
        await app.crash()
        await app.advance('1s')
      }
      const end = await play(app, fork)
      // an at-most-once step that a crash interrupted is for a person
      if (!String(end).includes('OUTCOME_UNKNOWN')) expect(end, `from ${n % length}`).toEqual(expected)
    }
  })
})

async function count(run: Run<unknown>): Promise<number> {
  let found = 0
  for await (const _ of run.events()) found++
  return found
}
