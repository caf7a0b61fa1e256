import { expect, test } from 'vitest'
import { logicalCalls } from './calls.ts'
import type { EndLine, Outcome } from './line.ts'
import type { Recorded } from './read.ts'
import { compareLines, dollars, reportLines } from './report.ts'
import { summarize } from './summary.ts'

const start = Date.parse('2026-11-01')
let n = 0

function request(at: number, hash: string, outcome: Outcome, end: Partial<EndLine> = {}, run = 'r1'): Recorded {
  return {
    process: { t: 'process', v: 1, run, pid: 1, at: start, script: 'app.js' },
    begin: {
      t: 'begin',
      n: n++,
      at: start + at,
      provider: 'openai',
      host: 'api.openai.com',
      path: '/v1/responses',
      site: 'app.js:1:1',
    },
    end: { t: 'end', n, ms: 100, outcome, model: 'gpt-5-mini', hash, ...end },
  }
}
const usage = { input: 1000, output: 1000 }

test('a request that repeats one that failed is a retry; one that repeats an answer is a call that could be saved', () => {
  const calls = logicalCalls([
    request(0, 'a', 'refused', { status: 429 }),
    request(2000, 'a', 'error', { code: 'ECONNRESET' }),
    request(6000, 'a', 'ok', { status: 200, usage }),
    request(9000, 'a', 'ok', { status: 200, usage }),
    request(9000, 'b', 'refused', { status: 400 }),
    request(9000 + 6 * 60_000, 'b', 'ok', { status: 200, usage }),
  ])
  expect(calls.map(({ outcome, requests, ms, repeats, cost }) => [outcome, requests, ms, repeats, cost])).toEqual([
    ['ok', 3, 6100, false, 2_250_000n],
    ['ok', 1, 100, true, 2_250_000n],
    ['gave up', 1, 100, false, 0n],
    ['ok', 1, 100, false, 2_250_000n],
  ])
})

test('two programs that ask the same at the same time do not retry each other', () => {
  const calls = logicalCalls([
    request(0, 'a', 'refused', { status: 500 }, 'r1'),
    request(200, 'a', 'ok', { usage }, 'r2'),
  ])
  expect(calls.map(({ requests }) => requests)).toEqual([1, 1])
})

test('what broke off, was left or has no price is of unknown cost, and every sum says so', () => {
  const calls = logicalCalls([
    request(0, 'a', 'broken', { status: 200, code: 'TRUNCATED' }),
    request(1, 'b', 'left', { status: 200 }),
    request(2, 'c', 'ok', { status: 200, usage, model: 'nobody-knows' }),
    { ...request(3, 'd', 'ok'), end: undefined },
  ])
  expect(calls.map(({ cost, outcome }) => [cost, outcome])).toEqual([
    [undefined, 'gave up'],
    [undefined, 'left'],
    [undefined, 'ok'],
    [undefined, 'lost'],
  ])
  const summary = summarize(calls)
  expect(summary).toMatchObject({
    calls: 4,
    unpriced: 4,
    cost: 0n,
    costPerCall: undefined,
    successRate: 0.5,
    left: 1,
    lost: 1,
  })
  expect(reportLines(summary).join('\n')).toContain('not known')
})

test('shares and failures add up to the whole', () => {
  const calls = logicalCalls(
    Array.from({ length: 200 }, (_, at) =>
      request(at * 1000, `h${at % 150}`, at % 10 ? 'ok' : 'refused', {
        status: at % 10 ? 200 : 503,
        usage,
        model: at % 3 ? 'gpt-5' : 'gpt-5-mini',
        ms: at,
      }),
    ),
  )
  const summary = summarize(calls)
  expect(summary.models.reduce((sum, { cost }) => sum + cost, 0n)).toBe(summary.cost)
  expect(summary.sites.reduce((sum, share) => sum + share.calls, 0)).toBe(summary.calls)
  expect(summary.ok + summary.gaveUp).toBe(summary.calls)
})

test('a comparison says what changed, and money keeps its digits', () => {
  const before = summarize(logicalCalls([request(0, 'a', 'ok', { usage }), request(1, 'b', 'ok', { usage })]))
  const after = summarize(logicalCalls([request(0, 'a', 'ok', { usage, ms: 50 })]))
  const text = compareLines(before, after).join('\n')
  expect(text).toMatch(/cost\s+\$0\.004500\s+\$0\.002250\s+-50 %/)
  expect(text).toMatch(/time p50\s+100 ms\s+50 ms\s+-50 %/)
  expect([0n, 1n, 123_456n, 1_234_567_890n, 1_234_567_890_123n].map(dollars)).toEqual([
    '$0',
    '$0.000000001',
    '$0.0001235',
    '$1.235',
    '$1234.57',
  ])
})
