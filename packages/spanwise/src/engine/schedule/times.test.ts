import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jitterOf } from './jitter.ts'
import { dueTimes, lastDueTimes, nextAfter } from './times.ts'
import { readTiming, type ScheduleTiming, type Timing, timingOf, timingText } from './timing.ts'

/** due times as they are found one after the other, which is how a schedule goes */
function times(given: ScheduleTiming, from: string, count: number): string[] {
  const timing = readTiming(given)
  const found: string[] = []
  for (let due = nextAfter(timing, Date.parse(from)); due !== undefined && found.length < count; ) {
    found.push(new Date(due).toISOString().replace('.000', ''))
    due = nextAfter(timing, due)
  }
  return found
}

describe('cron', () => {
  it('reads five fields, six with seconds, and names', () => {
    expect(times({ cron: '30 9 * * MON-FRI' }, '2026-01-02T00:00:00Z', 3)).toEqual([
      '2026-01-02T09:30:00Z',
      '2026-01-05T09:30:00Z',
      '2026-01-06T09:30:00Z',
    ])
    expect(times({ cron: '*/20 * * * * *' }, '2026-01-01T00:00:00.500Z', 3)).toEqual([
      '2026-01-01T00:00:20Z',
      '2026-01-01T00:00:40Z',
      '2026-01-01T00:01:00Z',
    ])
    expect(times({ cron: '@daily' }, '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-02T00:00:00Z'])
    expect(times({ cron: '0 12 L * *' }, '2026-02-01T00:00:00Z', 1)).toEqual(['2026-02-28T12:00:00Z'])
  })

  it('that can never be due has no next time', () => {
    expect(times({ cron: '0 0 30 2 *' }, '2026-01-01T00:00:00Z', 1)).toEqual([])
  })

  it.each(['', 'nope', '* * * *', '* * * * * * *', '61 * * * *', '* 25 * * *', '0 0 * * MOON'])(
    'refuses %j and says what a pattern is',
    (cron) => {
      expect(() => readTiming({ cron })).toThrow(expect.objectContaining({ code: 'INVALID_SCHEDULE' }))
    },
  )

  it('refuses a time zone that there is not', () => {
    expect(() => readTiming({ cron: '* * * * *', zone: 'Mars/Olympus' })).toThrow(/no time zone "Mars\/Olympus"/)
  })
})

describe('where clocks are put forward', () => {
  it('in Berlin a time that does not exist is due when it is over, once', () => {
    expect(times({ cron: '30 2 * * *', zone: 'Europe/Berlin' }, '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-30T00:30:00Z',
    ])
  })

  it('in New York likewise', () => {
    expect(times({ cron: '30 2 * * *', zone: 'America/New_York' }, '2026-03-07T12:00:00Z', 2)).toEqual([
      '2026-03-08T07:00:00Z',
      '2026-03-09T06:30:00Z',
    ])
  })

  it('on Lord Howe, where it is half an hour, likewise', () => {
    expect(times({ cron: '15 2 * * *', zone: 'Australia/Lord_Howe' }, '2026-10-03T00:00:00Z', 2)).toEqual([
      '2026-10-03T15:30:00Z',
      '2026-10-04T15:15:00Z',
    ])
  })

  it('what repeats goes on through the gap', () => {
    expect(times({ cron: '*/30 * * * *', zone: 'Europe/Berlin' }, '2026-03-29T00:00:00Z', 4)).toEqual([
      '2026-03-29T00:30:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-29T01:30:00Z',
      '2026-03-29T02:00:00Z',
    ])
  })
})

describe('where clocks are put back', () => {
  it('in Berlin a time that exists twice is due the first time only', () => {
    expect(times({ cron: '30 2 * * *', zone: 'Europe/Berlin' }, '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ])
    expect(times({ cron: '30 2,14 * * *', zone: 'Europe/Berlin' }, '2026-10-24T13:00:00Z', 3)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T13:30:00Z',
      '2026-10-26T01:30:00Z',
    ])
  })

  it('in New York likewise', () => {
    expect(times({ cron: '30 1 * * *', zone: 'America/New_York' }, '2026-10-31T12:00:00Z', 2)).toEqual([
      '2026-11-01T05:30:00Z',
      '2026-11-02T06:30:00Z',
    ])
  })

  it('on Lord Howe, where it is half an hour, likewise', () => {
    expect(times({ cron: '45 1 * * *', zone: 'Australia/Lord_Howe' }, '2026-04-04T12:00:00Z', 2)).toEqual([
      '2026-04-04T14:45:00Z',
      '2026-04-05T15:15:00Z',
    ])
  })

  it('what repeats comes in both of the repeated hours, each time once', () => {
    expect(times({ cron: '*/30 * * * *', zone: 'Europe/Berlin' }, '2026-10-24T23:59:00Z', 5)).toEqual([
      '2026-10-25T00:00:00Z',
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:00:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-25T02:00:00Z',
    ])
    expect(times({ cron: '*/10 * * * *', zone: 'Australia/Lord_Howe' }, '2026-04-04T14:25:00Z', 6)).toEqual([
      '2026-04-04T14:30:00Z',
      '2026-04-04T14:40:00Z',
      '2026-04-04T14:50:00Z',
      '2026-04-04T15:00:00Z',
      '2026-04-04T15:10:00Z',
      '2026-04-04T15:20:00Z',
    ])
  })
})

describe('intervals', () => {
  it('are counted from the beginning of 1970, or from a date', () => {
    expect(times({ every: '1h' }, '2026-01-01T00:20:00Z', 2)).toEqual(['2026-01-01T01:00:00Z', '2026-01-01T02:00:00Z'])
    const from = new Date('2026-01-01T00:10:00Z')
    expect(times({ every: '1h', from }, '2025-12-01T00:00:00Z', 2)).toEqual([
      '2026-01-01T00:10:00Z',
      '2026-01-01T01:10:00Z',
    ])
  })

  it('have an end', () => {
    const until = new Date('2026-01-01T02:00:00Z')
    expect(times({ every: '1h', until }, '2026-01-01T00:20:00Z', 9)).toHaveLength(2)
    expect(times({ cron: '0 * * * *', until }, '2026-01-01T00:20:00Z', 9)).toHaveLength(2)
  })

  it('of less than a second are refused', () => {
    expect(() => readTiming({ every: 999 })).toThrow(expect.objectContaining({ code: 'INVALID_SCHEDULE' }))
  })
})

describe('a timing', () => {
  it('says once when', () => {
    expect(() => readTiming({} as ScheduleTiming)).toThrow(/does not say when/)
    expect(() => readTiming({ cron: '* * * * *', every: '1h' } as never)).toThrow(/more than one way/)
    expect(() => readTiming({ every: '1h', zone: 'UTC' } as never)).toThrow(/without cron/)
    expect(() => readTiming({ at: new Date('never') })).toThrow(/not a date/)
    expect(() => readTiming({ every: '1h', jitter: '2d' })).toThrow(/longer than a day/)
  })

  it('that is the same is the same text, and comes back', () => {
    const given: ScheduleTiming = { cron: ' 0 9 * * * ', zone: 'Europe/Berlin', jitter: '5m' }
    expect(timingText(readTiming(given))).toBe(
      timingText(readTiming({ jitter: 300_000, zone: 'Europe/Berlin', cron: '0 9 * * *' })),
    )
    expect(timingOf(timingText(readTiming(given)))).toEqual(readTiming(given))
  })

  it('once is due once', () => {
    expect(times({ at: new Date('2026-01-02T00:00:00Z') }, '2026-01-01T00:00:00Z', 5)).toEqual(['2026-01-02T00:00:00Z'])
    expect(times({ at: new Date('2026-01-02T00:00:00Z') }, '2026-01-02T00:00:00Z', 5)).toEqual([])
  })
})

describe('due times of a range', () => {
  const timing = (): fc.Arbitrary<Timing> =>
    fc
      .tuple(
        fc.constantFrom('*/7 * * * *', '0 */3 * * *', '30 2 * * *', '15 1,2 * * *', '*/45 * * * * *'),
        fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'),
      )
      .map(([cron, zone]) => readTiming({ cron, zone }))
  // around both changes of 2026, in any of the zones
  const start = fc.integer({ min: 0, max: 36 * 3_600 }).map((s) => Date.parse('2026-10-24T12:00:00Z') + s * 1_000)

  it('seen from the end are the same as from the beginning', () => {
    fc.assert(
      fc.property(
        timing(),
        start,
        fc.integer({ min: 1, max: 12 * 3_600_000 }),
        fc.integer({ min: 0, max: 40 }),
        (t, from, span, most) => {
          const all = dueTimes(t, from, from + span, Number.POSITIVE_INFINITY)
          expect(lastDueTimes(t, from, from + span, most)).toEqual(most === 0 ? [] : all.slice(-most))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('do not depend on where one begins to look', () => {
    fc.assert(
      fc.property(timing(), start, fc.integer({ min: 0, max: 7_200_000 }), (t, from, ms) => {
        const first = nextAfter(t, from) as number
        const between = Math.min(from + ms, first - 1)
        expect(nextAfter(t, between)).toBe(first)
      }),
      { numRuns: 200 },
    )
  })
})

describe('jitter', () => {
  const schedule = { tenant: 'default', id: 'nightly' }

  it('is the same for the same due time, and another for another schedule', () => {
    const due = Date.parse('2026-01-01T00:00:00Z')
    expect(jitterOf(schedule, due, 600_000)).toBe(jitterOf({ ...schedule }, due, 600_000))
    const all = Array.from({ length: 500 }, (_, i) => jitterOf({ tenant: '', id: `s${i}` }, due, 600_000))
    expect(new Set(all).size).toBeGreaterThan(490)
    expect(Math.max(...all)).toBeLessThan(600_000)
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0)
    // spread over the whole of it
    expect(all.filter((ms) => ms < 300_000).length).toBeGreaterThan(180)
    expect(all.filter((ms) => ms >= 300_000).length).toBeGreaterThan(180)
  })

  it('is nothing where none is asked for', () => {
    expect(jitterOf(schedule, 1, 0)).toBe(0)
  })
})
