import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { catalogueSource } from './catalogue.ts'
import { boundOf, costOf } from './cost.ts'
import { highestCost, type Priced, priceOf, prices } from './price.ts'
import type { PriceUsed, Usage } from './record.ts'

const at = Date.parse('2026-11-01T12:00:00Z')
const usage = (input: number, output: number, rest: Partial<Usage> = {}): Usage => ({
  input,
  output,
  cached: undefined,
  cacheWrite: undefined,
  reasoning: undefined,
  ...rest,
})
const call = (provider: string, model: string, rest: Partial<Priced> = {}): Priced => ({ provider, model, at, ...rest })

describe('the list', () => {
  test('prices a call of a known provider by the name that the AI SDK gives it', () => {
    const { cost, price } = priceOf({ ...call('openai.responses', 'gpt-5-mini'), usage: usage(1_000_000, 1000) })
    expect(price).toMatchObject({ source: catalogueSource, input: 0.25, output: 2 })
    expect(cost).toBe(252_000_000n)
  })

  test('counts cached and written prompt tokens at their own rates, inside the prompt', () => {
    const parts = { cached: 700, cacheWrite: 200 }
    const { cost } = priceOf({ ...call('anthropic.messages', 'claude-haiku-4-5'), usage: usage(1000, 10, parts) })
    expect(cost).toBe(100n * 1000n + 700n * 100n + 200n * 1250n + 10n * 5000n)
  })

  test('a snapshot costs what its model does; another model that answered costs its own', () => {
    const find = (answered: string) => prices().find(call('openai.chat', 'gpt-5', { answered }))
    expect(find('gpt-5-2031-01-01')).toEqual(prices().find(call('openai.chat', 'gpt-5')))
    expect(find('gpt-5-mini')).toEqual(prices().find(call('openai.chat', 'gpt-5-mini')))
    expect(find('somebody-else')).toBeUndefined()
  })

  test('a long prompt costs more a token where the model says so', () => {
    const short = prices().find(call('google.generative-ai', 'gemini-2.5-pro', { input: 200_000 }))
    const long = prices().find(call('google.generative-ai', 'gemini-2.5-pro', { input: 200_001 }))
    expect([short?.input, long?.input]).toEqual([1.25, 2.5])
  })

  test('prices have dates: a call is priced by its own time', () => {
    const old = prices().find({ ...call('openai', 'o3'), at: Date.parse('2025-06-01') })
    const now = prices().find(call('openai', 'o3'))
    expect(old?.input).toBeGreaterThan(now?.input ?? Number.POSITIVE_INFINITY)
    expect(now?.since).toBe('2025-06-10')
  })

  test('what nobody has a price for is unknown, and so is the cost of what was not counted', () => {
    expect(priceOf({ ...call('openai', 'gpt-nobody'), usage: usage(10, 10) })).toEqual({
      cost: undefined,
      price: undefined,
    })
    expect(prices().find(call('local.chat', 'gpt-5'))).toBeUndefined()
    expect(priceOf({ ...call('openai', 'gpt-5'), usage: usage(10, 10, { output: undefined }) }).cost).toBeUndefined()
  })

  test('embeddings have a price without an output', () => {
    expect(priceOf({ ...call('openai.embedding', 'text-embedding-3-small'), usage: usage(1_000_000, 0) }).cost).toBe(
      20_000_000n,
    )
  })

  test('is the edition that the package depends on', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(catalogueSource).toBe(`genai-prices ${manifest.dependencies['@pydantic/genai-prices']}`)
  })
})

describe('prices of one’s own', () => {
  test('come before the list, from their date on', () => {
    const list = prices({
      overrides: [
        { model: 'gpt-5*', provider: 'openai', since: '2026-10-01', input: 1, output: 8 },
        { model: 'gpt-5*', provider: 'openai', since: '2026-12-01', input: 9, output: 9 },
      ],
    })
    expect(list.find(call('openai.responses', 'gpt-5'))).toMatchObject({
      source: 'override',
      input: 1,
      since: '2026-10-01',
    })
    expect(list.find({ ...call('openai.responses', 'gpt-5'), at: Date.parse('2026-09-30') })?.source).toBe(
      catalogueSource,
    )
    expect(list.find(call('openai-compatible.chat', 'gpt-5'))).toBeUndefined()
  })

  test('price what no list has; the list can be left out', () => {
    const list = prices({ list: false, overrides: [{ model: 'llama', input: 0, output: 0 }] })
    expect(priceOf({ ...call('local.chat', 'llama'), usage: usage(100, 100) }, list).cost).toBe(0n)
    expect(list.find(call('openai', 'gpt-5'))).toBeUndefined()
  })

  test('that cannot be meant are refused', () => {
    for (const wrong of [{ input: -1 }, { input: Number.NaN }, { input: 1, since: 'soon' }, {}]) {
      expect(() => prices({ overrides: [{ model: 'x', ...wrong }] })).toThrow(
        expect.objectContaining({ code: 'PRICE_INVALID' }),
      )
    }
  })
})

test('an unknown price goes through, warns once, or refuses, as one likes', () => {
  const nobody = call('local.chat', 'nobody')
  expect(prices().expect(nobody)).toBeUndefined()
  const lines: string[] = []
  const warning = prices({ unknown: 'warn' }, (line) => lines.push(line))
  warning.expect(nobody)
  warning.expect(nobody)
  expect(lines).toEqual([expect.stringContaining('local.chat nobody')])
  expect(() => prices({ unknown: 'refuse' }).expect(nobody)).toThrow(expect.objectContaining({ code: 'UNKNOWN_PRICE' }))
  expect(prices({ unknown: 'refuse' }).expect(call('openai', 'gpt-5'))?.input).toBe(1.25)
})

const rate = fc.option(
  fc.integer({ min: 0, max: 200_000_000 }).map((micro) => micro / 1e6),
  { nil: undefined },
)
const price: fc.Arbitrary<PriceUsed> = fc.record({
  source: fc.constant('test'),
  input: rate.map((each) => each ?? 1),
  cached: rate,
  cacheWrite: rate,
  output: rate.map((each) => each ?? 1),
  reasoning: rate,
  request: rate,
})
const tokens = fc.nat({ max: 2_000_000 })

test('no call costs more than its bound, however its tokens are split', () => {
  fc.assert(
    fc.property(price, tokens, tokens, tokens, tokens, tokens, (used, plain, cached, cacheWrite, output, thought) => {
      const input = plain + cached + cacheWrite
      const reasoning = Math.min(thought, output)
      const cost = costOf({ input, cached, cacheWrite, output, reasoning }, used)
      const bound = boundOf(used, input, output)
      expect(cost).toBeDefined()
      expect((cost ?? 0n) <= (bound ?? -1n)).toBe(true)
    }),
  )
})

test('the bound of a call comes from its prompt and its cap', () => {
  expect(highestCost({ ...call('openai', 'gpt-5', { input: 1000 }), maxOutput: 100 })).toBe(2_250_000n)
  expect(highestCost({ ...call('openai', 'gpt-5'), maxOutput: 100 })).toBeUndefined()
  expect(highestCost({ ...call('local', 'x', { input: 1 }), maxOutput: 100 })).toBeUndefined()
})
