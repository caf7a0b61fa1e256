import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { CallRecord } from '../../packages/spanwise/src/models/index.ts'
import { writeCalls } from '../support/calls.ts'
import { type Project, project } from './project.ts'

const call = (
  day: string,
  model: string,
  input: number,
  output: number,
  cost: bigint | undefined,
  provider = 'openai.responses',
) => {
  const record: CallRecord = {
    kind: 'text',
    alias: 'fast',
    provider,
    model: model.replace(/-2025.*/, ''),
    answered: model,
    usage: { input, output, cached: undefined, cacheWrite: undefined, reasoning: undefined },
    cost,
    ms: 10,
    tries: 1,
    failovers: 0,
  }
  return { kind: 'model.result' as const, at: Date.parse(`${day}T12:00Z`), key: 'model#0', record }
}

async function shop(files: Record<string, string> = {}): Promise<Project> {
  const made = project(files)
  await writeCalls(`sqlite:${join(made.folder, 'store.db')}`, [
    {
      workflow: 'refund',
      calls: [
        call('2026-11-01', 'gpt-5-mini-2025-08-07', 1000, 100, 450_000n),
        call('2026-11-02', 'gpt-5-mini-2025-08-07', 2000, 200, 900_000n),
      ],
    },
    {
      workflow: 'a "quoted", one',
      calls: [
        call('2026-11-02', 'gpt-5', 1000, 1000, 11_250_000n),
        call('2026-11-02', 'nobody', 5, 5, undefined, 'local.chat'),
      ],
    },
  ])
  return made
}
const store = ['--store', 'sqlite:store.db'] as const

test('costs is a table with bars, CSV with exact dollars, or JSON', async () => {
  const { cli } = await shop()
  const shown = await cli('costs', '--by', 'model,workflow', ...store)
  expect(shown.code, shown.err).toBe(0)
  expect(shown.out).toMatch(/gpt-5 +a "quoted", one +1 +1000 +1000 +\$0\.01125 +████████████/)
  expect(shown.out).toMatch(/gpt-5-mini +refund +2 +3000 +300 +\$0\.001350 +█▌/)
  expect(shown.out).toMatch(/nobody .* \?/)
  expect(shown.out).toContain('$0.01260 for 4 calls, 4 requests\n  without 1 call of unknown cost')
  const csv = (await cli('costs', '--by', 'workflow,day', '--csv', ...store)).out.trimEnd().split('\n')
  expect(csv[0]).toBe(
    'workflow,day,calls,failed,requests,inputTokens,cachedTokens,outputTokens,reasoningTokens,unpriced,unconfirmed,cost,wasted,unconfirmedAtMost',
  )
  expect(csv[1]).toBe('"a ""quoted"", one",2026-11-02,2,0,2,1005,0,1005,0,1,0,0.011250000,0.000000000,0.000000000')
  const { rows, total } = JSON.parse((await cli('costs', '--json', '--since', '2026-11-02', ...store)).out)
  expect(rows.map((row: { key: { model: string }; cost: string }) => [row.key.model, row.cost])).toEqual([
    ['gpt-5', '11250000'],
    ['gpt-5-mini', '900000'],
    ['nobody', '0'],
  ])
  expect(total).toMatchObject({ calls: 3, cost: '12150000', unpriced: 1 })
  const wrong = await cli('costs', '--by', 'colour', ...store)
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('They can by model, provider')])
})

const exports = {
  'usage.csv': `start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,input_tokens,output_tokens,input_cached_tokens
1793491200,1793577600,2026-11-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,p,1,,,gpt-5-mini-2025-08-07,False,1000,100,0
1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,p,1,,,gpt-5-mini-2025-08-07,False,2000,200,0
1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,p,1,,,gpt-5,False,1000,1000,0
`,
  'costs.csv': `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,project_id
1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,0.0005,usd,,,"gpt-5-mini-2025-08-07, input",p
1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,0.0004,usd,,,"gpt-5-mini-2025-08-07, output",p
1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,0.0225,usd,,,"gpt-5-2025-08-07, output",p
1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,1,usd,,,storage,p
`,
  'anthropic.csv': `usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count
2026-11-02,claude-haiku-4-5-20251001,k,Default,standard,≤ 200k,10,20,30,40,50,0
`,
  'strange.csv': 'a,b\n1,2\n',
} as const

test('costs reconcile compares with what a provider exports, and says what is off', async () => {
  const { cli } = await shop(exports)
  const same = await cli('costs', 'reconcile', 'usage.csv', ...store)
  expect([same.code, same.err]).toEqual([
    0,
    expect.stringContaining('OpenAI usage: 3 days and models, 0 off by more than 1 %'),
  ])
  expect(same.out).toMatch(/2026-11-02 +gpt-5-mini +2000 \/ 200 +2000 \/ 200/)

  const off = await cli('costs', 'reconcile', 'costs.csv', ...store)
  expect(off.code).toBe(1)
  expect(off.out).toMatch(/gpt-5 +\$0\.02250 +\$0\.01125 +-50\.0 %/)
  expect(off.err).toContain('2 days and models, 1 off by more than 1 %; 1 lines are about something else and left out')

  const missing = await cli('costs', 'reconcile', 'anthropic.csv', '--json', ...store)
  expect(missing.code).toBe(1)
  expect(JSON.parse(missing.out)).toMatchObject({
    format: 'Anthropic usage',
    rows: [{ model: 'claude-haiku-4-5', invoice: { input: 100, output: 50 }, journal: { input: 0 }, off: -1 }],
  })

  const strange = await cli('costs', 'reconcile', 'strange.csv', ...store)
  expect([strange.code, strange.err]).toEqual([
    1,
    expect.stringContaining('has the columns a, b, which are of no known export'),
  ])
})

const lost = (day: string, model: string, bound: bigint) => ({
  kind: 'model.attempt' as const,
  at: Date.parse(`${day}T12:00Z`),
  key: 'model#1',
  record: { ...call(day, model, 0, 0, bound).record, bound, unconfirmed: true },
})

test('lost calls are listed, and said to have cost something or nothing', { timeout: 180_000 }, async () => {
  const made = project({})
  await writeCalls(`sqlite:${join(made.folder, 'store.db')}`, [
    { workflow: 'one', calls: [lost('2026-11-01', 'gpt-5', 5_000_000n), lost('2026-11-02', 'gpt-5-mini', 1_000_000n)] },
  ])
  const { cli } = made
  const shown = await cli('costs', 'unconfirmed', ...store)
  expect(shown.code, shown.err).toBe(0)
  expect(shown.out).toMatch(/one +gpt-5 +\$0\.005000/)
  const { calls } = JSON.parse((await cli('costs', 'unconfirmed', '--json', ...store)).out)
  const [first, second] = calls as { run: string; index: number }[]
  const run = first?.run ?? ''
  const both = await cli('costs', 'confirm', run, '--cost', '0.001', ...store)
  expect(both).toMatchObject({ code: 2, err: expect.stringContaining('--entry') })
  expect(await cli('costs', 'confirm', run, '--entry', `${first?.index}`, '--cost', '1e3', ...store)).toMatchObject({
    code: 2,
  })
  const confirmed = await cli('costs', 'confirm', run, '--entry', `${first?.index}`, '--cost', '0.0012', ...store)
  expect(confirmed.out).toContain('1 call: charged $0.001200')
  expect((await cli('costs', 'void', run, ...store)).out).toContain('1 call: not charged')
  expect(second?.index).not.toBe(first?.index)
  expect((await cli('costs', 'unconfirmed', ...store)).err).toContain('no calls are unconfirmed')
  const total = JSON.parse((await cli('costs', '--json', ...store)).out).total
  expect(total).toMatchObject({ cost: '1200000', unconfirmed: 0 })
  expect(await cli('costs', 'void', run, ...store)).toMatchObject({
    code: 2,
    err: expect.stringContaining('unconfirmed'),
  })
})

test('an invoice says which lost calls were charged: those that it has money for, and no others', async () => {
  const made = project({
    'costs.csv': [
      'start_time,start_time_iso,amount_value,amount_currency,line_item',
      '1793491200,2026-11-01T00:00:00+00:00,0.004,usd,"gpt-5-2025-08-07, output"',
      '1793577600,2026-11-02T00:00:00+00:00,0.001,usd,"gpt-5-mini-2025-08-07, output"',
      '1793664000,2026-11-03T00:00:00+00:00,9,usd,"gpt-5-2025-08-07, output"',
    ].join('\n'),
  })
  await writeCalls(`sqlite:${join(made.folder, 'store.db')}`, [
    {
      workflow: 'one',
      calls: [
        // a quarter is explained by the answer; the rest is of the two lost calls, one to two
        call('2026-11-01', 'gpt-5-2025-08-07', 100, 100, 1_000_000n),
        lost('2026-11-01', 'gpt-5', 2_000_000n),
        lost('2026-11-01', 'gpt-5', 4_000_000n),
        // all of it is explained
        call('2026-11-02', 'gpt-5-mini-2025-08-07', 100, 100, 1_000_000n),
        lost('2026-11-02', 'gpt-5-mini', 4_000_000n),
        // more than they can have cost: something else is wrong
        lost('2026-11-03', 'gpt-5', 4_000_000n),
      ],
    },
  ])
  const settled = await made.cli('costs', 'reconcile', 'costs.csv', '--settle', ...store)
  expect(settled.err).toContain('calls lost in crashes: 1 not charged, 2 charged what is missing, 1 left as they are')
  const rows = JSON.parse((await made.cli('costs', '--by', 'day', '--json', ...store)).out).rows
  const byDay = Object.fromEntries(
    (rows as { key: { day: string }; cost: string; unconfirmed: number }[]).map((one) => [one.key.day, one]),
  )
  expect(byDay['2026-11-01']).toMatchObject({ cost: '4000000', unconfirmed: 0 })
  expect(byDay['2026-11-02']).toMatchObject({ cost: '1000000', unconfirmed: 0 })
  expect(byDay['2026-11-03']).toMatchObject({ cost: '0', unconfirmed: 1 })
})
