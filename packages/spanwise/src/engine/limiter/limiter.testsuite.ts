import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Lease, LimitClaim, Limiter, LimitRequest } from './port.ts'

/** A limiter under test, with a clock that stands still until it is moved. */
export interface LimiterUnderTest {
  readonly limiter: Limiter
  now(): number
  /** moves time on, timer by timer, and lets everything that comes of it happen */
  advance(ms: number): Promise<void>
  /** the clock is set to another time, as by hand */
  setClock(at: number): void
  /** The process dies and another one begins: what it held is free, what it drew from rates is not. */
  restart(): Promise<LimiterUnderTest>
}

export type OpenLimiter = (options?: { readonly weight?: (tenant: string) => number }) => Promise<LimiterUnderTest>

/** What every limiter must do. `open` is called once per test and gives one that nothing was asked of. */
export function testLimiter(name: string, open: OpenLimiter): void {
  describe(name, () => {
    testPlaces(open)
    testRates(open)
    testOrder(open)
    testEnds(open)
    testAlways(open)
  })
}

/** Asks, and remembers in which order it was given. */
function queue({ limiter }: LimiterUnderTest, given: string[] = []) {
  const leases = new Map<string, Lease>()
  return {
    given,
    leases,
    ask: (name: string, claims: readonly LimitClaim[], more: Omit<LimitRequest, 'claims'> = {}): Promise<Lease> => {
      const lease = limiter.acquire({ claims, ...more })
      void lease.then(
        (one) => {
          leases.set(name, one)
          given.push(name)
        },
        () => given.push(`${name} refused`),
      )
      return lease
    },
    /** gives one back, and lets the next begin */
    end: async (name: string): Promise<void> => {
      leases.get(name)?.release()
      await settled()
    },
  }
}

/** lets what was decided arrive, a write of what was drawn included */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

const refused = (code: string) => expect.objectContaining({ code })

function testPlaces(open: OpenLimiter): void {
  describe('places', () => {
    it('are given up to the limit; the next waits until one is given back', async () => {
      const q = queue(await open())
      for (const name of ['a', 'b', 'c']) void q.ask(name, [{ key: 'k', limit: 2 }])
      await settled()
      expect(q.given).toEqual(['a', 'b'])
      await q.end('a')
      expect(q.given).toEqual(['a', 'b', 'c'])
    })

    it('of different keys have nothing to do with each other', async () => {
      const q = queue(await open())
      for (const name of ['a', 'b']) void q.ask(name, [{ key: name, limit: 1 }])
      await settled()
      expect(q.given).toEqual(['a', 'b'])
    })

    it('are given back once, however often it is said', async () => {
      const q = queue(await open())
      for (const name of ['a', 'b', 'c']) void q.ask(name, [{ key: 'k', limit: 1 }])
      await settled()
      q.leases.get('a')?.release()
      await q.end('a')
      expect(q.given).toEqual(['a', 'b'])
    })

    it('can be asked for several at once, and who asks for many is not overtaken for ever', async () => {
      const q = queue(await open())
      void q.ask('a', [{ key: 'k', limit: 3, amount: 2 }])
      void q.ask('large', [{ key: 'k', limit: 3, amount: 3 }])
      void q.ask('small', [{ key: 'k', limit: 3 }])
      await settled()
      expect(q.given).toEqual(['a'])
      await q.end('a')
      expect(q.given).toEqual(['a', 'large'])
    })

    it('of several keys are given together', async () => {
      const q = queue(await open())
      void q.ask('a', [{ key: 'x', limit: 1 }])
      void q.ask('both', [
        { key: 'y', limit: 5 },
        { key: 'x', limit: 1 },
      ])
      await settled()
      expect(q.given).toEqual(['a'])
      await q.end('a')
      expect(q.given).toEqual(['a', 'both'])
    })

    it('are as many as the latest claim says', async () => {
      const q = queue(await open())
      for (const name of ['a', 'b', 'c']) void q.ask(name, [{ key: 'k', limit: 1 }])
      void q.ask('d', [{ key: 'k', limit: 3 }])
      await settled()
      expect(q.given).toEqual(['a', 'b', 'c'])
    })

    it('are free again after a restart', async () => {
      const before = await open()
      void queue(before).ask('a', [{ key: 'k', limit: 1 }])
      await settled()
      const after = queue(await before.restart())
      void after.ask('b', [{ key: 'k', limit: 1 }])
      await settled()
      expect(after.given).toEqual(['b'])
    })

    it('of which more are asked for than there are is an error, and so are limits that are none', async () => {
      const { limiter } = await open()
      await expect(limiter.acquire({ claims: [{ key: 'k', limit: 2, amount: 3 }] })).rejects.toEqual(
        refused('LIMIT_TOO_LARGE'),
      )
      for (const limit of [0, -1, Number.NaN])
        await expect(limiter.acquire({ claims: [{ key: 'k', limit }] })).rejects.toEqual(refused('INVALID_OPTION'))
      const twice = [
        { key: 'k', limit: 2 },
        { key: 'k', limit: 2 },
      ]
      await expect(limiter.acquire({ claims: twice })).rejects.toEqual(refused('INVALID_OPTION'))
    })
  })
}

function testRates(open: OpenLimiter): void {
  const two = [{ key: 'r', rate: { limit: 2, per: 1_000 } }]
  describe('a rate', () => {
    it('lets as many begin within its span, and the next when the first is a span old', async () => {
      const one = await open()
      const q = queue(one)
      void q.ask('a', two)
      await one.advance(400)
      for (const name of ['b', 'c', 'd']) void q.ask(name, two)
      await one.advance(599)
      expect(q.given).toEqual(['a', 'b'])
      await one.advance(1)
      expect(q.given).toEqual(['a', 'b', 'c'])
      await one.advance(399)
      expect(q.given).toEqual(['a', 'b', 'c'])
      await one.advance(1)
      expect(q.given).toEqual(['a', 'b', 'c', 'd'])
    })

    it('is not given back by who ends', async () => {
      const one = await open()
      const q = queue(one)
      for (const name of ['a', 'b', 'c']) void q.ask(name, two)
      await settled()
      await q.end('a')
      await q.end('b')
      expect(q.given).toEqual(['a', 'b'])
    })

    it('counts what was really drawn, where less or more was than was asked for', async () => {
      const one = await open()
      const q = queue(one)
      const tokens = (amount: number) => [{ key: 't', rate: { limit: 100, per: 1_000 }, amount }]
      void q.ask('a', tokens(80))
      void q.ask('b', tokens(60))
      await settled()
      expect(q.given).toEqual(['a'])
      q.leases.get('a')?.settle({ t: 30 })
      await settled()
      expect(q.given).toEqual(['a', 'b'])
      q.leases.get('b')?.settle({ t: 150 })
      void q.ask('c', tokens(1))
      await one.advance(999)
      expect(q.given).toEqual(['a', 'b'])
      await one.advance(1)
      expect(q.given).toEqual(['a', 'b', 'c'])
    })

    it('is not begun anew by a restart', async () => {
      const one = await open()
      const before = queue(one)
      for (const name of ['a', 'b']) void before.ask(name, two)
      await settled()
      expect(before.given).toEqual(['a', 'b'])
      const other = await one.restart()
      const after = queue(other)
      void after.ask('c', two)
      await other.advance(999)
      expect(after.given).toEqual([])
      await other.advance(1)
      expect(after.given).toEqual(['c'])
    })

    it('holds for who waits for places too: what it draws counts from when it begins', async () => {
      const one = await open()
      const q = queue(one)
      const claims = [{ key: 'k', limit: 1, rate: { limit: 1, per: 1_000 } }]
      for (const name of ['a', 'b', 'c']) void q.ask(name, claims)
      await settled()
      await one.advance(600)
      await q.end('a')
      expect(q.given).toEqual(['a'])
      await one.advance(400)
      expect(q.given).toEqual(['a', 'b'])
      await q.end('b')
      await one.advance(999)
      expect(q.given).toEqual(['a', 'b'])
      await one.advance(1)
      expect(q.given).toEqual(['a', 'b', 'c'])
    })

    it('survives a clock that is set back: it waits for no more than one span', async () => {
      const one = await open()
      const q = queue(one)
      for (const name of ['a', 'b']) void q.ask(name, two)
      await settled()
      one.setClock(one.now() - 3_600_000)
      void q.ask('c', two)
      await one.advance(1_000)
      expect(q.given).toEqual(['a', 'b', 'c'])
    })
  })
}

function testOrder(open: OpenLimiter): void {
  const place = [{ key: 'k', limit: 1 }]
  const next = async (q: ReturnType<typeof queue>, times: number): Promise<readonly string[]> => {
    const from = q.given.length
    for (let i = 0; i < times; i++) await q.end(q.given.at(-1) as string)
    return q.given.slice(from)
  }
  describe('the order', () => {
    it('is that of arrival', async () => {
      const q = queue(await open())
      for (const name of ['a', 'b', 'c', 'd']) void q.ask(name, place)
      await settled()
      expect(await next(q, 3)).toEqual(['b', 'c', 'd'])
    })

    it('puts the higher priority first', async () => {
      const q = queue(await open())
      void q.ask('first', place)
      for (const [name, priority] of [
        ['low', -1],
        ['plain', 0],
        ['high', 5],
        ['high too', 5],
      ] as const)
        void q.ask(name, place, { priority })
      await settled()
      expect(await next(q, 4)).toEqual(['high', 'high too', 'plain', 'low'])
    })

    it('is fair between tenants: one that asks for much does not keep the others waiting', async () => {
      const q = queue(await open())
      for (let i = 0; i < 5; i++) void q.ask(`loud ${i}`, place, { tenant: 'loud' })
      for (let i = 0; i < 2; i++) void q.ask(`quiet ${i}`, place, { tenant: 'quiet' })
      await settled()
      expect(await next(q, 6)).toEqual(['quiet 0', 'loud 1', 'quiet 1', 'loud 2', 'loud 3', 'loud 4'])
    })

    it('gives a tenant of three times the weight three times as much', async () => {
      const q = queue(await open({ weight: (tenant) => (tenant === 'large' ? 3 : 1) }))
      void q.ask('first', place, { tenant: 'other' })
      for (let i = 0; i < 40; i++) for (const tenant of ['small', 'large']) void q.ask(tenant, place, { tenant })
      await settled()
      let current = q.leases.get('first') as Lease
      for (let i = 0; i < 40; i++) {
        const before = q.given.length
        current.release()
        await settled()
        expect(q.given.length).toBe(before + 1)
        current = q.leases.get(q.given.at(-1) as string) as Lease
      }
      const large = q.given.filter((name) => name === 'large').length
      expect(large).toBeGreaterThanOrEqual(28)
      expect(large).toBeLessThanOrEqual(32)
    })

    it('lets nobody save up: a tenant that was away begins where the others are', async () => {
      const q = queue(await open())
      for (let i = 0; i < 30; i++) void q.ask(`a ${i}`, place, { tenant: 'a' })
      await settled()
      await next(q, 20)
      for (let i = 0; i < 10; i++) void q.ask(`b ${i}`, place, { tenant: 'b' })
      const after = await next(q, 6)
      expect(after.filter((name) => name.startsWith('a')).length).toBeGreaterThanOrEqual(2)
    })

    it('weighs tokens, not requests', async () => {
      const one = await open()
      const q = queue(one)
      const tokens = (amount: number) => [{ key: 't', rate: { limit: 10, per: 1_000 }, amount }]
      void q.ask('first', tokens(10), { tenant: 'c' })
      for (let i = 0; i < 4; i++) void q.ask(`big ${i}`, tokens(6), { tenant: 'big' })
      for (let i = 0; i < 6; i++) void q.ask(`small ${i}`, tokens(2), { tenant: 'small' })
      for (let i = 0; i < 3; i++) await one.advance(1_000)
      expect(q.given.filter((name) => name.startsWith('small')).length).toBeGreaterThanOrEqual(5)
    })
  })
}

function testEnds(open: OpenLimiter): void {
  const place = [{ key: 'k', limit: 1 }]
  describe('who does not wait to the end', () => {
    it('frees its place in the queue', async () => {
      const q = queue(await open())
      const abort = new AbortController()
      void q.ask('a', place)
      const gone = q.ask('b', place, { signal: abort.signal })
      void q.ask('c', place)
      await settled()
      abort.abort(new Error('not any more'))
      await expect(gone).rejects.toThrow('not any more')
      await q.end('a')
      expect(q.given).toEqual(['a', 'b refused', 'c'])
    })

    it('gives back what it had of other keys', async () => {
      const q = queue(await open())
      const abort = new AbortController()
      void q.ask('y', [{ key: 'y', limit: 2, amount: 2 }])
      void q.ask(
        'both',
        [
          { key: 'x', limit: 1 },
          { key: 'y', limit: 2 },
        ],
        { signal: abort.signal },
      )
      void q.ask('x', [{ key: 'x', limit: 1 }])
      await settled()
      expect(q.given).toEqual(['y'])
      abort.abort(new Error('not any more'))
      await settled()
      expect(q.given).toEqual(['y', 'both refused', 'x'])
    })

    it('was told not to before it asked', async () => {
      const { limiter } = await open()
      const signal = AbortSignal.abort(new Error('too late'))
      await expect(limiter.acquire({ claims: place, signal })).rejects.toThrow('too late')
      await limiter.acquire({ claims: place })
    })

    it('is refused at its deadline', async () => {
      const one = await open()
      const q = queue(one)
      void q.ask('a', place)
      const late = q.ask('b', place, { deadline: one.now() + 500 })
      const refusal = expect(late).rejects.toEqual(refused('LIMIT_DEADLINE'))
      await one.advance(499)
      expect(q.given).toEqual(['a'])
      await one.advance(1)
      await refusal
      await expect(one.limiter.acquire({ claims: place, deadline: one.now() })).rejects.toEqual(
        refused('LIMIT_DEADLINE'),
      )
    })

    it('is refused at once when a rate says that it cannot begin in time', async () => {
      const one = await open()
      const rate = [{ key: 'r', rate: { limit: 1, per: 10_000 } }]
      await one.limiter.acquire({ claims: rate })
      const late = one.limiter.acquire({ claims: rate, deadline: one.now() + 5_000 })
      await expect(late).rejects.toEqual(refused('LIMIT_DEADLINE'))
      const q = queue(one)
      void q.ask('in time', rate, { deadline: one.now() + 20_000 })
      await one.advance(10_000)
      expect(q.given).toEqual(['in time'])
    })

    it('is told that the limiter closes', async () => {
      const { limiter } = await open()
      await limiter.acquire({ claims: place })
      const waiting = limiter.acquire({ claims: place })
      const closed = expect(waiting).rejects.toEqual(refused('APP_CLOSED'))
      limiter.close()
      await closed
      await expect(limiter.acquire({ claims: place })).rejects.toEqual(refused('APP_CLOSED'))
    })
  })

  it('says who holds what and how many wait', async () => {
    const one = await open()
    const q = queue(one)
    const claims = [{ key: 'k', limit: 1, rate: { limit: 5, per: 60_000 } }]
    for (const name of ['a', 'b', 'c']) void q.ask(name, claims)
    await one.advance(50)
    expect(one.limiter.limits()).toEqual([
      {
        key: 'k',
        limit: 1,
        held: 1,
        rate: { limit: 5, per: 60_000 },
        drawn: 1,
        waiting: 2,
        since: one.now() - 50,
        next: undefined,
      },
    ])
  })
}

type Act =
  | {
      readonly do: 'ask'
      readonly key: number
      readonly amount: number
      readonly tenant: string
      readonly deadline: number
    }
  | { readonly do: 'end' | 'abort'; readonly which: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'restart' }

const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      key: fc.integer({ min: 0, max: 3 }),
      amount: fc.integer({ min: 1, max: 3 }),
      tenant: fc.constantFrom('a', 'b', 'c'),
      deadline: fc.integer({ min: 0, max: 4_000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'abort' as const), which: fc.nat(50) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)

/** what is claimed: places, a rate, both, and two keys at once */
const claimsOf = (key: number, amount: number): readonly LimitClaim[] =>
  (
    [
      [{ key: 'places', limit: 4, amount }],
      [{ key: 'rate', rate: { limit: 5, per: 1_000 }, amount }],
      [{ key: 'both', limit: 3, rate: { limit: 6, per: 700 }, amount }],
      [
        { key: 'rate', rate: { limit: 5, per: 1_000 }, amount },
        { key: 'places', limit: 4 },
      ],
    ] as const
  )[key] as readonly LimitClaim[]

function testAlways(open: OpenLimiter): void {
  it('never lets more be held or begun than the limits say, through restarts too, and leaves nobody waiting for nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { minLength: 5, maxLength: 60 }), async (script) => {
        let one = await open()
        let held: { readonly claims: readonly LimitClaim[]; readonly lease: Lease }[] = []
        let waiting = new Set<AbortController>()
        const begun: { readonly key: string; readonly at: number; readonly amount: number }[] = []
        for (const act of script) {
          if (act.do === 'ask') {
            const abort = new AbortController()
            const claims = claimsOf(act.key, act.amount)
            const mine = waiting
            mine.add(abort)
            const deadline = act.deadline < 1_000 ? undefined : one.now() + act.deadline
            const { limiter } = one
            const asked = one
            limiter
              .acquire({ claims, tenant: act.tenant, signal: abort.signal, deadline })
              .then((lease) => {
                if (asked !== one) return
                held.push({ claims, lease })
                for (const { key, rate, amount = 1 } of claims)
                  if (rate !== undefined) begun.push({ key, at: one.now(), amount })
              })
              .catch(() => {})
              .finally(() => mine.delete(abort))
          } else if (act.do === 'end') held.splice(act.which % Math.max(held.length, 1), 1)[0]?.lease.release()
          else if (act.do === 'abort') [...waiting][act.which % Math.max(waiting.size, 1)]?.abort(new Error('gone'))
          else if (act.do === 'pass') await one.advance(act.ms)
          else {
            await settled()
            one = await one.restart()
            held = []
            waiting = new Set()
          }
          await settled()
          for (const [key, limit] of [
            ['places', 4],
            ['both', 3],
          ] as const) {
            const used = held
              .flatMap(({ claims }) => claims)
              .filter((claim) => claim.key === key && claim.limit !== undefined)
              .reduce((sum, { amount = 1 }) => sum + amount, 0)
            expect(used).toBeLessThanOrEqual(limit)
          }
        }
        for (const [key, limit, per] of [
          ['rate', 5, 1_000],
          ['both', 6, 700],
        ] as const) {
          const mine = begun.filter((one) => one.key === key)
          for (const { at } of mine) {
            const within = mine.filter((other) => other.at >= at && other.at < at + per)
            expect(within.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(limit)
          }
        }
        // with everything given back and time enough, everybody is served
        for (let i = 0; i < 100 && waiting.size > 0; i++) {
          for (const { lease } of held.splice(0)) lease.release()
          await one.advance(1_100)
        }
        expect(waiting.size).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
}
