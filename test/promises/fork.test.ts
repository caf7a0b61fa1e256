import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  approval,
  child,
  compensate,
  each,
  FailError,
  NeedsAttentionError,
  now,
  parallel,
  type Run,
  race,
  random,
  signal,
  sleep,
  step,
  uuid,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { testApp } from '../../packages/spanwise/src/testing/index.ts'
import { errorOf, gate, keys, kinds, reaches, until, world } from './support/world.ts'

/** A shop: reading is harmless, charging and mailing are not. */
function shop() {
  const calls: string[] = []
  const idempotencyKeys: string[] = []
  const price = step('price', { effect: 'idempotent' }, async (item: string) => {
    calls.push(`price ${item}`)
    return item.length * 10
  })
  const charge = step('charge', { attempts: 1 }, async (amount: number, { idempotencyKey }) => {
    calls.push(`charge ${amount}`)
    idempotencyKeys.push(idempotencyKey)
    return `paid ${amount}`
  })
  const mail = step('mail', { attempts: 1 }, async (text: string) => {
    calls.push(`mail ${text}`)
    return 'sent'
  })
  const buy = workflow('buy', async (item: string) => {
    const amount = await price(item)
    const receipt = await charge(amount)
    return [receipt, await mail(receipt)]
  })
  return { calls, idempotencyKeys, price, charge, mail, buy }
}

const ends = async (run: Run<unknown>) => (await run.status()).status

/** index of the first entry of this kind about this operation */
async function at(run: Run<unknown>, kind: string, key?: string): Promise<number> {
  for await (const event of run.events()) {
    if (event.kind === kind && (key === undefined || event.key === key)) return event.index
  }
  throw new Error(`no ${kind} ${key}`)
}

describe('a fork', () => {
  it('keeps the history before its point, and parks in front of an effect that it was not allowed', async () => {
    const { calls, buy } = shop()
    const { app } = await world().open([buy])
    const run = await app.start(buy, 'tea')
    expect(await run.result()).toEqual(['paid 30', 'sent'])
    calls.length = 0
    const fork = await run.fork({ from: await at(run, 'step.result', 'charge#0') })
    const error = await errorOf(fork.result())
    expect(error).toBeInstanceOf(NeedsAttentionError)
    expect(error.cause).toMatchObject({ code: 'FORK_DRY', step: 'charge#0' })
    expect((error.cause as { hint: string }).hint).toContain(`spanwise resume ${fork.id} --allow charge`)
    expect(calls).toEqual([])
    expect(await ends(run)).toBe('completed')
  })

  it('does what it was allowed to, under other idempotency keys, and then parks in front of the next effect', async () => {
    const { calls, idempotencyKeys, buy } = shop()
    const { app } = await world().open([buy])
    const run = await app.start(buy, 'tea')
    await run.result()
    calls.length = 0
    const fork = await run.fork({ from: 0, allow: ['charge'] })
    await reaches(fork, 'needs attention')
    expect(calls).toEqual(['price tea', 'charge 30'])
    expect(new Set(idempotencyKeys).size).toBe(2)
    await fork.resume({ allow: ['mail'] })
    expect(await fork.result({ onAttention: 'wait' })).toEqual(['paid 30', 'sent'])
    expect(calls).toEqual(['price tea', 'charge 30', 'mail paid 30'])
  })

  it('takes a result in place of the effect: at its point, at the park, and beforehand', async () => {
    const { calls, buy } = shop()
    const { app } = await world().open([buy])
    const run = await app.start(buy, 'tea')
    await run.result()
    calls.length = 0
    const from = await at(run, 'step.result', 'charge#0')
    const one = await run.fork({ from, edit: { result: 'free' }, results: { mail: 'kept back' } })
    expect(await one.result()).toEqual(['free', 'kept back'])
    const two = await run.fork({ from, allow: ['*'], results: { 'mail#0': 'not' } })
    expect(await two.result()).toEqual(['paid 30', 'not'])
    const three = await run.fork({ from: await at(run, 'step.result', 'mail#0') })
    await reaches(three, 'needs attention')
    await three.resume({ edit: { result: 'by hand' } })
    expect(await three.result({ onAttention: 'wait' })).toEqual(['paid 30', 'by hand'])
    expect(calls).toEqual(['charge 30'])
  })

  it('takes another input: of the run, parsed by its schema, and of a step', async () => {
    const seen: unknown[] = []
    const work = step('work', { effect: 'idempotent' }, async (n: number) => {
      seen.push(n)
      return n + 1
    })
    const flow = workflow('flow', { input: z.coerce.number() }, async (n) => work(await work(n)))
    const { app } = await world().open([flow])
    const run = await app.start(flow, '1')
    expect(await run.result()).toBe(3)
    seen.length = 0
    expect(await (await run.fork({ from: 0, edit: { input: '10' } })).result()).toBe(12)
    expect(await errorOf(run.fork({ from: 0, edit: { input: 'ten' } }))).toMatchObject({ code: 'INVALID_INPUT' })
    const from = await at(run, 'step.result', 'work#1')
    expect(await (await run.fork({ from, edit: { input: 40 } })).result()).toBe(41)
    expect(seen).toEqual([10, 11, 40])
  })

  it('is held against its history like any run, and is one itself: it can be forked', async () => {
    const { calls, buy } = shop()
    const { app } = await world().open([buy])
    const run = await app.start(buy, 'tea')
    await run.result()
    const first = await run.fork({ from: 1, edit: { result: 7 }, allow: ['*'] })
    expect(await first.result()).toEqual(['paid 7', 'sent'])
    calls.length = 0
    // a permission is for one fork
    const second = await first.fork({ from: await at(first, 'step.result', 'charge#0') })
    await reaches(second, 'needs attention')
    expect(calls).toEqual([])
    await second.resume({ allow: ['charge', 'mail'] })
    expect(await second.result({ onAttention: 'wait' })).toEqual(['paid 7', 'sent'])
  })

  it('refuses points and edits that make no sense, and says which do', async () => {
    const { buy } = shop()
    const { app } = await world().open([buy])
    const run = await app.start(buy, 'tea')
    await run.result()
    const refused = async (options: Parameters<typeof run.fork>[0]) => (await errorOf(run.fork(options))).code
    expect(await refused({ from: 99 })).toBe('FORK_POINT')
    expect(await refused({ from: -1 })).toBe('FORK_POINT')
    expect(await refused({ from: 0, edit: { result: 1 } })).toBe('FORK_EDIT')
    expect(await refused({ from: await at(run, 'run.completed'), edit: { input: 1 } })).toBe('FORK_EDIT')
    expect(await refused({ from: 3, results: { price: 1 } })).toBe('FORK_EDIT')
    expect(await errorOf(run.resume({ allow: ['mail'] }))).toMatchObject({ code: 'NOT_PARKED' })
    expect((await app.list()).items.length).toBe(1)
  })

  it('cannot be caught: code does not see that an effect was held back', async () => {
    const { charge } = shop()
    const flow = workflow('flow', async () => {
      try {
        return await charge(1)
      } catch {
        return 'caught'
      }
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await run.result()
    const fork = await run.fork({ from: 0 })
    await reaches(fork, 'needs attention')
    await fork.giveUp('enough')
    await reaches(fork, 'failed')
  })

  it('begins nothing at all where one of several effects at once is not allowed', async () => {
    const { calls, price, charge, mail } = shop()
    const flow = workflow('flow', async () => parallel({ a: () => price('x'), b: () => charge(1), c: () => mail('m') }))
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await run.result()
    calls.length = 0
    const fork = await run.fork({ from: 0 })
    const error = await errorOf(fork.result())
    expect((error.cause as Error).message).toContain('charge, mail')
    expect(calls).toEqual([])
    expect(await errorOf(fork.resume({ edit: { result: 1 } }))).toMatchObject({ code: 'NOTHING_TO_EDIT' })
    await fork.resume({ allow: ['mail'], results: { 'parallel#0/b/charge#0': 'given' } })
    expect(await fork.result({ onAttention: 'wait' })).toEqual({ a: 10, b: 'given', c: 'sent' })
    expect(calls).toEqual(['price x', 'mail m'])
  })

  it('keeps results of what was under way at its point', async () => {
    const { calls, charge, mail, price } = shop()
    const hold = gate()
    const slow = step('slow', async () => {
      calls.push('slow')
      await hold.opened
      return 'slow done'
    })
    const flow = workflow('flow', async () => {
      const late = slow()
      const amount = await price('tea')
      const [a, b] = [await charge(amount), await late]
      return [a, b, await mail('m')]
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await until(
      () => calls.length,
      (n) => n === 3,
    )
    hold.open()
    expect(await run.result()).toEqual(['paid 30', 'slow done', 'sent'])
    calls.length = 0
    const from = await at(run, 'step.result', 'price#0')
    expect(await run.planFork({ from })).toMatchObject({
      redoes: 'price#0',
      underWay: ['slow#0'],
      later: ['price#0', 'charge#0', 'mail#0'],
    })
    const fork = await run.fork({ from, edit: { result: 5 }, allow: ['charge', 'mail'] })
    expect(await fork.result()).toEqual(['paid 5', 'slow done', 'sent'])
    expect(calls).toEqual(['charge 5', 'mail m'])
  })

  it('has the same random numbers and times before its point, and others behind it', async () => {
    const { price } = shop()
    const flow = workflow('flow', async () => {
      const before = [uuid(), random(), now().getTime()]
      await price(String(before[0]))
      await price('b')
      return [before, uuid(), random(), now().getTime()]
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    const first = (await run.result()) as unknown[]
    const from = await at(run, 'step.result', 'price#1')
    const [a, b] = [await run.fork({ from }), await run.fork({ from })]
    const results = (await Promise.all([a.result(), b.result()])) as unknown[][]
    for (const result of results) expect(result[0]).toEqual(first[0])
    expect(new Set([first, ...results].map(([, id]) => id)).size).toBe(3)
    expect(new Set([first, ...results].map(([, , number]) => number)).size).toBe(3)
  })

  it('waits for what was left of a wait, asks again what was asked, and leaves letters in their box', async () => {
    const { price, mail } = shop()
    const go = signal<string>('go')
    const flow = workflow('flow', async () => {
      await price('a')
      const [answer, said] = await Promise.all([
        approval('sure?', { timeout: '2h' }),
        go.wait({ timeout: '3h' }),
        sleep('1h'),
      ])
      await mail(said)
      return [answer.by, said]
    })
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await app.idle()
    await run.signal(go, 'first')
    const [question] = (await app.approvals()).items
    await app.decide(question?.id as string, { approve: true, by: 'ann' })
    await app.advance('1h')
    expect(await run.result()).toEqual(['ann', 'first'])
    await app.advance('100d')
    const fork = await run.fork({ from: await at(run, 'approval.decided'), allow: ['mail'] })
    await app.idle()
    expect((await fork.status()).status).toBe('waiting')
    const [again] = (await app.approvals()).items
    expect(again).toMatchObject({ run: fork.id, question: 'sure?' })
    expect((again?.expiresAt?.getTime() ?? 0) - app.clock.now()).toBe(7_200_000)
    await app.decide(again?.id as string, { approve: true, by: 'bea' })
    await app.crash()
    await app.advance('59m')
    expect((await fork.status()).status).toBe('waiting')
    await app.advance('2m')
    expect(await fork.result()).toEqual(['bea', 'first'])
    // and from where it stands: everything that was decided is history, and the mail is still an effect
    const last = await run.fork({ from: await at(run, 'step.result', 'mail#0') })
    await app.idle()
    expect((await last.status()).code).toBe('FORK_DRY')
    expect((await run.planFork({ from: await at(run, 'step.result', 'mail#0') })).decided).toBe(1)
  })

  it('shares children that were under way, and neither ends nor tells them', async () => {
    const calls: string[] = []
    const go = signal<string>('go')
    const inner = workflow('inner', async (n: number) => `${n} ${await go.wait()}`)
    const note = step('note', { effect: 'idempotent' }, async (text: string) => {
      calls.push(text)
    })
    const outer = workflow('outer', async () => {
      const handle = await child.start(inner, 1)
      await note('started')
      await note('again')
      return race({ result: () => handle.result(), stop: () => go.wait() })
    })
    const w = world()
    const { app } = await w.open([outer, inner])
    const run = await app.start(outer)
    await reaches(run, 'waiting')
    const from = await at(run, 'step.result', 'note#1')
    const waits = await run.fork({ from })
    const leaves = await run.fork({ from })
    await until(
      () => calls.length,
      (n) => n === 4,
    )
    await leaves.signal(go, 'leave')
    expect(await leaves.result()).toEqual({ key: 'stop', value: 'leave' })
    const [shared] = (await app.list({ workflow: 'inner' })).items
    expect((await app.list({ workflow: 'inner' })).items.length).toBe(1)
    await (await app.get(shared?.id as string))?.signal(go, 'child')
    expect(await run.result()).toEqual({ key: 'result', value: '1 child' })
    expect(await waits.result()).toEqual({ key: 'result', value: '1 child' })
    // one that has ended since is waited for as well
    const late = await run.fork({ from })
    expect(await late.result()).toEqual({ key: 'result', value: '1 child' })
  })

  it('starts children of its own, under the same conditions', async () => {
    const { calls, charge } = shop()
    const inner = workflow('inner', async (n: number) => charge(n))
    const named = workflow('named', async () => child(inner, 2, { id: 'two' }))
    const outer = workflow('outer', async () => child(inner, 1))
    const { app } = await world().open([outer, inner, named])
    const run = await app.start(outer)
    await run.result()
    calls.length = 0
    const fork = await run.fork({ from: 0 })
    const inside = await until(
      async () => (await app.list({ workflow: 'inner', status: 'needs attention' })).items[0],
      (found) => found !== undefined,
    )
    expect(inside).toMatchObject({ code: 'FORK_DRY' })
    expect(calls).toEqual([])
    await (await app.get(inside?.id as string))?.resume({ allow: ['charge'] })
    expect(await fork.result()).toBe('paid 1')
    // an id that the code gives is one of the world, not of the fork
    const other = await app.start(named)
    await other.result()
    calls.length = 0
    const parks = await other.fork({ from: 0 })
    await reaches(parks, 'needs attention')
    await parks.resume({ allow: ['inner'] })
    expect(await parks.result({ onAttention: 'wait' })).toBe('paid 2')
    expect(calls).toEqual([])
  })

  it('goes on from within an each, also behind a snapshot and in a later generation', async () => {
    const done: string[] = []
    const work = step('work', { effect: 'idempotent' }, async (item: string) => {
      done.push(item)
      return item.toUpperCase()
    })
    const sum = step('sum', { effect: 'idempotent' }, async (all: readonly string[]) => all.join(''))
    const items = [...'abcdefghij']
    const flow = workflow('flow', async (generation: number, { continueAs }): Promise<string> => {
      const all = await each(items, { key: (item) => `key of ${item}`, concurrency: 2 }, work)
      const text = await sum(all)
      if (generation < 1) return continueAs(generation + 1)
      return `${generation} ${text}`
    })
    const w = world({ snapshotAfter: 3 })
    const { app } = await w.open([flow])
    const run = await app.start(flow, 0)
    expect(await run.result()).toBe('1 ABCDEFGHIJ')
    const entries = await w.store.entries(run.id)
    expect(entries.filter(({ kind }) => kind === 'scope.snapshot').length).toBeGreaterThan(3)
    const points = entries.filter(({ kind }) => kind !== 'run.completed')
    for (const { index, kind } of points) {
      done.length = 0
      const fork = await run.fork({ from: index })
      expect(await fork.result(), `from ${index} ${kind}`).toBe('1 ABCDEFGHIJ')
      expect(done.length).toBeLessThanOrEqual(20)
    }
    const continued = entries.find(({ kind }) => kind === 'run.continued')?.index as number
    const fork = await run.fork({ from: continued + 3 })
    await fork.result()
    // the generation before is the source's alone
    expect((await w.store.entries(fork.id))[1]?.index).toBe(continued)
    const edited = await run.fork({ from: continued, edit: { input: 5 } })
    expect(await edited.result()).toBe('5 ABCDEFGHIJ')
  })

  it('compensates what it did itself, and nothing that its source did', async () => {
    const { calls, charge, mail } = shop()
    const refund = step('refund', async (what: string) => {
      calls.push(`refund ${what}`)
    })
    const flow = workflow('flow', async (fails: boolean) => {
      compensate(refund, await charge(1))
      compensate(refund, await charge(2))
      await mail('m')
      if (fails) throw new FailError('no')
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow, true)
    await errorOf(run.result())
    expect(calls).toEqual(['charge 1', 'charge 2', 'mail m', 'refund paid 2', 'refund paid 1'])
    calls.length = 0
    const fork = await run.fork({ from: await at(run, 'step.result', 'charge#1'), allow: ['charge', 'mail', 'refund'] })
    await errorOf(fork.result())
    expect(calls).toEqual(['charge 2', 'mail m', 'refund paid 2'])
    // forked while it compensates, what was begun is seen through; each of it is an effect
    calls.length = 0
    const inside = await run.fork({ from: await at(run, 'step.result', 'compensate#0/refund#1') })
    await reaches(inside, 'needs attention')
    await inside.resume({ allow: ['refund'] })
    expect(await errorOf(inside.result({ onAttention: 'wait' }))).toMatchObject({ code: 'RUN_FAILED' })
    expect(calls).toEqual(['refund paid 1'])
  })

  it('of a failed, a parked, a cancelled and a waiting run goes its own way', async () => {
    const broken = { is: true }
    const work = step('work', { effect: 'idempotent', attempts: 1 }, async (n: number) => {
      if (broken.is) throw new TypeError('broken')
      return n
    })
    const go = signal<string>('go')
    const flow = workflow('flow', async () => [await work(1), await go.wait()])
    const { app } = await world().open([flow])
    const parked = await app.start(flow)
    await reaches(parked, 'needs attention')
    broken.is = false
    const from = await at(parked, 'step.error', 'work#0')
    const fork = await parked.fork({ from })
    await reaches(fork, 'waiting')
    expect(await ends(parked)).toBe('needs attention')
    await parked.resume()
    await reaches(parked, 'waiting')
    // as it stands, and from before its resume
    const twin = await parked.fork({ from: (await last(parked)) + 1 })
    const early = await parked.fork({ from: await at(parked, 'run.resumed') })
    await reaches(twin, 'waiting')
    // the failure is in the history that is kept
    await reaches(early, 'needs attention')
    await parked.cancel('not needed')
    await reaches(parked, 'cancelled')
    for (const run of [fork, twin]) await run.signal(go, 'went')
    expect(await fork.result()).toEqual([1, 'went'])
    expect(await twin.result()).toEqual([1, 'went'])
    const revived = await parked.fork({ from: await at(parked, 'run.cancelling') })
    await revived.signal(go, 'revived')
    expect(await revived.result()).toEqual([1, 'revived'])
  })

  it('that is cancelled before it began ends without a trace of its code', async () => {
    const { calls, buy } = shop()
    const w = world()
    const one = await w.open([buy])
    const run = await one.app.start(buy, 'tea')
    await run.result()
    await one.app.close()
    calls.length = 0
    const idle = await w.open([])
    const fork = await ((await idle.app.get(run.id)) as Run<unknown>).fork({ from: 2, allow: ['*'] })
    await fork.cancel('changed my mind')
    await idle.app.close()
    const two = await w.open([buy])
    await reaches((await two.app.get(fork.id)) as Run<unknown>, 'cancelled')
    expect(calls).toEqual([])
    expect(await kinds(w.store, fork.id)).toContain('run.forked')
  })

  it('says where it is from, and its source who was forked from it', async () => {
    const { buy } = shop()
    const w = world()
    const { app } = await w.open([buy])
    const run = await app.start(buy, 'tea', { id: 'mine', tags: ['vip'], tenant: 'acme', subject: 'ann' })
    await run.result()
    const fork = await run.fork({ from: 2, by: 'bea' })
    await reaches(fork, 'needs attention')
    const [first] = await w.store.entries(fork.id, 0, 1)
    expect(first?.meta).toMatchObject({ forkOf: run.id, forkAt: 2 })
    expect(await run.forks()).toEqual([{ id: fork.id, from: 2 }])
    expect(await fork.forks()).toEqual([])
    const row = await w.store.run(fork.id)
    expect(row).toMatchObject({ tenant: 'acme', parent: undefined })
    expect(row?.subject).toBe((await w.store.run(run.id))?.subject)
    expect((await app.list({ tags: ['vip'] })).items.map(({ id }) => id)).toEqual([run.id])
    expect((await app.get(buy, 'mine', { tenant: 'acme' }))?.id).toBe(run.id)
    expect(await keys(w.store, fork.id, 'step.result')).toEqual(['price#0'])
  })
})

async function last(run: Run<unknown>): Promise<number> {
  let index = 0
  for await (const event of run.events()) index = event.index
  return index
}
