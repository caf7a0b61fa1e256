import { describe, expect, it, vi } from 'vitest'
import { sleep, step, workflow } from '../../packages/spanwise/src/index.ts'
import { testApp } from '../../packages/spanwise/src/testing/index.ts'

/** A step that is told when to end, and how many of it are under way. */
function held<I>(name: string, options: object) {
  const open: { readonly input: I; end(): void }[] = []
  let most = 0
  const work = step(name, options as { readonly timeout?: number }, async (input: I) => {
    const ended = Promise.withResolvers<void>()
    open.push({ input, end: ended.resolve })
    most = Math.max(most, open.length)
    await ended.promise
    return input
  })
  return {
    work,
    open,
    get most() {
      return most
    },
    /** ends them one after the other until nothing is begun any more */
    async drain(times: number): Promise<I[]> {
      const seen: I[] = []
      for (let i = 0; i < times; i++) {
        await vi.waitFor(() => expect(open.length).toBeGreaterThan(0))
        const one = open.shift() as { input: I; end(): void }
        seen.push(one.input)
        one.end()
      }
      return seen
    },
  }
}

describe('concurrency', () => {
  it('holds over all runs, and runs that wait leave memory and come back', async () => {
    const one = held<number>('work', { concurrency: 2 })
    const flow = workflow('flow', async (n: number) => one.work(n))
    await using app = await testApp({ workflows: [flow] })
    const runs = []
    for (let n = 0; n < 8; n++) runs.push(await app.start(flow, n))
    await vi.waitFor(() => expect(one.open).toHaveLength(2))
    await app.advance(0)
    expect(await app.counts()).toMatchObject({ waiting: 6 })
    expect(await one.drain(8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(one.most).toBe(2)
  })

  it('is per key where there is one', async () => {
    const one = held<string>('work', { concurrency: { key: (input: string) => input[0] as string, limit: 1 } })
    const flow = workflow('flow', async (name: string) => one.work(name))
    await using app = await testApp({ workflows: [flow] })
    for (const name of ['a1', 'a2', 'b1', 'b2']) await app.start(flow, name)
    await vi.waitFor(() => expect(one.open.map(({ input }) => input)).toEqual(['a1', 'b1']))
    expect(await one.drain(4)).toEqual(['a1', 'b1', 'a2', 'b2'])
  })

  it('is shared by steps that name the same key for the app', async () => {
    const shared = { concurrency: { key: 'stripe', limit: 1, scope: 'app' } }
    const [charge, refund] = [held<number>('charge', shared), held<number>('refund', shared)]
    const flow = workflow('flow', async () => Promise.all([charge.work(1), refund.work(2)]))
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await vi.waitFor(() => expect(charge.open).toHaveLength(1))
    await app.advance(0)
    expect(refund.open).toHaveLength(0)
    await charge.drain(1)
    await refund.drain(1)
    expect(await run.result()).toEqual([1, 2])
  })

  it('does not count waiting as time of the attempt', async () => {
    const one = held<number>('work', { concurrency: 1, timeout: 1_000, attempts: 1 })
    const flow = workflow('flow', async (n: number) => one.work(n))
    await using app = await testApp({ workflows: [flow] })
    const first = await app.start(flow, 1)
    const second = await app.start(flow, 2)
    await vi.waitFor(() => expect(one.open).toHaveLength(1))
    await app.advance(900)
    await one.drain(1)
    await first.result()
    await vi.waitFor(() => expect(one.open).toHaveLength(1))
    await app.advance(900)
    await one.drain(1)
    expect(await second.result()).toBe(2)
  })

  it('lets go of a run that is cancelled while it waits', async () => {
    const one = held<number>('work', { concurrency: 1 })
    const flow = workflow('flow', async (n: number) => one.work(n))
    await using app = await testApp({ workflows: [flow] })
    const runs = []
    for (let n = 0; n < 3; n++) runs.push(await app.start(flow, n))
    await vi.waitFor(() => expect(one.open).toHaveLength(1))
    await app.advance(0)
    await runs[1]?.cancel('not any more')
    await app.advance(0)
    expect(await runs[1]?.status()).toMatchObject({ status: 'cancelled' })
    expect(await one.drain(2)).toEqual([0, 2])
  })

  it('goes on after a crash with everybody who waited, timers beside the wait or not', async () => {
    const one = held<number>('work', { concurrency: 1 })
    const flow = workflow('flow', async (n: number) => {
      const [result] = await Promise.all([one.work(n), n % 2 === 0 ? sleep('30d') : undefined])
      return result
    })
    await using app = await testApp({ workflows: [flow] })
    const runs = []
    for (let n = 0; n < 4; n++) runs.push(await app.start(flow, n))
    await vi.waitFor(() => expect(one.open).toHaveLength(1))
    await app.advance(0)
    one.open.length = 0
    await app.crash()
    const seen = await one.drain(4)
    expect(seen.sort()).toEqual([0, 1, 2, 3])
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual([0, 1, 2, 3])
  })

  it('goes on when every lease was lost', async () => {
    const one = held<number>('work', { concurrency: 1 })
    const flow = workflow('flow', async (n: number) => one.work(n))
    await using app = await testApp({ workflows: [flow] })
    const runs = []
    for (let n = 0; n < 3; n++) runs.push(await app.start(flow, n))
    await vi.waitFor(() => expect(one.open).toHaveLength(1))
    await app.advance(0)
    await app.loseLeases()
    const ending = setInterval(() => one.open.shift()?.end(), 5)
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual([0, 1, 2])
    clearInterval(ending)
  })

  it('is fair between tenants, and puts the higher priority first', async () => {
    const one = held<string>('work', { concurrency: 1 })
    const flow = workflow('flow', async (name: string) => one.work(name))
    await using app = await testApp({ workflows: [flow] })
    for (const name of ['l0', 'l1', 'l2', 'l3']) await app.start(flow, name, { tenant: 'loud' })
    await app.start(flow, 'q0', { tenant: 'quiet' })
    await app.start(flow, 'urgent', { tenant: 'loud', priority: 9 })
    await vi.waitFor(() => expect(one.open).toHaveLength(1))
    await app.advance(0)
    expect(await one.drain(6)).toEqual(['l0', 'urgent', 'q0', 'l1', 'l2', 'l3'])
  })

  it('refuses what cannot begin before its deadline, without an attempt', async () => {
    const one = held<number>('work', { concurrency: 1, deadline: '10s' })
    const flow = workflow('flow', async (n: number) => {
      try {
        return await one.work(n)
      } catch (error) {
        return (error as { code?: string }).code
      }
    })
    await using app = await testApp({ workflows: [flow] })
    const first = await app.start(flow, 1)
    const second = await app.start(flow, 2)
    await vi.waitFor(() => expect(one.open).toHaveLength(1))
    await app.advance(0)
    await app.advance(9_999)
    expect(await second.status()).toMatchObject({ status: 'waiting' })
    await app.advance(1)
    expect(await second.result()).toBe('LIMIT_DEADLINE')
    expect(app.executions('work')).toBe(1)
    await one.drain(1)
    expect(await first.result()).toBe(1)
  })

  it('says in the journal how long was waited', async () => {
    const one = held<number>('work', { concurrency: 1 })
    const flow = workflow('flow', async (n: number) => one.work(n))
    await using app = await testApp({ workflows: [flow] })
    await app.start(flow, 1)
    const second = await app.start(flow, 2)
    await vi.waitFor(() => expect(one.open).toHaveLength(1))
    await app.advance(0)
    await app.advance('5s')
    await one.drain(2)
    await second.result()
    const events = []
    for await (const event of second.events()) events.push(event)
    expect(events.find(({ kind }) => kind === 'step.result')?.meta).toMatchObject({ waited: 5_000 })
  })

  it('of nothing, or for the app without a key, is told where it is written', () => {
    const define = (options: object) => () => step('odd', options, async () => {})
    for (const options of [
      { concurrency: 0 },
      { concurrency: 1.5 },
      { concurrency: { limit: 1, scope: 'app' } },
      { rate: { limit: 0, per: '1s' } },
      { rate: { limit: 1, per: 0 } },
    ])
      expect(define(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(define({ rate: { limit: 1, per: 'soon' } })).toThrow(expect.objectContaining({ code: 'INVALID_DURATION' }))
  })

  it('whose key is no text fails the step', async () => {
    const work = step('work', { concurrency: { key: (() => 7) as never, limit: 1 } }, async () => {})
    const flow = workflow('flow', async () => work().catch((error: { code?: string }) => error.code))
    await using app = await testApp({ workflows: [flow] })
    expect(await app.run(flow)).toBe('INVALID_KEY')
  })
})

describe('a rate', () => {
  it('lets as many attempts begin within its time, retries too', async () => {
    const begun: number[] = []
    const work = step('work', { rate: { limit: 2, per: '1m' }, backoff: '1s' }, async (n: number, { attempt }) => {
      begun.push(app.clock.now())
      if (n === 0 && attempt === 1) throw new Error('once more')
      return n
    })
    const flow = workflow('flow', async (n: number) => work(n))
    await using app = await testApp({ workflows: [flow] })
    const start = app.clock.now()
    const runs = []
    for (let n = 0; n < 4; n++) runs.push(await app.start(flow, n))
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual([0, 1, 2, 3])
    expect(begun.map((at) => Math.floor((at - start) / 60_000))).toEqual([0, 0, 1, 1, 2])
  })

  it('holds through a crash', async () => {
    const begun: number[] = []
    const work = step('work', { rate: { limit: 2, per: '1h' } }, async (n: number) => {
      begun.push(app.clock.now())
      return n
    })
    const flow = workflow('flow', async (n: number) => work(n))
    await using app = await testApp({ workflows: [flow] })
    const start = app.clock.now()
    const runs = []
    for (let n = 0; n < 5; n++) runs.push(await app.start(flow, n))
    await app.advance(0)
    await app.crash()
    await app.advance(0)
    expect(begun).toHaveLength(2)
    await app.restart()
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual([0, 1, 2, 3, 4])
    const hours = begun.map((at) => Math.floor((at - start) / 3_600_000))
    for (const hour of new Set(hours)) expect(hours.filter((one) => one === hour).length).toBeLessThanOrEqual(2)
  })
})
