import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'spanwise'
import { expect, it, onTestFinished } from 'vitest'
import type { CallRecord } from '../packages/spanwise/src/models/index.ts'
import { writeCalls } from './support/calls.ts'

const day = 86_400_000
const now = Date.parse('2026-11-20T12:00:00Z')

function call(at: number, record: Partial<CallRecord>, kind: 'model.result' | 'model.error' = 'model.result') {
  const known: CallRecord = {
    kind: 'text',
    alias: 'fast',
    provider: 'openai.responses',
    model: 'gpt-5-mini',
    usage: { input: 1, cached: undefined, cacheWrite: undefined, output: 1, reasoning: undefined },
    cost: 5n,
    ms: 100,
    tries: 1,
    failovers: 0,
  }
  return { kind, at, key: 'model#0', record: { ...known, ...record } }
}

it('tells what each candidate did: its share, times that calls took, its price, and who answered under its name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-use-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = `sqlite:${join(folder, 'one.db')}`
  const mini = (at: number, ms: number, answered: string) => call(at, { ms, answered })
  const [first, second] = await writeCalls(store, [
    {
      workflow: 'refund',
      calls: [
        // before the period: it is not who answered first in it
        mini(now - 9 * day, 5, 'gpt-5-mini-old'),
        ...Array.from({ length: 19 }, (_, i) => mini(now - 3 * day + i, 100 + i, 'gpt-5-mini-2026-08')),
        call(now - 2 * day, {}, 'model.error'),
      ],
    },
    {
      workflow: 'triage',
      calls: [
        mini(now - day, 900, 'gpt-5-mini-2026-11'),
        call(now - day, {
          model: 'gpt-4.1-mini',
          failovers: 1,
          cost: undefined,
          price: { source: 'override', input: 0.4, output: 1.6 },
        }),
      ],
    },
  ])
  await using app = await connect({ store, clock: { now: () => now, at: () => () => {} } as never })
  const [use, other, ...rest] = await app.modelUse()
  expect(rest).toEqual([])
  expect(use).toMatchObject({ alias: 'fast', model: 'gpt-5-mini', calls: 21, failed: 1, cost: 105n })
  expect(use).toMatchObject({ p50: 109, p95: 118, price: undefined, unpriced: 0 })
  expect(use?.share).toBeCloseTo(21 / 22)
  expect(use?.identities.map(({ answered, calls, run }) => [answered, calls, run])).toEqual([
    ['gpt-5-mini-2026-08', 19, first],
    ['gpt-5-mini-2026-11', 1, second],
  ])
  expect(other).toMatchObject({ calls: 1, failovers: 1, unpriced: 1, cost: 0n, identities: [] })
  expect(other?.price).toEqual({ source: 'override', input: 0.4, output: 1.6 })
  expect((await app.modelUse({ workflow: 'triage' })).map(({ calls }) => calls)).toEqual([1, 1])
  expect((await app.modelUse({ period: '10d' }))[0]?.identities[0]?.answered).toBe('gpt-5-mini-old')
})
