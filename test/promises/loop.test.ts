import { describe, expect, it } from 'vitest'
import {
  compensate,
  each,
  FailError,
  now,
  parallel,
  type StateView,
  signal,
  sleep,
  step,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import type { Store } from '../../packages/spanwise/src/journal/index.ts'
import { loop } from '../../packages/spanwise/src/workflow/index.ts'
import { dieEverywhere } from './support/everywhere.ts'
import { errorOf, reaches, until, world } from './support/world.ts'

/** Every round is one step that counts on. */
function counting(rounds: number, snapshots: 'every' | 'growing' = 'every') {
  const done: number[] = []
  const add = step('add', (n: number) => {
    done.push(n)
    return n + 1
  })
  const flow = workflow('count', async () =>
    loop({ name: 'loop', start: 0, snapshots }, async (n) => {
      const next = await add(n)
      return next === rounds ? { done: next, last: next } : { next }
    }),
  )
  return { flow, done }
}

const snapshotsOf = async (store: Store, run: string) =>
  (await store.entries(run)).filter(({ kind }) => kind === 'scope.snapshot')

describe('a loop whose continuation is data', () => {
  it('goes through its rounds, each in a scope of its own, and keeps what each one came to', async () => {
    const { flow } = counting(4)
    const { store, open } = world()
    const { app } = await open([flow])
    const run = await app.start(flow)
    expect(await run.result()).toBe(4)
    const keys = (await store.entries(run.id)).filter(({ kind }) => kind === 'step.result').map(({ key }) => key)
    expect(keys).toEqual([0, 1, 2, 3].map((n) => `loop#0[${n}]/add#0`))
    expect((await snapshotsOf(store, run.id)).map(({ meta }) => meta)).toEqual([
      { round: 1, ground: 0 },
      { round: 2, ground: 0 },
      { round: 3, ground: 0 },
      { round: 4, done: true },
    ])
  })

  it('writes few snapshots where they grow', async () => {
    const { flow } = counting(100, 'growing')
    const { store, open } = world()
    const { app } = await open([flow])
    const run = await app.start(flow)
    await run.result()
    expect((await snapshotsOf(store, run.id)).map(({ meta }) => meta['round'])).toEqual([8, 16, 32, 64, 100])
  })

  it('replays nothing that a snapshot stands for: not even its code', async () => {
    const rounds: number[] = []
    const work = step('work', (n: number) => n)
    const go = signal('go')
    const flow = workflow('flow', async () => {
      const before = await work(1)
      const sum = await loop({ name: 'loop', start: before, snapshots: 'every' }, async (n, round) => {
        rounds.push(round)
        await work(n)
        if (round === 5) await go.wait()
        return round === 6 ? { done: n } : { next: n + 1 }
      })
      return [before, sum, await work(9)]
    })
    const { open } = world()
    const first = await open([flow])
    const run = await first.app.start(flow, undefined, { id: 'one' })
    await reaches(run, 'waiting')
    first.crash()
    expect(rounds).toEqual([0, 1, 2, 3, 4, 5])
    rounds.length = 0
    const { app } = await open([flow])
    const again = await app.get(flow, 'one')
    await again?.signal(go, undefined)
    expect(await again?.result()).toEqual([1, 7, 9])
    expect(rounds).toEqual([5, 6])
  })

  it('a restored round has the time, the waits and the signals that it had', async () => {
    const seen: number[] = []
    const letter = signal<string>('letter')
    const touch = step('touch', (n: number) => n)
    const flow = workflow('flow', async () => {
      const first = await letter.wait()
      const rest = await parallel({
        other: async () => {
          await sleep('30ms')
          return letter.wait()
        },
        loop: () =>
          loop({ name: 'loop', start: [] as string[], snapshots: 'every' }, async (heard) => {
            await touch(heard.length)
            seen.push(now().getTime())
            const next = [...heard, await letter.wait()]
            await sleep('20ms')
            return next.length === 3 ? { done: next } : { next }
          }),
      })
      return [first, ...rest.loop, rest.other]
    })
    for (const linger of [0, 200]) {
      const { open } = world({ linger })
      const { app } = await open([flow])
      const run = await app.start(flow)
      for (const text of ['a', 'b', 'c', 'd', 'e']) await run.signal(letter, text)
      const heard = (await run.result()) as string[]
      // which of two waits takes a letter is decided by time; that each is taken once is not
      expect(heard.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e'])
    }
  })

  it('compensations of rounds that are left out are known', async () => {
    const undone: number[] = []
    const undo = step('undo-round', (n: number) => void undone.push(n))
    const work = step('work', (n: number) => n)
    const flow = workflow('flow', async () =>
      loop({ name: 'loop', start: 0, snapshots: 'every' }, async (n) => {
        await work(n)
        compensate(undo, n)
        await sleep('1ms')
        if (n === 4) throw new FailError('enough')
        return { next: n + 1 }
      }),
    )
    const { open } = world({ linger: 0 })
    const { app } = await open([flow])
    const run = await app.start(flow)
    await expect(run.result()).rejects.toThrow('enough')
    expect(undone).toEqual([4, 3, 2, 1, 0])
  })

  it('survives a crash at every write, alone, nested, and beside other code', { timeout: 240_000 }, async () => {
    const letter = signal<number>('number')
    const make = () => {
      const done = new Map<string, number>()
      const add = step('add', ({ at, n }: { at: string; n: number }) => {
        done.set(`${at} ${n}`, (done.get(`${at} ${n}`) ?? 0) + 1)
        return n + 1
      })
      const counts = (at: string, to: number, wait = false) =>
        loop({ name: `loop(${at})`, start: 0, snapshots: 'every' }, async (n) => {
          const next = await add({ at, n })
          if (wait) await letter.wait()
          else await sleep(1)
          return next === to ? { done: next } : { next }
        })
      const flow = workflow('flow', async () => {
        const both = await parallel({
          waits: () => counts('waits', 3, true),
          nested: () =>
            loop({ name: 'outer', start: 0, snapshots: 'every' }, async (sum, round) => {
              const inner = await counts(`inner-${round}`, 2)
              return round === 1 ? { done: sum + inner } : { next: sum + inner }
            }),
          items: () => each([1, 2], { key: String }, (n) => counts(`item-${n}`, 2)),
        })
        const tail = await add({ at: 'tail', n: 0 })
        return [both.waits, both.nested, ...both.items, tail]
      })
      return { flow, done }
    }
    for (const linger of [0, 200]) {
      const places = await dieEverywhere(
        () => {
          const { flow, done } = make()
          return {
            workflows: [flow],
            async drive(app) {
              const run = await app.start(flow, undefined, { id: 'one' })
              // after a crash it may be through
              for (let n = 0; n < 3; n++) await run.signal(letter, n, { sendId: String(n) }).catch(() => {})
              return run.result()
            },
            check(outcome, _store, crashes) {
              expect(outcome).toEqual([3, 4, 2, 2, 1])
              const repeated = [...done.values()].reduce((sum, count) => sum + count - 1, 0)
              // only what was under way when it died: never more than one a branch
              expect(repeated).toBeLessThanOrEqual(crashes * 4)
            },
          }
        },
        { linger, stride: linger === 0 ? 1 : 2 },
      )
      expect(places).toBeGreaterThan(10)
    }
  })

  it('early signals go to the waits that they went to', async () => {
    const go = signal<string>('go')
    const work = step('work', (n: number) => n)
    const gate = signal('gate')
    const flow = workflow('flow', async () => {
      const { mine, loop: looped } = await parallel({
        mine: async () => [await go.wait(), await work(100)],
        loop: () =>
          loop({ name: 'loop', start: [] as string[], snapshots: 'every' }, async (heard, round) => {
            await work(round)
            if (round < 2) return { next: heard }
            const next = [...heard, await go.wait()]
            await work(round)
            if (round === 3) await gate.wait()
            return round === 3 ? { done: next } : { next }
          }),
      })
      return [...mine, ...looped]
    })
    for (const linger of [0, 200]) {
      const { open } = world({ linger })
      const first = await open([flow])
      const run = await first.app.start(flow, undefined, { id: 'one' })
      for (const text of ['a', 'b', 'c']) await run.signal(go, text)
      await until(
        () => run.status(),
        ({ status }) => status === 'waiting',
      )
      first.crash()
      const { app } = await open([flow])
      const again = await app.get(flow, 'one')
      await again?.signal(gate, undefined)
      expect(await again?.result()).toEqual(['a', 100, 'b', 'c'])
    }
  })

  it('what it stood at is there for each round, and a fork goes on from another state', async () => {
    const { flow } = counting(6)
    const { open } = world()
    const { app } = await open([flow])
    const run = await app.start(flow)
    await run.result()
    const views = await run.states()
    expect(views.map(({ round, state, done }) => [round, state, done])).toEqual([
      [1, 1, false],
      [2, 2, false],
      [3, 3, false],
      [4, 4, false],
      [5, 5, false],
      [6, 6, true],
    ])
    const second = views[1] as StateView
    expect((await run.state({ at: second.index + 1 }))?.round).toBe(2)
    expect((await run.state())?.done).toBe(true)
    expect(await run.state({ of: 'nobody' })).toBeUndefined()

    const fork = await run.fork({ from: second.index, edit: { state: 4 }, allow: ['*'] })
    expect(await fork.result()).toBe(6)
    expect((await fork.states()).map(({ round, state }) => [round, state])).toEqual([
      [1, 1],
      [2, 2],
      [3, 5],
      [4, 6],
    ])
    // only where a round was over
    expect((await errorOf(run.fork({ from: second.index - 1, edit: { state: 4 } }))).code).toBe('FORK_EDIT')
    const last = views.at(-1) as StateView
    expect((await errorOf(run.fork({ from: last.index, edit: { state: 4 } }))).code).toBe('FORK_EDIT')
  })

  it('an edited state holds for the round that it was given to, over crashes, and no longer', async () => {
    const add = step('add', (n: number) => n + 1)
    const go = signal('go')
    const flow = workflow('flow', async () =>
      loop({ name: 'loop', start: 0, snapshots: 'every' }, async (n, round) => {
        if (round === 2 || round === 4) await go.wait()
        const next = await add(n)
        return round === 5 ? { done: next } : { next }
      }),
    )
    const { open } = world({ linger: 0 })
    const first = await open([flow])
    const run = await first.app.start(flow)
    await reaches(run, 'waiting')
    const view = (await run.state()) as StateView
    expect(view.round).toBe(2)
    const fork = await run.fork({ from: view.index, edit: { state: 100 }, allow: ['*'] })
    await reaches(fork, 'waiting')
    first.crash()
    const { app } = await open([flow])
    const again = await app.get(flow, fork.id)
    await again?.signal(go, undefined)
    await until(
      async () => (await again?.state())?.round,
      (round) => round === 4,
    )
    await again?.signal(go, undefined)
    expect(await again?.result()).toBe(104)
  })
})
