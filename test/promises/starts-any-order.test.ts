import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Run, sleep, step, workflow } from '../../packages/spanwise/src/index.ts'
import { journal, testApp } from '../../packages/spanwise/src/testing/index.ts'

type Act =
  | { readonly do: 'start'; readonly key: 'a' | 'b' }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'crash' | 'restart' }
  | { readonly do: 'cancel'; readonly which: number }

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('start' as const), key: fc.constantFrom('a', 'b') }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 1_500 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(9) }) },
)
const script = fc.array(acts, { minLength: 5, maxLength: 40 })
const faults = fc.record({ crashAfter: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 2 }) })

it('debounced starts are each in one run, whatever happens, and windows end when they say', async () => {
  const [period, timeout] = [1_000, 3_000]
  const flow = workflow(
    'flow',
    { debounce: { key: ({ key }) => key, period, timeout } },
    async ({ n }: { key: string; n: number }) => {
      await sleep(200)
      return n
    },
  )
  await fc.assert(
    fc.asyncProperty(script, faults, async (script, faults) => {
      await using app = await testApp({ workflows: [flow], faults })
      const told: { readonly n: number; readonly key: string; readonly run: Run<number> }[] = []
      const cancelled = new Set<string>()
      for (const [n, act] of script.entries()) {
        if (act.do === 'start') told.push({ n, key: act.key, run: await app.start(flow, { key: act.key, n }) })
        else if (act.do === 'advance') await app.advance(act.ms)
        else if (act.do === 'cancel') {
          const one = told[act.which % Math.max(told.length, 1)]
          if (one === undefined) continue
          cancelled.add(one.run.id)
          await one.run.cancel('enough').catch(() => {})
        } else await app[act.do]()
      }
      await app.advance(timeout + 1_000)

      const runs = new Map(told.map(({ run }) => [run.id, run]))
      expect((await app.list({ limit: 100 })).items.map(({ id }) => id).sort()).toEqual([...runs.keys()].sort())
      for (const [id, run] of runs) {
        const mine = told.filter((one) => one.run.id === id)
        const starts = (await journal(run)).filter(({ kind }) => kind === 'run.started' || kind === 'run.debounced')
        expect(starts.map(({ payload }) => (payload as { input: { n: number } }).input.n)).toEqual(
          mine.map(({ n }) => n),
        )
        expect(new Set(mine.map(({ key }) => key)).size).toBe(1)
        // it was never left alone for a period, nor open for longer than its first start said
        const [first] = starts
        for (const [i, { at }] of starts.entries()) {
          if (i > 0) expect(at.getTime() - (starts[i - 1] as { at: Date }).at.getTime()).toBeLessThanOrEqual(period)
          expect(at.getTime() - (first as { at: Date }).at.getTime()).toBeLessThanOrEqual(timeout)
        }
        const { status } = await run.status()
        if (status === 'cancelled') expect(cancelled.has(id)).toBe(true)
        else expect(await run.result()).toBe(mine.at(-1)?.n)
      }
    }),
    { numRuns: 60 },
  )
})

it('throttled runs begin once each, in no span more than allowed, whatever happens', async () => {
  const [limit, period] = [2, 1_000]
  const begun: { readonly n: number; readonly at: number }[] = []
  let now = () => 0
  const note = step('note', (n: number) => {
    begun.push({ n, at: now() })
    return n
  })
  const flow = workflow('flow', { throttle: { limit, period } }, async (n: number) => {
    // nothing of it is recorded before: only the mark says that it has begun
    await sleep(100)
    return note(n)
  })
  await fc.assert(
    fc.asyncProperty(script, async (script) => {
      begun.length = 0
      await using app = await testApp({ workflows: [flow] })
      now = () => app.clock.now()
      const told = new Map<number, Run<number>>()
      const cancelled = new Set<number>()
      for (const [n, act] of script.entries()) {
        if (act.do === 'start') told.set(n, await app.start(flow, n))
        else if (act.do === 'advance') await app.advance(act.ms)
        else if (act.do === 'cancel') {
          const one = [...told][act.which % Math.max(told.size, 1)]
          if (one === undefined) continue
          cancelled.add(one[0])
          await one[1].cancel('enough').catch(() => {})
        } else await app[act.do]()
      }
      await app.advance(period * (told.size + 2))
      for (const [n, run] of told) {
        const { status } = await run.status()
        if (status !== 'cancelled') expect(await run.result()).toBe(n)
        else expect(cancelled.has(n)).toBe(true)
        const marks = (await journal(run)).filter(({ kind, meta }) => kind === 'note' && meta['throttle'] === true)
        expect(marks.length).toBe(status === 'cancelled' ? marks.length : 1)
        expect(marks.length).toBeLessThanOrEqual(1)
      }
      for (const { at } of begun)
        expect(begun.filter((other) => other.at >= at && other.at < at + period).length).toBeLessThanOrEqual(limit)
    }),
    { numRuns: 60 },
  )
})
