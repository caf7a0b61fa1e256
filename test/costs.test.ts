import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { type CostDimension, connect, type Spent } from 'spanwise'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore, type Store } from '../packages/spanwise/src/journal/index.ts'
import { type CallRecord, readRecord } from '../packages/spanwise/src/models/index.ts'
import { writeCalls } from './support/calls.ts'

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-costs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return `sqlite:${join(folder, 'store.db')}`
}

const tokens = fc.option(fc.nat({ max: 1_000_000 }), { nil: undefined })
const money = fc.option(fc.bigInt({ min: 0n, max: 2n ** 40n }), { nil: undefined })
const record: fc.Arbitrary<CallRecord> = fc.record({
  kind: fc.constantFrom('text' as const, 'embedding' as const),
  alias: fc.constantFrom('fast', 'smart'),
  provider: fc.constantFrom('openai.responses', 'anthropic.messages', 'local.chat'),
  model: fc.constantFrom('gpt-5', 'gpt-5-mini', 'claude-haiku-4-5'),
  usage: fc.record({ input: tokens, cached: tokens, cacheWrite: tokens, output: tokens, reasoning: tokens }),
  cost: money,
  wasted: money,
  bound: money,
  ms: fc.nat({ max: 10_000 }),
  tries: fc.nat({ max: 5 }),
  failovers: fc.nat({ max: 3 }),
  unconfirmed: fc.constantFrom(true, undefined),
})
const call = fc.record({
  record,
  kind: fc.constantFrom(
    'model.call' as const,
    'model.attempt' as const,
    'model.result' as const,
    'model.error' as const,
  ),
  at: fc.integer({ min: Date.parse('2026-11-01'), max: Date.parse('2026-11-20') }),
  key: fc.constantFrom('model#0', 'each#0[k1]/ask#0', 'ask#3'),
})
const run = fc.record({
  workflow: fc.constantFrom('refund', 'triage'),
  tags: fc.subarray(['vip', 'eu']),
  calls: fc.array(call, { maxLength: 12 }),
})
const many = fc.array(run, { minLength: 20, maxLength: 40 })
const dimensions: readonly CostDimension[] = [
  'model',
  'provider',
  'alias',
  'kind',
  'workflow',
  'step',
  'run',
  'tags',
  'day',
  'hour',
  'release',
  'tenant',
  'answered',
  'prompt',
  'team',
  'subject',
]

const sums = [
  'calls',
  'failed',
  'requests',
  'cost',
  'wasted',
  'unpriced',
  'unconfirmed',
  'unconfirmedAtMost',
  'inputTokens',
  'cachedTokens',
  'outputTokens',
  'reasoningTokens',
] as const

describe('costs', () => {
  test('by any dimensions add up to exactly what the entries say', async () => {
    for (const [runs = []] of [fc.sample(many, 1), fc.sample(many, 1)]) {
      const store = file()
      const written = await writeCalls(store, runs)
      const truth = await fromEntries(store, written)
      await using app = await connected(store)
      const check = async (by: readonly CostDimension[]): Promise<void> => {
        const { rows, total } = await app.costs({ by })
        expect(total, `${by}`).toEqual(truth)
        for (const name of sums) {
          const zero = typeof total[name] === 'bigint' ? 0n : 0
          expect(
            rows.reduce((sum, row) => plus(sum, row[name]), zero),
            `${name} by ${by}`,
          ).toBe(total[name])
        }
        const keys = new Set(rows.map(({ key }) => JSON.stringify(by.map((each) => key[each] ?? null))))
        expect(keys.size).toBe(rows.length)
      }
      for (const one of dimensions) await check([one])
      await fc.assert(fc.asyncProperty(fc.subarray([...dimensions], { maxLength: 4 }), check), { numRuns: 20 })
    }
  })

  test('are told apart, from a date on, the dearest first', async () => {
    const store = file()
    const at = (text: string, cost: number, model: string, rest: Partial<CallRecord> = {}) => ({
      kind: 'model.result' as const,
      at: Date.parse(text),
      key: 'each#0[x]/ask#1',
      record: { ...base, model, cost: BigInt(cost), ...rest },
    })
    await writeCalls(store, [
      {
        workflow: 'refund',
        tags: ['vip', 'eu'],
        calls: [at('2026-11-01', 5, 'gpt-5'), at('2026-11-02', 7, 'gpt-5-mini')],
      },
      {
        workflow: 'triage',
        tags: [],
        calls: [at('2026-11-02T13:00Z', 100, 'gpt-5'), at('2026-11-03', 0, 'gpt-5', { cost: undefined })],
      },
    ])
    await using app = await connected(store)
    const by = async (...names: CostDimension[]) =>
      (await app.costs({ by: names, since: new Date('2026-11-02') })).rows.map((row) => [
        ...names.map((name) => row.key[name]),
        row.cost,
      ])
    expect(await by('model')).toEqual([
      ['gpt-5', 100n],
      ['gpt-5-mini', 7n],
    ])
    expect(await by('workflow', 'day')).toEqual([
      ['triage', '2026-11-02', 100n],
      ['refund', '2026-11-02', 7n],
      ['triage', '2026-11-03', 0n],
    ])
    expect(await by('tags')).toEqual([
      [undefined, 100n],
      ['eu, vip', 7n],
    ])
    expect(await by('step')).toEqual([['each/ask', 107n]])
    expect((await app.costs({ workflow: 'triage' })).total).toMatchObject({ calls: 2, cost: 100n, unpriced: 1 })
    expect((await app.costs({ until: new Date('2026-11-02') })).total).toMatchObject({ calls: 1, cost: 5n })
    await expect(app.costs({ by: ['colour' as never] })).rejects.toMatchObject({ code: 'COST_DIMENSION' })
  })
})

const base: CallRecord = {
  kind: 'text',
  alias: 'fast',
  provider: 'openai.responses',
  model: 'gpt-5',
  usage: { input: 10, cached: undefined, cacheWrite: undefined, output: 10, reasoning: undefined },
  cost: 0n,
  ms: 1,
  tries: 1,
  failovers: 0,
}

async function connected(store: string) {
  const app = await connect({ store })
  return { costs: app.costs, [Symbol.asyncDispose]: () => app.close() }
}

/** The same sums, folded from what each run's history says, read back as records. */
async function fromEntries(url: string, runs: readonly string[]): Promise<Spent> {
  const store: Store = await openStore(url)
  const sum: Record<string, number | bigint> = Object.fromEntries(
    sums.map((name) => [name, /cost|wasted|AtMost/i.test(name) ? 0n : 0]),
  )
  const add = (name: (typeof sums)[number], value: number | bigint): void => {
    sum[name] = plus(sum[name] as number | bigint, value)
  }
  for (const run of runs) {
    for (const { kind, meta } of await store.entries(run)) {
      const record = readRecord(meta)
      if (!record || kind === 'model.call') continue
      add('calls', kind === 'model.attempt' ? 0 : 1)
      add('failed', kind === 'model.error' ? 1 : 0)
      add('requests', record.tries)
      // of a lost call nobody knows it: the most that it can be stands beside the sums
      add('cost', record.unconfirmed ? 0n : (record.cost ?? 0n))
      add('wasted', record.wasted ?? 0n)
      add('unpriced', kind === 'model.result' && record.cost === undefined ? 1 : 0)
      add('unconfirmed', record.unconfirmed ? 1 : 0)
      add('unconfirmedAtMost', record.unconfirmed ? (record.bound ?? 0n) : 0n)
      add('inputTokens', record.usage.input ?? 0)
      add('cachedTokens', record.usage.cached ?? 0)
      add('outputTokens', record.usage.output ?? 0)
      add('reasoningTokens', record.usage.reasoning ?? 0)
    }
  }
  await store.close()
  return sum as unknown as Spent
}

function plus(a: number | bigint, b: number | bigint): number | bigint {
  return typeof a === 'bigint' ? a + BigInt(b) : a + Number(b)
}
