import { approval, FailError, type ScheduleInfo, type ScheduleTiming, signal, sleep, step, workflow } from 'spanwise'
import { openMemoryStore, TestClock, testApp } from 'spanwise/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'

const hour = 3_600_000
const start = new Date('2026-01-01T00:00:00Z')
const at = (hours: number): string => new Date(start.getTime() + hours * hour).toISOString()

const seen: { schedule: ScheduleInfo | undefined; input: unknown }[] = []
const tick = workflow('tick', async (input: string, { run }) => {
  seen.push({ schedule: run.schedule, input })
  return run.schedule?.due.toISOString()
})
const begin = step('begin', () => {})
const long = workflow('long', async (hours: number) => {
  // what a run does first has the time at which it was made; from here on it is the present
  await begin()
  await sleep(hours * hour)
})
const go = signal<number>('go')
const patient = workflow('patient', async () => {
  await go.wait()
})

type TestApp = Awaited<ReturnType<typeof testApp>>

/** due times of the runs of a workflow, oldest first, with how they stand */
async function dues(app: TestApp, workflow: string): Promise<string[]> {
  const found: string[] = []
  for (const { id, status } of (await app.list({ workflow, limit: 500 })).items.toReversed()) {
    for await (const { meta } of (await app.get(id))!.events()) {
      found.push(`${new Date(Number(meta['due'])).toISOString()} ${status}`)
      break
    }
  }
  return found
}
const completed = (...hours: readonly number[]): string[] => hours.map((n) => `${at(n)} completed`)

it('a schedule runs its workflow at each due time, and the run knows which', async () => {
  seen.length = 0
  await using app = await testApp({ workflows: [tick] })
  const schedule = await app.schedule(tick, 'hello', { id: 'hourly', every: '1h', tags: ['mine'] })
  await app.advance('3.5h')
  expect(await dues(app, 'tick')).toEqual(completed(1, 2, 3))
  expect(seen.map(({ schedule: one }) => one)).toEqual(
    [1, 2, 3].map((n) => ({ id: 'hourly', due: new Date(at(n)), trigger: 'due' })),
  )
  expect(seen[0]?.input).toBe('hello')
  const state = await schedule.status()
  expect(state).toMatchObject({ every: hour, overlap: 'skip', catchUp: 'last', input: 'hello', started: 3, skipped: 0 })
  expect(state.nextDue?.toISOString()).toBe(at(4))
  expect(state.lastRun).toBe((await app.list({ limit: 1 })).items[0]?.id)
  // by the schedule and by the tags of its runs
  expect((await app.list({ tags: ['schedule:hourly', 'mine'] })).items).toHaveLength(3)
  expect((await schedule.next(2)).map((date) => date.toISOString())).toEqual([at(4), at(5)])
  expect(await (await app.get(tick, `hourly@${at(2)}`))?.result()).toBe(at(2))
})

it('each due time is run once, whichever write the process dies at, before or after it', async () => {
  for (const fault of ['crashAfter', 'crashBefore'] as const) {
    for (let n = 1; ; n++) {
      await using app = await testApp({ workflows: [tick], faults: { [fault]: n } })
      await app.schedule(tick, 'x', { id: 'hourly', every: '1h' })
      await app.advance('3.5h')
      expect(await dues(app, 'tick')).toEqual(completed(1, 2, 3))
      if (app.crashes === 0) break
      expect(n).toBeLessThan(50)
    }
  }
})

it('a clock that jumps ahead or is set back makes no due time happen twice', async () => {
  const clock = new TestClock({ start })
  await using app = await testApp({ workflows: [tick], clock })
  await app.schedule(tick, 'x', { id: 'hourly', every: '1h', catchUp: 'all', overlap: 'allow' })
  await app.advance('2.5h')
  await clock.set(new Date(at(0.5)))
  await app.advance('3h')
  expect(await dues(app, 'tick')).toEqual(completed(1, 2, 3))
  await app.restart()
  await clock.set(new Date(at(1)))
  await app.restart()
  await app.advance('3.5h')
  expect((await dues(app, 'tick')).toSorted()).toEqual(completed(1, 2, 3, 4))
})

it.each([
  ['none', []],
  ['last', [5]],
  [{ all: 2 }, [4, 5]],
  ['all', [1, 2, 3, 4, 5]],
] as const)('what was missed while nobody worked is made up for as catchUp says: %j', async (catchUp, hours) => {
  const store = openMemoryStore()
  const clock = new TestClock({ start })
  {
    await using app = await testApp({ store, clock, workflows: [tick] })
    await app.schedule(tick, 'x', { id: 'hourly', every: '1h', overlap: 'allow', catchUp })
  }
  await clock.set(new Date(at(5.5)))
  await using app = await testApp({ store, clock, workflows: [tick] })
  // a program says it each time it begins, and that must not take what was missed away
  const schedule = await app.schedule(tick, 'x', { id: 'hourly', every: '1h', overlap: 'allow', catchUp })
  await app.idle()
  expect((await dues(app, 'tick')).toSorted()).toEqual(completed(...hours))
  expect(await schedule.status()).toMatchObject({ skipped: 5 - hours.length, nextDue: new Date(at(6)) })
})

it('skip leaves due times out while a run is under way', async () => {
  await using app = await testApp({ workflows: [long] })
  const schedule = await app.schedule(long, 2.5, { id: 's', every: '1h', overlap: 'skip' })
  await app.advance('7.1h')
  expect(await dues(app, 'long')).toEqual([...completed(1, 4), `${at(7)} waiting`])
  expect(await schedule.status()).toMatchObject({ started: 3, skipped: 4 })
})

it('queue runs them one after the other, through a crash', async () => {
  await using app = await testApp({ workflows: [long] })
  await app.schedule(long, 2.5, { id: 's', every: '1h', overlap: 'queue', until: new Date(at(3)) })
  await app.advance('3.1h')
  expect(await dues(app, 'long')).toEqual([`${at(1)} waiting`, `${at(2)} queued`, `${at(3)} queued`])
  await app.crash()
  await app.advance('3h')
  expect(await dues(app, 'long')).toEqual([`${at(1)} completed`, `${at(2)} completed`, `${at(3)} waiting`])
  await app.advance('3h')
  expect(await dues(app, 'long')).toEqual(completed(1, 2, 3))
})

it('cancel ends the earlier one, and the next begins when it has ended', async () => {
  const undone: string[] = []
  const undo = step('undo', async (what: string) => void undone.push(what))
  const careful = workflow('careful', async (_: void, { run }) => {
    try {
      await sleep('10h')
    } finally {
      await undo(run.schedule?.due.toISOString() ?? '')
    }
  })
  await using app = await testApp({ workflows: [careful] })
  await app.schedule(careful, undefined, { id: 's', every: '1h', overlap: 'cancel', until: new Date(at(2)) })
  await app.advance('3h')
  expect(await dues(app, 'careful')).toEqual([`${at(1)} cancelled`, `${at(2)} waiting`])
  expect(undone).toEqual([at(1)])
  await app.advance('10h')
  expect(await dues(app, 'careful')).toEqual([`${at(1)} cancelled`, `${at(2)} completed`])
})

it('allow lets runs overlap; one that needs attention or waits for a person counts as one would think', async () => {
  const ask = workflow('ask', async () => {
    await approval('go on?')
  })
  const broken = workflow('broken', async () => {
    throw new TypeError('a bug')
  })
  const fails = workflow('fails', async () => {
    throw new FailError('no')
  })
  await using app = await testApp({ workflows: [long, ask, broken, fails] })
  await app.schedule(long, 99, { id: 'a', every: '1h', overlap: 'allow' })
  await app.schedule(ask, undefined, { id: 'b', every: '1h' })
  await app.schedule(broken, undefined, { id: 'c', every: '1h' })
  await app.schedule(fails, undefined, { id: 'd', every: '1h' })
  await app.advance('3.1h')
  expect(await dues(app, 'long')).toHaveLength(3)
  expect(await dues(app, 'ask')).toEqual([`${at(1)} waiting`])
  expect(await dues(app, 'broken')).toEqual([1, 2, 3].map((n) => `${at(n)} needs attention`))
  expect(await dues(app, 'fails')).toEqual([1, 2, 3].map((n) => `${at(n)} failed`))
})

it('pause leaves out what is due until it is resumed, over a restart', async () => {
  await using app = await testApp({ workflows: [tick] })
  const schedule = await app.schedule(tick, 'x', { id: 's', every: '1h', catchUp: 'all' })
  await app.advance('1.5h')
  await schedule.pause('holidays')
  expect((await schedule.status()).paused?.reason).toBe('holidays')
  await app.restart()
  // saying it again does not wake it up
  await app.schedule(tick, 'x', { id: 's', every: '1h', catchUp: 'all' })
  await app.advance('3h')
  await schedule.resume()
  await app.advance('1h')
  expect(await dues(app, 'tick')).toEqual(completed(1, 5))
})

it('backfill runs due times of the past, each once, and says which', async () => {
  await using app = await testApp({ workflows: [long, patient] })
  const schedule = await app.schedule(long, 0.1, { id: 's', every: '1h' })
  await app.advance('2.5h')
  const range = { from: new Date(at(-2)), to: new Date(at(2)) }
  const dry = await schedule.backfill({ ...range, dryRun: true })
  expect(dry.due.map((date) => date.toISOString())).toEqual([-2, -1, 0, 1, 2].map(at))
  expect(await schedule.backfill(range)).toEqual({ due: dry.due, started: 3, existed: 2 })
  expect(await schedule.backfill(range)).toEqual({ due: dry.due, started: 0, existed: 5 })
  await app.advance('0.3h')
  expect((await dues(app, 'long')).toSorted()).toEqual(completed(-2, -1, 0, 1, 2))
  await expect(schedule.backfill({ from: new Date(at(0)), to: new Date(at(9)) })).rejects.toThrow(/future/)
  await expect(schedule.backfill({ from: new Date(at(1)), to: new Date(at(0)) })).rejects.toThrow(/empty/)
})

it('a backfill runs one after the other, and its past does not stand in the way of the present', async () => {
  await using app = await testApp({ workflows: [patient] })
  const schedule = await app.schedule(patient, undefined, { id: 's', every: '1h' })
  await app.advance('0.5h')
  await schedule.backfill({ from: new Date(at(-2)), to: new Date(at(0)) })
  await app.idle()
  expect((await dues(app, 'patient')).toSorted()).toEqual([`${at(-2)} waiting`, `${at(-1)} queued`, `${at(0)} queued`])
  await app.advance('1h')
  expect(await dues(app, 'patient')).toContain(`${at(1)} waiting`)
})

it('trigger runs it now, whatever else is under way; an id makes it repeatable', async () => {
  await using app = await testApp({ workflows: [patient] })
  const schedule = await app.schedule(patient, undefined, { id: 's', every: '1h' })
  await app.advance('1.5h')
  const run = await schedule.trigger({ id: 'now' })
  expect((await schedule.trigger({ id: 'now' })).id).toBe(run.id)
  const other = await schedule.trigger()
  await app.idle()
  expect((await run.status()).status).toBe('waiting')
  expect((await schedule.status()).lastRun).toBe(other.id)
  for await (const { meta } of run.events()) {
    expect(meta).toMatchObject({ trigger: 'manual', due: Date.parse(at(1.5)) })
    // ids of users are tokens in what can be queried
    expect(JSON.stringify(meta)).not.toContain('"s"')
    break
  }
})

it('another definition under the same id changes it: a new timing begins now, a new input with the next run', async () => {
  seen.length = 0
  await using app = await testApp({ workflows: [tick] })
  const schedule = await app.schedule(tick, 'one', { id: 's', every: '1h' })
  await app.advance('1.5h')
  await app.schedule(tick, 'two', { id: 's', every: '1h' })
  await app.advance('1h')
  await schedule.update({ every: '3h', overlap: 'queue' })
  await app.advance('2h')
  expect(await dues(app, 'tick')).toEqual(completed(1, 2, 3))
  expect(seen.map(({ input }) => input)).toEqual(['one', 'two', 'two'])
  await schedule.update({ cron: '30 * * * *', zone: 'Asia/Kolkata' })
  expect((await schedule.next(1))[0]?.toISOString()).toBe(at(5))
  expect(await schedule.status()).toMatchObject({ cron: '30 * * * *', every: undefined, overlap: 'queue' })
  await schedule.update({ zone: 'UTC' })
  expect((await schedule.next(1))[0]?.toISOString()).toBe(at(5.5))
})

it('a date is run once, also when it has passed', async () => {
  await using app = await testApp({ workflows: [tick] })
  const once = await app.schedule(tick, 'x', { id: 'once', at: new Date(at(2)) })
  const past = await app.schedule(tick, 'x', { id: 'past', at: new Date(at(-3)) })
  await app.advance('5h')
  await app.restart()
  await app.schedule(tick, 'x', { id: 'once', at: new Date(at(2)) })
  await app.advance('5h')
  expect((await dues(app, 'tick')).toSorted()).toEqual(completed(-3, 2))
  expect([(await once.status()).nextDue, (await past.status()).nextDue]).toEqual([undefined, undefined])
})

it('where clocks are put back or forward, a time of the day is run once a day', async () => {
  for (const [zone, from, to] of [
    ['Europe/Berlin', '2026-03-26T12:00:00Z', '2026-03-30T12:00:00Z'],
    ['Europe/Berlin', '2026-10-22T12:00:00Z', '2026-10-26T12:00:00Z'],
    ['America/New_York', '2026-03-06T12:00:00Z', '2026-03-10T12:00:00Z'],
    ['America/New_York', '2026-10-30T12:00:00Z', '2026-11-03T12:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-02T12:00:00Z', '2026-04-06T12:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-01T12:00:00Z', '2026-10-05T12:00:00Z'],
  ] as const) {
    const clock = new TestClock({ start: new Date(from) })
    await using app = await testApp({ workflows: [tick], clock })
    const timing: ScheduleTiming = { cron: zone === 'America/New_York' ? '30 1,2 * * *' : '45 1,2 * * *', zone }
    await app.schedule(tick, 'x', { id: 's', ...timing })
    await clock.set(new Date(to))
    const found = await dues(app, 'tick')
    expect([zone, from, found.length]).toEqual([zone, from, 8])
    expect(new Set(found).size).toBe(8)
  }
})

it('a schedule that is deleted starts nothing more, and its runs go on', async () => {
  await using app = await testApp({ workflows: [patient] })
  const schedule = await app.schedule(patient, undefined, { id: 's', every: '1h' })
  await app.advance('1.5h')
  await schedule.delete()
  await app.advance('5h')
  expect(await dues(app, 'patient')).toEqual([`${at(1)} waiting`])
  expect(await app.getSchedule('s')).toBeUndefined()
  await expect(schedule.status()).rejects.toMatchObject({ code: 'SCHEDULE_UNKNOWN' })
  await expect(schedule.delete()).rejects.toMatchObject({ code: 'SCHEDULE_UNKNOWN' })
})

it('schedules are listed by their ids', async () => {
  await using app = await testApp({ workflows: [patient] })
  for (const id of ['c', 'a', 'b']) await app.schedule(patient, undefined, { id, every: '1h' })
  expect((await app.schedules()).items.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
})

it('what cannot be run is refused when the schedule is made', async () => {
  const strict = workflow('strict', { input: z.object({ top: z.number() }) }, async ({ top }) => top)
  await using app = await testApp({ workflows: [strict, tick] })
  const bad = (input: unknown, more: object) =>
    app.schedule(strict, input as { top: number }, { id: 's', ...more } as never)
  await expect(bad({ top: 'ten' }, { every: '1h' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  await expect(bad(() => 1, { every: '1h' })).rejects.toMatchObject({
    hint: expect.stringContaining('context.run.schedule.due'),
  })
  await expect(bad({ top: 1 }, { every: '1h', id: '' })).rejects.toThrow(/no id/)
  await expect(bad({ top: 1 }, { every: '1h', overlap: 'both' })).rejects.toThrow(/overlap/)
  await expect(bad({ top: 1 }, { every: '1h', catchUp: { all: 5_000 } })).rejects.toThrow(/catchUp/)
  await expect(bad({ top: 1 }, {})).rejects.toMatchObject({ code: 'INVALID_SCHEDULE' })
  expect((await app.schedules()).items).toEqual([])
})

it('thousands of schedules share one timer, and each is run in its turn', async () => {
  await using app = await testApp({ workflows: [tick] })
  // so many would not be written one by one
  await Promise.all(
    Array.from({ length: 2_000 }, (_, i) =>
      app.schedule(tick, 'x', { id: `s${i}`, at: new Date(start.getTime() + hour + i * 1_000) }),
    ),
  )
  await app.advance('1.1h')
  expect((await app.counts()).completed).toBe(361)
  await app.advance('1h')
  expect((await app.counts()).completed).toBe(2_000)
})
