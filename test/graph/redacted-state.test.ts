import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { graph } from '../../packages/spanwise/src/graph/index.ts'
import { signal } from '../../packages/spanwise/src/index.ts'
import type { Store } from '../../packages/spanwise/src/journal/index.ts'
import { reaches, type World, world } from '../promises/support/world.ts'

const go = signal<string>('go')
const hidden = 'Tr0ub4dor-and-3'
const Login = z.object({ user: z.string(), password: z.string() })
type Login = z.infer<typeof Login>
const State = z.object({
  n: z.number(),
  document: z.string(),
  login: Login,
  log: z.array(z.string()),
})
const start = { n: 0, document: 'x'.repeat(2_000), login: { user: 'ann', password: '' }, log: [] }

/**
 * Counts to 12 and hears of something at 6 and at 12. Between two numbers its code puts a password into the state: no entry has it, so only
 * a snapshot could write it.
 */
function secretive(from: number, to: number) {
  return graph('secretive', {
    state: State,
    reducers: {
      log: 'append',
      login: (login: Login, n: number) => ({ ...login, password: n >= from && n < to ? hidden : '' }),
    },
  })
    .node('up', ({ n }) => ({ n: n + 1, log: `was ${n}`, login: n + 1 }) as never, { effect: 'none' })
    .wait('hear', go, { output: (word) => ({ log: word }) })
    .node('after', ({ n }) => ({ log: `after ${n}` }), { effect: 'none' })
    .edge('start', 'up')
    .route('up', ({ n }) => (n % 6 === 0 ? 'hear' : 'again'), { again: 'up', hear: 'hear' })
    .edge('hear', 'after')
    .route('after', ({ n }) => (n < 12 ? 'again' : 'over'), { again: 'up', over: 'end' })
}

const snapshotsOf = async (store: Store, run: string) =>
  (await store.entries(run)).filter(({ kind }) => kind === 'scope.snapshot')

const roundsOf = async (store: Store, run: string) => (await snapshotsOf(store, run)).map(({ meta }) => meta['round'])

const expected = [0, 1, 2, 3, 4, 5, 'one', 6, 6, 7, 8, 9, 10, 11, 'two', 12].map((of, i) =>
  typeof of === 'string' ? of : i === 7 || i === 15 ? `after ${of}` : `was ${of}`,
)

async function begun(w: World, flow: ReturnType<typeof secretive>) {
  const { app, crash } = await w.open([flow], { redact: { values: 'label' } })
  return { run: await app.start(flow, start, { id: 'one' }), crash }
}

async function again(w: World, flow: ReturnType<typeof secretive>) {
  const { app, crash } = await w.open([flow], { redact: { values: 'label' } })
  const run = await app.get(flow, 'one')
  if (run === undefined) throw new Error('it is gone')
  return { run, crash }
}

describe('a state that may not be on record for a while', () => {
  it('is not, and the one behind it says what changed since the last that is', async () => {
    const w = world({ linger: 0 })
    const flow = secretive(5, 8)
    const first = await begun(w, flow)
    await first.run.signal(go, 'one')
    await reaches(first.run, 'waiting')
    first.crash()
    // rounds 5 to 9 have the password: up to 5, 6, hear, after, up to 7
    expect(await roundsOf(w.store, first.run.id)).toEqual([1, 2, 3, 4, 10, 11, 12, 13, 14])
    const behind = (await snapshotsOf(w.store, first.run.id)).find(({ meta }) => meta['round'] === 10)
    expect(behind?.meta['patch']).toBe(true)
    expect(JSON.stringify(await w.store.entries(first.run.id))).not.toContain(hidden)

    const second = await again(w, flow)
    // the signal that was taken in between is not there again
    await reaches(second.run, 'waiting')
    await second.run.signal(go, 'two')
    const result = (await second.run.result()) as z.infer<typeof State>
    expect(result).toEqual({ ...start, n: 12, log: expected })
    expect((await second.run.states()).at(-1)?.state).toEqual(result)
  })

  it('is made again by replay where the run is loaded in between', async () => {
    const w = world({ linger: 0 })
    const flow = secretive(5, 8)
    const first = await begun(w, flow)
    await reaches(first.run, 'waiting')
    first.crash()
    expect(await roundsOf(w.store, first.run.id)).toEqual([1, 2, 3, 4])
    const second = await again(w, flow)
    await second.run.signal(go, 'one')
    await second.run.signal(go, 'two')
    expect(((await second.run.result()) as z.infer<typeof State>).log).toEqual(expected)
    expect(JSON.stringify(await w.store.entries(first.run.id))).not.toContain(hidden)
  })

  it('has a label at the end, where nobody goes on from it', async () => {
    const w = world({ linger: 0 })
    const flow = secretive(12, 13)
    const { run } = await begun(w, flow)
    await run.signal(go, 'one')
    await run.signal(go, 'two')
    const result = await run.result()
    const last = (await snapshotsOf(w.store, run.id)).at(-1)
    expect(last?.meta).toMatchObject({ done: true, redacted: 'secret 1' })
    expect(last?.meta['patch']).toBeUndefined()
    expect((await run.states()).at(-1)?.state).toEqual(result)
    expect(JSON.stringify(await w.store.entries(run.id))).not.toContain(hidden)
  })
})
