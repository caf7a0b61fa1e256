import { beforeEach, describe, expect, it } from 'vitest'
import type { PutSchedule, ScheduleRow } from '../schedules.ts'
import type { Firing, NewRun, RunRow, Store } from '../store.ts'
import { change, claim, entry, finish, newRun, type Opened, type OpenForTest, row, worker } from './build.testsuite.ts'

export function testSchedules(open: OpenForTest): void {
  let opened: Opened
  let store: Store
  beforeEach(async () => {
    opened = await open()
    store = opened.store
  })

  const put = (more: Partial<PutSchedule> = {}): PutSchedule => ({
    tenant: 'default',
    id: 'nightly',
    workflow: 'job',
    timing: '{"kind":"every"}',
    overlap: 'skip',
    catchUp: 1,
    start: '{"input":1}',
    subject: undefined,
    next: { due: 2000, wakeAt: 2100 },
    at: 1000,
    ...more,
  })
  const made = async (more: Partial<PutSchedule> = {}): Promise<ScheduleRow> =>
    (await store.putSchedule(put(more))).row as ScheduleRow
  const read = async (id = 'nightly'): Promise<ScheduleRow> =>
    (await store.schedule({ tenant: 'default', id })) as ScheduleRow
  const runOf = (due: number, more: Partial<NewRun> = {}): NewRun =>
    newRun({ run: `run-due-${due}`, id: `nightly@${due}`, tenant: 'default', wakeAt: due, at: due, ...more })
  const firing = (schedule: ScheduleRow, due: number, more: Partial<Firing> = {}): Firing => ({
    seq: schedule.seq,
    revision: schedule.revision,
    move: { from: due, to: { due: due + 1000, wakeAt: due + 1100 }, last: due, skipped: 0 },
    lane: 'due',
    overlap: schedule.overlap,
    runs: [runOf(due)],
    at: due,
    ...more,
  })
  const states = async (given: Firing): Promise<readonly string[] | 'stale'> => {
    const fired = await store.fireSchedule(given)
    return fired.state === 'ok' ? fired.runs.map(({ state }) => state) : 'stale'
  }

  describe('a schedule', () => {
    it('is made once, and stays what it is when the same is said again', async () => {
      const first = await store.putSchedule(put())
      expect(first).toMatchObject({ state: 'created', row: { revision: 1, nextDue: 2000, wakeAt: 2100, started: 0 } })
      expect(await store.putSchedule(put({ next: { due: 9000, wakeAt: 9000 }, at: 1500 }))).toEqual({
        state: 'unchanged',
        row: first.row,
      })
      store = await opened.reopen()
      expect(await read()).toEqual(first.row)
      expect(await store.schedule({ tenant: 'other', id: 'nightly' })).toBeUndefined()
    })

    it('keeps its place in time when something else than its timing changes', async () => {
      const before = await made()
      const changed = await store.putSchedule(
        put({ start: '{"input":2}', next: { due: 9000, wakeAt: 9000 }, at: 1500 }),
      )
      expect(changed).toMatchObject({
        state: 'changed',
        row: { seq: before.seq, revision: 2, nextDue: 2000, start: '{"input":2}' },
      })
      const moved = await store.putSchedule(put({ timing: '{"kind":"at"}', next: { due: 9000, wakeAt: 9100 } }))
      expect(moved).toMatchObject({ state: 'changed', row: { revision: 3, nextDue: 9000, wakeAt: 9100 } })
    })

    it('is not changed by who has seen another revision of it', async () => {
      expect(await store.putSchedule(put({ revision: 1 }))).toEqual({ state: 'stale', row: undefined })
      await made()
      expect(await store.putSchedule(put({ overlap: 'queue', revision: 7 }))).toMatchObject({ state: 'stale' })
      expect(await read()).toMatchObject({ overlap: 'skip', revision: 1 })
      expect(await store.putSchedule(put({ overlap: 'queue', revision: 1 }))).toMatchObject({ state: 'changed' })
    })

    it('is listed by tenant, in pages, by workflow', async () => {
      for (const id of ['c', 'a', 'b']) await made({ id })
      await made({ id: 'a', tenant: 'zebra', workflow: 'other' })
      const first = await store.schedules({ limit: 3 })
      // an encrypted store cannot order them by their ids
      expect(first.items.map(({ tenant, id }) => `${tenant} ${id}`).toSorted()).toEqual([
        'default a',
        'default b',
        'default c',
      ])
      const second = await store.schedules({ limit: 3, after: first.after })
      expect(second.items.map(({ tenant }) => tenant)).toEqual(['zebra'])
      expect(second.after).toBeUndefined()
      expect((await store.schedules({ limit: 9, workflow: 'other' })).items).toHaveLength(1)
      expect((await store.schedules({ limit: 9, tenant: 'default' })).items).toHaveLength(3)
    })

    it('is paused and goes on from where it is told', async () => {
      await made()
      const paused = await store.changeSchedule({ tenant: 'default', id: 'nightly', pause: 'holidays', at: 1500 })
      expect(paused).toMatchObject({
        paused: { at: 1500, reason: 'holidays' },
        wakeAt: undefined,
        nextDue: 2000,
        revision: 2,
      })
      expect(await store.nextSchedule()).toBeUndefined()
      // another timing does not wake it up
      expect(await made({ timing: '{"kind":"at"}' })).toMatchObject({ wakeAt: undefined, nextDue: 2000 })
      const resume = { due: 5000, wakeAt: 5100 }
      const stale = await store.changeSchedule({ tenant: 'default', id: 'nightly', resume, revision: 2, at: 1600 })
      expect(stale?.paused).toBeDefined()
      expect(await store.changeSchedule({ tenant: 'default', id: 'nightly', resume, at: 1600 })).toMatchObject({
        paused: undefined,
        nextDue: 5000,
        wakeAt: 5100,
      })
      expect(await store.changeSchedule({ tenant: 'default', id: 'nobody', pause: '', at: 1 })).toBeUndefined()
    })

    it('goes when it is removed', async () => {
      await made()
      expect(await store.removeSchedule({ tenant: 'default', id: 'nightly' })).toBe(true)
      expect(await store.removeSchedule({ tenant: 'default', id: 'nightly' })).toBe(false)
      expect(await store.nextSchedule()).toBeUndefined()
    })
  })

  describe('what is due', () => {
    it('is found by when it is acted on, the earliest first', async () => {
      expect(await store.nextSchedule()).toBeUndefined()
      await made({ id: 'late', next: { due: 100, wakeAt: 900 } })
      await made({ id: 'early', next: { due: 200, wakeAt: 300 } })
      await made({ id: 'never', next: undefined })
      expect(await store.nextSchedule()).toBe(300)
      expect(await store.dueSchedules(299, 9)).toEqual([])
      expect((await store.dueSchedules(900, 9)).map(({ id }) => id)).toEqual(['early', 'late'])
      expect(await store.dueSchedules(900, 1)).toHaveLength(1)
    })

    it('is run once: the schedule moves on in the same commit', async () => {
      const schedule = await made()
      expect(await states(firing(schedule, 2000))).toEqual(['started'])
      expect(await read()).toMatchObject({
        nextDue: 3000,
        wakeAt: 3100,
        lastDue: 2000,
        lastRun: 'run-due-2000',
        started: 1,
        revision: 1,
      })
      expect(await store.run('run-due-2000')).toMatchObject({ status: 'queued', wakeAt: 2000 })
      expect(await states(firing(schedule, 2000))).toBe('stale')
      // the same due time again, as after the clock was set back and the schedule was made anew
      await store.removeSchedule(schedule)
      expect(await states(firing(await made(), 2000))).toEqual(['exists'])
      expect((await store.list({ limit: 9 })).items).toHaveLength(1)
    })

    it('is left alone once somebody has changed, paused or removed the schedule', async () => {
      const schedule = await made()
      await store.changeSchedule({ tenant: 'default', id: 'nightly', pause: '', at: 1500 })
      expect(await states(firing(schedule, 2000))).toBe('stale')
      expect(await states(firing(await read(), 2000))).toBe('stale')
      await store.removeSchedule(schedule)
      expect(await states(firing(schedule, 2000))).toBe('stale')
      expect(await store.run('run-due-2000')).toBeUndefined()
    })

    it('counts what is left out', async () => {
      const schedule = await made()
      const move = { from: 2000, to: undefined, last: 2500, skipped: 7 }
      expect(await states(firing(schedule, 2000, { move, runs: [] }))).toEqual([])
      expect(await read()).toMatchObject({
        nextDue: undefined,
        wakeAt: undefined,
        lastDue: 2500,
        skipped: 7,
        started: 0,
      })
    })
  })

  describe('overlap', () => {
    const fire = async (overlap: Firing['overlap'], due: number, more: Partial<Firing> = {}) => {
      const schedule = await read()
      return states(firing(schedule, due, { overlap, ...more }))
    }
    const own = async (due: number): Promise<RunRow> => {
      const [loaded] = await claim(store, { run: `run-due-${due}` })
      return loaded?.row as RunRow
    }
    beforeEach(async () => {
      await made()
      expect(await fire('skip', 2000)).toEqual(['started'])
    })

    it('skip leaves a due time out while an earlier run is under way', async () => {
      expect(await fire('skip', 3000)).toEqual(['skipped'])
      expect(await read()).toMatchObject({ nextDue: 4000, lastRun: 'run-due-2000', started: 1, skipped: 1 })
      await finish(store, await own(2000))
      expect(await fire('skip', 4000)).toEqual(['started'])
    })

    it('a run that needs attention holds nothing up', async () => {
      const run = await own(2000)
      await store.append(change(run, [], { row: { status: 'needs attention' }, park: { wakeAt: undefined } }))
      expect(await fire('skip', 3000)).toEqual(['started'])
    })

    it('allow starts it all the same', async () => {
      expect(await fire('allow', 3000)).toEqual(['started'])
      expect(await store.run('run-due-3000')).toMatchObject({ wakeAt: 3000 })
    })

    it('queue lets runs wait for each other, through restarts and although one in the middle is cancelled', async () => {
      expect(await fire('queue', 3000)).toEqual(['held'])
      expect(await fire('queue', 4000)).toEqual(['held'])
      expect(await fire('queue', 5000)).toEqual(['held'])
      expect(await store.run('run-due-3000')).toMatchObject({ status: 'queued', wakeAt: undefined })
      store = await opened.reopen()
      await store.register(worker)
      // cancelled while it waits: it is loaded to end, and does not let the next one in before the first has ended
      await store.send({ run: 'run-due-4000', kind: 'cancel', name: '', at: 4100 })
      const middle = await own(4000)
      const cancelled = [entry(1, 'run.cancelled')]
      expect(await store.append(change(middle, cancelled, { row: { status: 'cancelled' } }))).toEqual({
        state: 'ok',
        woken: [],
      })
      expect(await finish(store, await own(2000))).toEqual({ state: 'ok', woken: ['run-due-3000'] })
      expect(await row(store, { seq: 0, run: 'run-due-3000' })).toMatchObject({ wakeAt: 1001 })
      expect(await row(store, { seq: 0, run: 'run-due-5000' })).toMatchObject({ wakeAt: undefined })
      expect(await finish(store, await own(3000))).toEqual({ state: 'ok', woken: ['run-due-5000'] })
      expect(await finish(store, await own(5000))).toEqual({ state: 'ok', woken: [] })
    })

    it('queue goes on when a run parks for attention, and after the schedule is gone', async () => {
      await fire('queue', 3000)
      await store.removeSchedule({ tenant: 'default', id: 'nightly' })
      const first = await own(2000)
      const parked = change(first, [entry(1, 'run.parked')], {
        row: { status: 'needs attention' },
        park: { wakeAt: undefined },
      })
      expect(await store.append(parked)).toEqual({ state: 'ok', woken: ['run-due-3000'] })
      const [again] = await claim(store, { run: first.run })
      expect(await finish(store, again?.row as RunRow, '"x"', 2)).toEqual({ state: 'ok', woken: [] })
    })

    it('cancel tells the earlier ones to end, and the next one begins after them', async () => {
      const fired = await store.fireSchedule(firing(await read(), 3000, { overlap: 'cancel' }))
      expect(fired).toMatchObject({ state: 'ok', runs: [{ state: 'held' }], told: ['run-due-2000'] })
      expect(await store.mail('run-due-2000')).toMatchObject([
        { kind: 'cancel', payload: expect.stringContaining('reason') },
      ])
      const fourth = await store.fireSchedule(firing(await read(), 4000, { overlap: 'cancel' }))
      expect(fourth).toMatchObject({ told: ['run-due-2000', 'run-due-3000'] })
    })

    it('of a backfill is judged apart: the present is not held up by the past', async () => {
      const move = undefined
      const runs = [runOf(100), runOf(200)]
      expect(await fire('queue', 0, { move, lane: 'backfill', runs })).toEqual(['started', 'held'])
      expect(await fire('queue', 0, { move, lane: 'backfill', runs })).toEqual(['exists', 'exists'])
      await finish(store, await own(2000))
      expect(await fire('skip', 3000)).toEqual(['started'])
      expect(await read()).toMatchObject({ nextDue: 4000, started: 2 })
    })

    it('a due time that was run before takes nobody’s place', async () => {
      const move = undefined
      expect(await fire('cancel', 0, { move, runs: [runOf(2000)] })).toEqual(['exists'])
      expect(await store.mail('run-due-2000')).toEqual([])
    })
  })

  it('a schedule about a subject goes with the subject', async () => {
    const about = await made({ subject: 'ada' })
    expect(about.subject).toBe((await store.subjects(['ada'])).get('ada')?.token)
    expect(await made({ id: 'plain' })).toMatchObject({ subject: undefined })
  })
}
