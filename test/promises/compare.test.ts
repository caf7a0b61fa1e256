import { describe, expect, it } from 'vitest'
import { approval, child, each, parallel, signal, sleep, step, workflow } from '../../packages/spanwise/src/index.ts'
import { errorOf, reaches, until, world } from './support/world.ts'

const add = step('add', { effect: 'idempotent' }, async ({ a, b }: { a: number; b: number }) => a + b)
const check = step('check', { effect: 'idempotent', attempts: 1 }, async (n: number) => {
  if (n > 100) throw new RangeError(`${n} is too much`)
  return n
})

describe('two runs side by side', () => {
  it('are the same where they did the same, and say where they first went apart', async () => {
    const flow = workflow('flow', async (n: number) => {
      const one = await add({ a: 1, b: 2 })
      const two = await add({ a: one, b: n })
      return n > 5 ? check(two) : two
    })
    const { app } = await world().open([flow])
    const [a, b, c] = [await app.start(flow, 1), await app.start(flow, 1), await app.start(flow, 9)]
    await Promise.all([a.result(), b.result(), c.result()])
    const same = await app.diff(a.id, b.id)
    expect(same.rows.map(({ key, is }) => `${key} ${is}`)).toEqual([
      'input same',
      'add#0 same',
      'add#1 same',
      'end same',
    ])
    expect(same.divergence).toBeUndefined()
    const other = await app.diff(a.id, c.id)
    expect(other.rows.map(({ key, is }) => `${key} ${is}`)).toEqual([
      'input other input',
      'add#0 same',
      'add#1 other input',
      'check#0 only b',
      'end other result',
    ])
    expect(other.divergence?.key).toBe('input')
    expect((await app.diff(c.id, a.id)).rows[3]).toMatchObject({ key: 'check#0', is: 'only a', b: undefined })
    expect(await errorOf(app.diff(a.id, 'nobody'))).toMatchObject({ code: 'RUN_UNKNOWN' })
  })

  it('are aligned by items, whose keys are other tokens in every run', async () => {
    const flow = workflow('flow', async (items: readonly number[]) =>
      each(items, { key: (n) => `item ${n}`, concurrency: 1 }, async (n) => check(n)),
    )
    const { app } = await world().open([flow])
    const a = await app.start(flow, [1, 2, 3])
    const b = await app.start(flow, [3, 1, 4])
    await Promise.all([a.result(), b.result()])
    const { rows } = await app.diff(a.id, b.id)
    expect(rows.map(({ is }) => is)).toEqual(['other input', 'same', 'other input', 'same', 'other result'])
    expect(rows[1]?.a?.outcome).toEqual(rows[1]?.b?.outcome)
  })

  it('show a fork against its source: what it kept is the same', async () => {
    const flow = workflow('flow', async (n: number, { continueAs }): Promise<unknown> => {
      const all = await each([1, 2, 3], { key: String }, async (item) => add({ a: item, b: n }))
      if (n === 0) return continueAs(1)
      return check(all.reduce((sum, one) => sum + one, 0))
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow, 0)
    await run.result()
    const events = []
    for await (const event of run.events()) events.push(event)
    const from = events.find(({ key }) => key === '@1/check#0')?.index as number
    const fork = await run.fork({ from, edit: { result: 'given' } })
    expect(await fork.result()).toBe('given')
    const { rows, divergence } = await app.diff(run.id, fork.id)
    expect(rows.map(({ is }) => is)).toEqual(['same', 'same', 'same', 'same', 'other result', 'other result'])
    expect(divergence).toMatchObject({ key: '@1/check#0', b: { edited: true, outcome: { value: 'given' } } })
  })

  it('compare failures by what they say, and children, signals and questions by what came of them', async () => {
    const go = signal<string>('go')
    const inner = workflow('inner', async (n: number) => check(n))
    const flow = workflow('flow', async (n: number) => {
      const said = await go.wait()
      const { by } = await approval('sure?', { of: said })
      await sleep('1ms')
      return [by, await child(inner, n)]
    })
    const { app } = await world().open([flow, inner])
    const play = async (n: number, said: string, by: string) => {
      const run = await app.start(flow, n)
      await run.signal(go, said)
      const [question] = await until(
        async () => (await app.approvals({ run: run.id })).items,
        (items) => items.length > 0,
      )
      await app.decide(question?.id as string, { approve: true, by })
      return run
    }
    const [a, b] = [await play(1, 'x', 'ann'), await play(1, 'y', 'ann')]
    await Promise.all([a.result(), b.result()])
    const { rows } = await app.diff(a.id, b.id)
    expect(rows.map(({ key, is }) => `${key} ${is}`)).toEqual([
      'input same',
      'signal(go)#0 other result',
      'approval#0 other input',
      'sleep#0 same',
      'child(inner)#0 same',
      'end same',
    ])
    const fails = workflow('fails', async (n: number) => check(n))
    const w = world()
    const other = await w.open([fails])
    const [c, d] = [await other.app.start(fails, 101), await other.app.start(fails, 101)]
    await Promise.all([reaches(c, 'needs attention'), reaches(d, 'needs attention')])
    expect((await other.app.diff(c.id, d.id)).divergence).toBeUndefined()
  })
})

describe('a run as it stood', () => {
  it('says what had an outcome, what was open, and how it stood, at any of its entries', async () => {
    const broken = { is: true }
    const flaky = step('flaky', { attempts: 1 }, async () => {
      if (broken.is) throw new TypeError('broken')
      return 'mended'
    })
    const go = signal<string>('go')
    const flow = workflow('flow', async () => {
      const first = await parallel({ a: () => add({ a: 1, b: 1 }), b: () => add({ a: 2, b: 2 }) })
      await approval('sure?')
      await flaky()
      return [first, await go.wait()]
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    const [question] = await until(
      async () => (await app.approvals()).items,
      (items) => items.length > 0,
    )
    await app.decide(question?.id as string, { approve: true, by: 'ann' })
    await reaches(run, 'needs attention')
    broken.is = false
    await run.resume()
    await run.signal(go, 'on')
    await run.result({ onAttention: 'wait' })
    const entries: { readonly index: number; readonly kind: string }[] = []
    for await (const { index, kind } of run.events()) entries.push({ index, kind })
    const at = async (kind: string) => run.at(entries.find((entry) => entry.kind === kind)?.index as number)
    expect(await at('run.started')).toMatchObject({ status: 'running', done: [] })
    expect((await at('run.started')).open.map(({ key }) => key)).toEqual(['parallel#0/a/add#0', 'parallel#0/b/add#0'])
    expect(await at('approval.requested')).toMatchObject({ status: 'waiting', open: [{ key: 'approval#0' }] })
    expect(await at('approval.decided')).toMatchObject({ status: 'running', open: [{ key: 'flaky#0' }] })
    const parked = await at('run.parked')
    expect(parked).toMatchObject({ status: 'needs attention', open: [] })
    expect(parked.done.at(-1)).toMatchObject({ key: 'flaky#0', outcome: { state: 'failed' } })
    expect(await at('run.resumed')).toMatchObject({ status: 'running', open: [{ key: 'flaky#0' }] })
    const last = await at('run.completed')
    expect(last).toMatchObject({ status: 'completed', open: [] })
    expect(last.done.map(({ key, outcome }) => `${key} ${outcome.state}`)).toEqual([
      'parallel#0/a/add#0 done',
      'parallel#0/b/add#0 done',
      'approval#0 done',
      'flaky#0 done',
      'signal(go)#0 done',
    ])
    expect(await errorOf(run.at(99))).toMatchObject({ code: 'ENTRY_UNKNOWN' })
  })
})
