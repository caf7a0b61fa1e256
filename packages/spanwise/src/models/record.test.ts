import { expect, test } from 'vitest'
import { type CallRecord, readRecord, toMeta } from './record.ts'

const record: CallRecord = {
  kind: 'text',
  alias: 'fast',
  provider: 'openai.responses',
  model: 'gpt-5-mini',
  answered: 'gpt-5-mini-2025-08-07',
  fingerprint: 'fp_1',
  usage: { input: 1_000, cached: 200, cacheWrite: undefined, output: 300, reasoning: 120 },
  cost: 805_000n,
  price: { source: 'override', input: 0.25, cached: 0.025, output: 2 },
  bound: 4_000_000n,
  wasted: 12_000n,
  ms: 812.5,
  firstMs: 201,
  tries: 2,
  failovers: 1,
  streamed: true,
  prompt: { id: 'triage', version: '3', hash: 'abc' },
  unconfirmed: undefined,
}

test('a record comes back from meta as it went in, cost in whole nano-dollars', () => {
  expect(readRecord(toMeta(record))).toEqual(record)
})

test('an unknown cost stays unknown, and is not 0', () => {
  const meta = toMeta({ ...record, cost: undefined })
  expect(meta).not.toHaveProperty('cost')
  expect(readRecord(meta)?.cost).toBeUndefined()
})

test('meta of other entries is no record', () => {
  expect(readRecord({ ms: 3, class: 'timeout' })).toBeUndefined()
})
