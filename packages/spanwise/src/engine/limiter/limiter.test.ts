import { expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import { type LimiterUnderTest, testLimiter } from './limiter.testsuite.ts'
import { createLimiter } from './limiter.ts'
import type { KeptRate, RateMark } from './port.ts'

class ManualClock implements Clock {
  time = 1_000_000
  readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  now(): number {
    return this.time
  }

  at(at: number, callback: () => void): () => void {
    const timer = { at, callback }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  after(ms: number, callback: () => void): () => void {
    return this.at(this.time + ms, callback)
  }

  async advance(ms: number): Promise<void> {
    const target = this.time + ms
    for (;;) {
      await turns()
      const [next] = [...this.timers].filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.time = Math.max(this.time, next.at)
      this.timers.delete(next)
      next.callback()
    }
    this.time = target
    await turns()
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
}

function underTest(
  clock: ManualClock,
  disk: Map<string, readonly RateMark[]>,
  weight?: (tenant: string) => number,
): LimiterUnderTest {
  const memory = {
    recall: (key: string) => disk.get(key),
    keep: async (rates: readonly KeptRate[]) => {
      await new Promise((resolve) => setImmediate(resolve))
      for (const { key, marks } of rates) disk.set(key, marks)
    },
  }
  const limiter = createLimiter({ clock, memory, weight })
  return {
    limiter,
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    setClock: (at) => {
      clock.time = at
    },
    restart: async () => {
      limiter.close()
      return underTest(clock, new Map(disk), weight)
    },
  }
}

testLimiter('the limiter of one process', async ({ weight } = {}) => underTest(new ManualClock(), new Map(), weight))

it('begins nothing whose draw could not be written, and tries again', async () => {
  const clock = new ManualClock()
  let fails = true
  const errors: string[] = []
  const limiter = createLimiter({
    clock,
    log: { error: (message) => errors.push(message) },
    memory: {
      recall: () => undefined,
      keep: async () => {
        if (fails) throw new Error('the disk is full')
      },
    },
  })
  let begun = false
  void limiter.acquire({ claims: [{ key: 'r', rate: { limit: 1, per: 1_000 } }] }).then(() => {
    begun = true
  })
  await clock.advance(500)
  expect(begun).toBe(false)
  expect(errors).toHaveLength(1)
  fails = false
  await clock.advance(500)
  expect(begun).toBe(true)
})

it('counts what could not be written from when it could: nobody begins beside it', async () => {
  const clock = new ManualClock()
  let fails = true
  const limiter = createLimiter({
    clock,
    log: { error: () => {} },
    memory: {
      recall: () => undefined,
      keep: async () => {
        if (fails) throw new Error('the disk is full')
      },
    },
  })
  const begun: number[] = []
  const draw = () =>
    void limiter
      .acquire({ claims: [{ key: 'r', rate: { limit: 1, per: 100 } }] })
      .then(() => begun.push(clock.now() - start))
  const start = clock.now()
  draw()
  await clock.advance(500)
  draw()
  fails = false
  for (let i = 0; i < 100; i++) await clock.advance(10)
  expect(begun).toEqual([1_000, 1_100])
})

it('sets one timer, however many wait', async () => {
  const clock = new ManualClock()
  const limiter = createLimiter({ clock })
  for (let i = 0; i < 1_000; i++) {
    const claims = [{ key: `k${i % 50}`, rate: { limit: 1, per: 60_000 } }]
    void limiter.acquire({ claims, deadline: clock.now() + 50_000_000 + i })
  }
  await turns()
  expect(clock.timers.size).toBe(1)
  expect(limiter.limits().reduce((sum, { waiting }) => sum + waiting, 0)).toBe(950)
})

it('forgets keys that nobody uses', async () => {
  const clock = new ManualClock()
  const limiter = createLimiter({ clock })
  for (let i = 0; i < 5_000; i++) {
    const lease = await limiter.acquire({ claims: [{ key: `k${i}`, limit: 1, rate: { limit: 1, per: 10 } }] })
    lease.release()
    clock.time += 5
  }
  expect(limiter.limits().length).toBeLessThan(1_100)
})

it('remembers the rates of an earlier process in the terms of the new claim', async () => {
  const clock = new ManualClock()
  const marks = [{ at: clock.now() - 500, amount: 3 }]
  const limiter = createLimiter({ clock, memory: { recall: () => marks, keep: async () => {} } })
  let begun = false
  void limiter.acquire({ claims: [{ key: 'r', rate: { limit: 3, per: 2_000 } }] }).then(() => {
    begun = true
  })
  await clock.advance(1_499)
  expect(begun).toBe(false)
  await clock.advance(1)
  expect(begun).toBe(true)
})
