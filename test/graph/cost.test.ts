import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { graph } from '../../packages/spanwise/src/graph/index.ts'
import { parallel, signal, step, workflow } from '../../packages/spanwise/src/index.ts'
import type { Store } from '../../packages/spanwise/src/journal/index.ts'
import { reaches, type World, world } from '../promises/support/world.ts'

const State = z.object({ n: z.number(), document: z.string(), log: z.array(z.string()).default([]) })
const go = signal<string>('go')

/** Counts up to a number, and then waits. */
function counting(rounds: number, calls: number[] = []) {
  return graph('counting', { state: State, reducers: { log: 'append' }, maxSteps: rounds + 2 })
    .node(
      'up',
      ({ n }) => {
        calls.push(n)
        return { n: n + 1, log: `was ${n}` }
      },
      { effect: 'none' },
    )
    .wait('hear', go, { output: (word) => ({ log: word }) })
    .edge('start', 'up')
    .route('up', ({ n }) => (n < rounds ? 'again' : 'over'), { again: 'up', over: 'hear' })
    .edge('hear', 'end')
}

/** What a worker is handed when it takes the run over. */
async function loadedBy(store: Store, workflow: string): Promise<readonly number[]> {
  await store.register({ id: 'looker', pid: 1, host: 'here', lease: 60_000 })
  const [loaded] = await store.claim({ worker: 'looker', workflows: [workflow], now: 1e15, limit: 1 })
  return loaded?.entries.map(({ index }) => index) ?? []
}

async function parkedAfter(rounds: number): Promise<{ readonly world: World; readonly run: string }> {
  const w = world({ linger: 0 })
  const { app, crash } = await w.open([counting(rounds)])
  const run = await app.start(counting(rounds), { n: 0, document: 'x'.repeat(2_000) }, { id: 'one' })
  await reaches(run, 'waiting')
  crash()
  return { world: w, run: run.id }
}

describe('what a superstep costs', () => {
  it('is on record once: what it changed, not the state again', async () => {
    const { world: w, run } = await parkedAfter(100)
    const snapshots = (await w.store.entries(run)).filter(({ kind }) => kind === 'scope.snapshot')
    expect(snapshots).toHaveLength(100)
    const written = snapshots.reduce((sum, { payload }) => sum + (payload ?? '').length, 0)
    // 100 times the state would be more than 250 000 characters
    expect(written).toBeLessThan(40_000)
  })

  it('is the same for the last of many as for the first: what is written grows with the rounds and no faster', async () => {
    const written = async (rounds: number) => {
      const { world: w, run } = await parkedAfter(rounds)
      const entries = await w.store.entries(run)
      return entries.reduce((sum, { payload }) => sum + (payload ?? '').length, 0)
    }
    const [few, many] = [await written(150), await written(1_200)]
    // its log grows by a line a round: written whole each time, it would be 64 times as much
    expect(many / few).toBeLessThan(12)
  }, 60_000)

  it('is not paid again when the run goes on: only the last snapshot and what follows is loaded', async () => {
    const loaded = async (rounds: number) => {
      const { world: w, run } = await parkedAfter(rounds)
      const all = (await w.store.entries(run)).length
      return { all, loaded: (await loadedBy(w.store, 'counting')).length }
    }
    const [few, many] = [await loaded(60), await loaded(1_500)]
    expect(many.all).toBeGreaterThan(3_000)
    expect(few.loaded).toBeLessThan(130)
    // patches and results of as many rounds as are worth one state
    expect(many.loaded).toBeLessThan(530)
  }, 60_000)

  it('the run that is loaded so goes on as if it had never left memory, and its states are all there', async () => {
    const { world: w } = await parkedAfter(700)
    const calls: number[] = []
    const { app } = await w.open([counting(700, calls)])
    const run = await app.get(counting(700), 'one')
    await run?.signal(go, 'on')
    const result = (await run?.result()) as z.infer<typeof State>
    expect(result.n).toBe(700)
    expect(result.log).toEqual([...Array.from({ length: 700 }, (_, n) => `was ${n}`), 'on'])
    expect(calls.length).toBeLessThan(260)
    const states = await run?.states()
    expect(states).toHaveLength(701)
    const shapes = (states ?? []).map(({ state }) => {
      const { n, log, document } = state as z.infer<typeof State>
      return [n, log.length, document.length]
    })
    expect(shapes.slice(0, 700)).toEqual(Array.from({ length: 700 }, (_, i) => [i + 1, i + 1, 2_000]))
  }, 60_000)

  it('a fork goes on from a state that stands as a change only, as it was or edited', async () => {
    const w = world({ linger: 0 })
    const flow = counting(30)
    const { app } = await w.open([flow])
    const run = await app.start(flow, { n: 0, document: 'x'.repeat(2_000) })
    await reaches(run, 'waiting')
    const states = await run.states()
    const patched = (await w.store.entries(run.id)).filter(({ meta }) => meta['patch'] === true)
    expect(patched.length).toBeGreaterThan(20)
    const at = patched.find(({ meta }) => meta['round'] === 17)?.index as number
    const same = await run.fork({ from: at })
    await reaches(same, 'waiting')
    expect((await same.states()).at(-1)?.state).toEqual(states.at(-1)?.state)
    const edited = await run.fork({ from: at, edit: { state: { n: 28, document: 'short', log: ['new'] } } })
    await edited.signal(go, 'end')
    expect(await edited.result()).toEqual({ n: 30, document: 'short', log: ['new', 'was 28', 'was 29', 'end'] })
    expect((await edited.states()).at(-1)?.state).toEqual(await edited.result())
  })

  it('nothing is left out that other code of the run needs: its steps, and signals that it took', async () => {
    const other = signal<string>('other')
    const before = step('before', async () => 'before')
    const beside = step('beside', async (word: string) => `beside ${word}`)
    const inner = counting(40)
    const flow = workflow('mixed', async () => {
      const first = await before()
      const heard = other.wait()
      const late = heard.then((word) => beside(word))
      const { log } = await inner({ n: 0, document: '' })
      return [first, await heard, await late, log.length]
    })
    const w = world({ linger: 0 })
    const { app, crash } = await w.open([flow])
    const run = await app.start(flow, undefined, { id: 'one' })
    await run.signal(other, 'word')
    await reaches(run, 'waiting')
    crash()
    const again = await w.open([flow])
    const taken = await again.app.get(flow, 'one')
    await taken?.signal(go, 'on')
    expect(await taken?.result()).toEqual(['before', 'word', 'beside word', 41])
  })

  it('a graph in a branch of a run leaves the others alone', async () => {
    const inner = counting(40)
    const work = step('work', async (n: number) => n)
    const flow = workflow('branches', async () => {
      const both = await parallel({
        graph: () => inner({ n: 0, document: '' }),
        steps: async () => {
          let sum = 0
          for (let n = 0; n < 10; n++) sum += await work(n)
          return sum
        },
      })
      return [both.graph.n, both.steps]
    })
    const w = world({ linger: 0 })
    const { app, crash } = await w.open([flow])
    const run = await app.start(flow, undefined, { id: 'one' })
    await reaches(run, 'waiting')
    crash()
    const again = await w.open([flow])
    const taken = await again.app.get(flow, 'one')
    await taken?.signal(go, 'on')
    expect(await taken?.result()).toEqual([40, 45])
  })
})
