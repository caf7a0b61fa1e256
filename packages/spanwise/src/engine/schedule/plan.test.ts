import { describe, expect, it } from 'vitest'
import { nextFrom, planFiring } from './plan.ts'
import { readTiming, type ScheduleTiming, timingText } from './timing.ts'

const minute = 60_000
const hour = 60 * minute
const start = Date.parse('2026-01-01T00:00:00Z')

function schedule(timing: ScheduleTiming, nextDue: number | undefined, catchUp = 1) {
  return { tenant: 'default', id: 'one', timing: timingText(readTiming(timing)), nextDue, catchUp }
}

describe('planFiring', () => {
  it('runs what is due and goes on to the next', () => {
    expect(planFiring(schedule({ every: '1h' }, start), start + 5)).toEqual({
      from: start,
      dues: [start],
      skipped: 0,
      last: start,
      next: { due: start + hour, wakeAt: start + hour },
    })
  })

  it('does nothing before its time, nor when nothing is to come', () => {
    expect(planFiring(schedule({ every: '1h' }, start), start - 1)).toBeUndefined()
    expect(planFiring(schedule({ every: '1h' }, undefined), start)).toBeUndefined()
  })

  it('runs all that a busy minute held up, whatever is made up for', () => {
    const plan = planFiring(schedule({ every: '10s' }, start, 0), start + 30_000)
    expect(plan?.dues).toEqual([start, start + 10_000, start + 20_000, start + 30_000])
    expect(plan?.skipped).toBe(0)
  })

  it.each([
    [0, []],
    [1, [4]],
    [3, [2, 3, 4]],
    [99, [0, 1, 2, 3, 4]],
  ] as const)('makes up for %s missed due times at most, the latest', (catchUp, hours) => {
    const plan = planFiring(schedule({ every: '1h' }, start, catchUp), start + 4.5 * hour)
    expect(plan?.dues).toEqual(hours.map((n) => start + n * hour))
    expect(plan?.skipped).toBe(5 - hours.length)
    expect(plan?.last).toBe(start + 4 * hour)
    expect(plan?.next?.due).toBe(start + 5 * hour)
  })

  it('keeps what is on time apart from what was missed', () => {
    const plan = planFiring(schedule({ every: '1h' }, start, 0), start + 3 * hour + 10)
    expect(plan).toMatchObject({ dues: [start + 3 * hour], skipped: 3 })
  })

  it('looks back over a year of seconds at once', () => {
    const plan = planFiring(schedule({ cron: '* * * * * *' }, start), start + 365 * 24 * hour + 500)
    const last = start + 365 * 24 * hour
    // one of those that were missed, and those of the last minute
    expect(plan?.dues).toHaveLength(61)
    expect(plan?.dues.at(-1)).toBe(last)
    expect(plan?.skipped).toBe(1_000)
  })

  it('acts on a due time later by its jitter, and in the order of due times', () => {
    const timing: ScheduleTiming = { every: '1m', jitter: '5m' }
    let at: ReturnType<typeof planFiring>
    let next: number | undefined = start
    const run: number[] = []
    for (let now = start; now <= start + hour; now += 1_000) {
      at = planFiring(schedule(timing, next, 1_000), now)
      if (at === undefined) continue
      run.push(...at.dues)
      next = at.next?.due
    }
    expect(run).toEqual(run.toSorted((a, b) => a - b))
    expect(run.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => start + i * minute))
  })

  it('of a date is over when it has been', () => {
    expect(planFiring(schedule({ at: new Date(start) }, start), start + 10 * hour)).toMatchObject({
      dues: [start],
      next: undefined,
    })
    expect(planFiring(schedule({ at: new Date(start) }, start, 0), start + 10 * hour)).toMatchObject({
      dues: [],
      skipped: 1,
      next: undefined,
    })
  })
})

describe('nextFrom', () => {
  it('begins with what is due from now on', () => {
    expect(nextFrom({ tenant: '', id: '' }, readTiming({ every: '1h' }), start, true)?.due).toBe(start + hour)
  })

  it('begins with a date that has passed, but does not go back to it after a pause', () => {
    const timing = readTiming({ at: new Date(start) })
    expect(nextFrom({ tenant: '', id: '' }, timing, start + hour, true)?.due).toBe(start)
    expect(nextFrom({ tenant: '', id: '' }, timing, start + hour, false)).toBeUndefined()
  })
})
