import { describe, expect, it } from 'vitest'
import { parallel, step, workflow } from '../../packages/spanwise/src/index.ts'
import { until, world } from './support/world.ts'

/** Runs that all fail alike until it is mended, and one that fails in another way. */
async function workshop(count: number) {
  const broken = { is: true }
  const done: number[] = []
  const pay = step('pay', { attempts: 1 }, async (n: number) => {
    if (broken.is) throw new TypeError(`order ${n} cannot be paid`)
    done.push(n)
  })
  const flow = workflow('flow', async (n: number) => pay(n))
  const odd = workflow('odd', async () => {
    throw new RangeError('something else')
  })
  const w = world()
  const { app } = await w.open([flow, odd])
  for (let n = 0; n < count; n++) await app.start(flow, n)
  await app.start(odd)
  await until(
    () => app.counts(),
    (counts) => counts['needs attention'] === count + 1,
    20_000,
  )
  const [failure] = (await app.failures({ workflow: 'flow' })).items
  return { w, app, broken, done, flow, fingerprint: failure?.fingerprint as string }
}

describe('failures', () => {
  it('are grouped, with an example and its error', async () => {
    const { app } = await workshop(5)
    const { items } = await app.failures()
    expect(items.map(({ workflow, needsAttention, failed }) => ({ workflow, needsAttention, failed }))).toEqual(
      expect.arrayContaining([
        { workflow: 'flow', needsAttention: 5, failed: 0 },
        { workflow: 'odd', needsAttention: 1, failed: 0 },
      ]),
    )
    const [one] = (await app.failures({ workflow: 'flow' })).items
    expect(one?.example.error).toBeInstanceOf(TypeError)
    expect((await app.get(one?.example.run as string))?.id).toBe(one?.example.run)
    expect(one?.firstSeen.getTime()).toBeLessThanOrEqual(one?.lastSeen.getTime() as number)
    expect((await app.failures({ limit: 1 })).after).toBeDefined()
  })
})

describe('many at once', () => {
  it('are resumed, after a dry run that says what it would touch', async () => {
    const { app, broken, done, fingerprint } = await workshop(40)
    const dry = await app.resume({ fingerprint }, { dryRun: true })
    expect(dry).toMatchObject({ matched: 40, done: 0, skipped: [], stopped: false })
    expect(dry.plans).toHaveLength(40)
    expect(dry.plans[0]).toMatchObject({ workflow: 'flow', status: 'needs attention', from: 'pay#0', repeats: [] })
    expect(done).toEqual([])
    broken.is = false
    const seen: number[] = []
    const result = await app.resume({ fingerprint }, { onProgress: (progress) => seen.push(progress.done) })
    expect(result).toMatchObject({ matched: 40, done: 40, plans: [], stopped: false })
    expect(seen.at(-1)).toBe(40)
    await until(
      () => app.counts(),
      (counts) => counts.completed === 40,
    )
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n))
    expect(await app.resume({ fingerprint })).toMatchObject({ matched: 0 })
  })

  it('name the effects that would be repeated, and are left alone where that was not agreed to', async () => {
    const broken = { is: true }
    const mail = step('mail', async () => {})
    const pay = step('pay', { attempts: 1 }, async () => {
      if (broken.is) throw new TypeError('no')
    })
    const flow = workflow('flow', async () => {
      try {
        await pay()
      } catch (error) {
        await mail()
        throw error
      }
    })
    const { app } = await world().open([flow])
    await app.start(flow)
    await until(
      () => app.counts(),
      (counts) => counts['needs attention'] === 1,
    )
    const refused = await app.resume({ workflow: 'flow' }, { dryRun: true })
    expect(refused.skipped).toMatchObject([{ why: expect.stringContaining('mail#0') }])
    const dry = await app.resume({ workflow: 'flow' }, { dryRun: true, discard: true })
    expect(dry.plans).toMatchObject([{ repeats: ['mail#0'] }])
    broken.is = false
    expect(await app.resume({ workflow: 'flow' }, { discard: true })).toMatchObject({ done: 1 })
  })

  it('can be stopped, and gone on with where it stopped; nobody is told twice', async () => {
    const { w, app, broken, done, flow, fingerprint } = await workshop(700)
    broken.is = false
    await app.close()
    // nobody works: what runs are told waits in their inboxes
    const idle = await w.open([])
    const stop = new AbortController()
    const first = await idle.app.resume(
      { fingerprint },
      { signal: stop.signal, onProgress: (progress) => progress.done >= 550 && stop.abort() },
    )
    expect(first.stopped).toBe(true)
    expect(first.done).toBeGreaterThanOrEqual(550)
    expect(first.done).toBeLessThan(700)
    const second = await idle.app.resume({ fingerprint }, { after: first.after as string })
    expect(second).toMatchObject({ stopped: false, skipped: [] })
    // from the start once more, for good measure
    expect(await idle.app.resume({ fingerprint })).toMatchObject({ matched: 700, done: 700 })
    for (const { id } of (await idle.app.list({ workflow: 'flow', limit: 1_000 })).items)
      expect(await w.store.mail(id)).toHaveLength(1)
    await idle.app.close()
    const { app: last } = await w.open([flow])
    await until(
      () => last.counts(),
      (counts) => counts.completed === 700,
      20_000,
    )
    expect(new Set(done).size).toBe(700)
    expect(done).toHaveLength(700)
  })

  it('are given up, and cancelled: those that ended are left', async () => {
    const { app, fingerprint } = await workshop(10)
    const dry = await app.giveUp({ fingerprint }, { dryRun: true })
    expect(dry.plans).toHaveLength(10)
    expect(await app.giveUp({ fingerprint }, { reason: 'enough' })).toMatchObject({ done: 10 })
    await until(
      () => app.counts(),
      (counts) => counts.failed === 10,
    )
    const [failure] = (await app.failures({ workflow: 'flow' })).items
    expect(failure).toMatchObject({ needsAttention: 0, failed: 10 })
    expect(await app.cancel({ workflow: 'flow' })).toMatchObject({ matched: 0, done: 0 })
    expect(await app.cancel({ workflow: 'odd' })).toMatchObject({ matched: 1, done: 1 })
  })

  it('of a fork that is dry are allowed together', async () => {
    const calls: string[] = []
    const pay = step('pay', async (n: string) => calls.push(n))
    const flow = workflow('flow', async () => parallel({ a: () => pay('a'), b: () => pay('b') }))
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await run.result()
    calls.length = 0
    for (let n = 0; n < 3; n++) await run.fork({ from: 0 })
    const [failure] = await until(
      async () => (await app.failures()).items,
      (items) => items[0]?.needsAttention === 3,
    )
    expect(failure?.code).toBe('FORK_DRY')
    await app.resume({ fingerprint: failure?.fingerprint as string }, { allow: ['pay'] })
    await until(
      () => calls.length,
      (n) => n === 6,
    )
  })
})
