import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { sleep, step, workflow } from '../../packages/spanwise/src/index.ts'
import { errorOf, gate, reaches, wait, world } from './support/world.ts'

describe('the id of a run', () => {
  it('is started once, however many start it at the same time', async () => {
    let done = 0
    const work = step('work', () => ++done)
    const flow = workflow('flow', async (_: { readonly n: number }) => work())
    const { app } = await world().open([flow])
    const runs = await Promise.all(Array.from({ length: 100 }, () => app.start(flow, { n: 1 }, { id: 'a' })))
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1)
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map(() => 1))
    expect(done).toBe(1)
    expect((await app.counts()).completed).toBe(1)
  })

  it('is in memory once, also when the store reorders what it is asked: a start overtakes the question what is held', async () => {
    const calls: string[] = []
    const work = step('work', async (name: string) => {
      calls.push(name)
      await wait(50)
    })
    const flow = workflow('flow', async (name: string) => work(name))
    const { app, wire } = await world().open([flow])
    const written = gate()
    const asked = gate()
    let failures = 1
    wire.onWrite = async (name, _, argument) => {
      if (name === 'append' && failures-- > 0) return 'fail'
      // after a failed write: frees what is not in memory
      if (name !== 'claim' || (argument as { readonly held?: unknown }).held === undefined) return 'pass'
      asked.open()
      await Promise.race([written.opened, wait(100)])
      return 'pass'
    }
    const first = await app.start(flow, 'first')
    await asked.opened
    const second = await app.start(flow, 'second')
    written.open()
    await Promise.all([first.result(), second.result()])
    expect(calls.filter((name) => name === 'second')).toEqual(['second'])
  })

  it('is not left alone when it was taken up by an answer that was lost before its start was answered', async () => {
    const leave = gate()
    const hold = step('hold', () => leave.opened)
    const flow = workflow('flow', async (isFirst: boolean) => {
      if (isFirst) await hold(undefined)
      return isFirst
    })
    const { app, wire } = await world().open([flow], { capacity: 1, linger: 0 })
    const first = await app.start(flow, true)
    const created = gate()
    const answered = gate()
    let claims = 0
    wire.onAnswer = async (name) => {
      if (name === 'create') {
        created.open()
        await answered.opened
      }
      // the first one takes it up; the second one asks what else is held
      if (name === 'claim' && ++claims === 1) throw new Error('the answer is lost')
      if (name === 'claim' && claims === 2) setTimeout(answered.open, 20)
    }
    const starting = app.start(flow, false)
    await created.opened
    leave.open()
    expect(await first.result()).toBe(true)
    expect(await (await starting).result()).toBe(false)
  })

  it('is the same run after it has ended, and in another process', async () => {
    const flow = workflow('flow', async (n: number) => n + 1)
    const around = world()
    const first = await around.open([flow])
    const run = await first.app.start(flow, 1, { id: 'a' })
    await run.result()
    first.crash()
    const { app } = await around.open([flow])
    const again = await app.start(flow, 1, { id: 'a' })
    expect(again.id).toBe(run.id)
    expect(await again.result()).toBe(2)
    expect(await (await app.get(flow, 'a'))?.result()).toBe(2)
    expect(await app.get(flow, 'b')).toBeUndefined()
  })

  it('means one input: another one under it is a conflict, another order of keys is not', async () => {
    const flow = workflow('flow', async (input: { readonly a: number; readonly b: readonly number[] }) => input.a)
    const { app } = await world().open([flow])
    const run = await app.start(flow, { a: 1, b: [1, 2] }, { id: 'x' })
    expect((await app.start(flow, { b: [1, 2], a: 1 }, { id: 'x' })).id).toBe(run.id)
    expect(await errorOf(app.start(flow, { a: 1, b: [2, 1] }, { id: 'x' }))).toMatchObject({ code: 'ID_CONFLICT' })
    expect(await errorOf(app.start(flow, { a: 2, b: [1, 2] }, { id: 'x' }))).toMatchObject({ code: 'ID_CONFLICT' })
  })

  it('compares what the caller passed, not what the schema makes of it', async () => {
    const flow = workflow('flow', { input: z.object({ n: z.coerce.number().default(7) }) }, async ({ n }) => n)
    const { app } = await world().open([flow])
    const run = await app.start(flow, {}, { id: 'x' })
    expect(await run.result()).toBe(7)
    expect(await run.input()).toEqual({ n: 7 })
    expect((await app.start(flow, {}, { id: 'x' })).id).toBe(run.id)
    expect(await errorOf(app.start(flow, { n: 7 }, { id: 'x' }))).toMatchObject({ code: 'ID_CONFLICT' })
  })

  it('belongs to its tenant and workflow', async () => {
    const a = workflow('a', async (n: number) => n)
    const b = workflow('b', async (n: number) => n)
    const { app } = await world().open([a, b])
    const ids = await Promise.all([
      app.start(a, 1, { id: 'x' }),
      app.start(b, 2, { id: 'x' }),
      app.start(a, 3, { id: 'x', tenant: 'other' }),
    ])
    expect(new Set(ids.map(({ id }) => id)).size).toBe(3)
    expect(await (await app.get(a, 'x', { tenant: 'other' }))?.result()).toBe(3)
    expect(await Promise.all(ids.map((run) => run.result()))).toEqual([1, 2, 3])
  })

  it('is opaque: nothing of it can be read off the run', async () => {
    const flow = workflow('flow', async () => 1)
    const { app, wire } = await world().open([flow])
    const run = await app.start(flow, undefined, { id: 'ada@example.org', tags: ['important customer'] })
    await run.result()
    const row = await wire.store.run(run.id)
    expect(JSON.stringify({ ...row, secret: undefined })).not.toMatch(/ada@example|important/)
  })
})

describe('a wrong input', () => {
  it('is a clear error and leaves no run behind', async () => {
    const flow = workflow('flow', { input: z.object({ n: z.number() }) }, async ({ n }) => n)
    const { app } = await world().open([flow])
    const error = await errorOf(app.start(flow, { n: 'one' } as never, { id: 'x' }))
    expect(error).toMatchObject({ code: 'INVALID_INPUT' })
    expect(error.message).toContain('n: ')
    expect((await app.list()).items).toEqual([])
    expect(await (await app.start(flow, { n: 1 }, { id: 'x' })).result()).toBe(1)
  })

  it('is also one that cannot be recorded or is too large', async () => {
    const flow = workflow('flow', async (_: unknown) => 1)
    const { app } = await world().open([flow])
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect(await errorOf(app.start(flow, cycle))).toMatchObject({ code: 'NOT_ENCODABLE' })
    expect(await errorOf(app.start(flow, () => 1))).toMatchObject({ code: 'NOT_ENCODABLE' })
    expect(await errorOf(app.start(flow, 'x'.repeat(50_000_000)))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    expect(await errorOf(app.start(flow, JSON.parse('{"__proto__": {"admin": true}}')))).toMatchObject({
      code: 'NOT_ENCODABLE',
    })
    expect((await app.list()).items).toEqual([])
  })
})

describe('a list', () => {
  const nap = () => workflow('nap', async (_: { readonly who: string }) => sleep('1h'))
  const quick = () =>
    workflow('quick', async (fails: boolean) => {
      if (fails) throw new Error('no')
    })

  it('is filtered by workflow, status, tags and text', async () => {
    const [slow, fast] = [nap(), quick()]
    const { app } = await world().open([slow, fast])
    const ada = await app.start(slow, { who: 'Ada L.' }, { id: 'first', tags: ['red', 'big'] })
    const bob = await app.start(slow, { who: 'Bob' }, { tags: ['red'] })
    const ok = await app.start(fast, false)
    const bad = await app.start(fast, true)
    await ok.result()
    await errorOf(bad.result())
    const ids = async (query: Parameters<typeof app.list>[0]) => (await app.list(query)).items.map(({ id }) => id)
    expect(await ids({ workflow: 'nap' })).toEqual([bob.id, ada.id])
    expect(await ids({ status: 'completed' })).toEqual([ok.id])
    expect(await ids({ status: ['completed', 'needs attention'] })).toEqual([bad.id, ok.id])
    expect(await ids({ tags: ['red'] })).toEqual([bob.id, ada.id])
    expect(await ids({ tags: ['red', 'big'] })).toEqual([ada.id])
    expect(await ids({ text: 'ada l' })).toEqual([ada.id])
    expect(await ids({ text: 'FIRST' })).toEqual([ada.id])
    expect(await ids({ text: 'big' })).toEqual([ada.id])
    // what every run's record has in it is not a hit
    expect(await ids({ text: 'mailbox' })).toEqual([])
    await reaches(ada, 'waiting')
    await reaches(bob, 'waiting')
    expect(await app.counts()).toMatchObject({ waiting: 2, completed: 1, 'needs attention': 1 })
  })

  it('comes in pages, newest first, each run once', async () => {
    const flow = workflow('flow', async (n: number) => n)
    const { app } = await world().open([flow])
    for (let n = 0; n < 7; n++) await app.start(flow, n)
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await app.list({ limit: 3, ...(after === undefined ? {} : { after }) })
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items.map(({ id }) => id))
      after = page.after
    } while (after !== undefined)
    expect(seen.length).toBe(7)
    expect(new Set(seen).size).toBe(7)
  })

  it('with a text gives no more than its limit', async () => {
    const flow = workflow('flow', async (text: string) => text)
    const { app } = await world().open([flow])
    for (let n = 0; n < 12; n++) await app.start(flow, n < 6 || n === 10 ? `needle ${n}` : `straw ${n}`)
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await app.list({ text: 'needle', limit: 3, ...(after === undefined ? {} : { after }) })
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items.map(({ id }) => id))
      after = page.after
    } while (after !== undefined)
    expect(new Set(seen).size).toBe(7)
    expect(seen.length).toBe(7)
  })
})
