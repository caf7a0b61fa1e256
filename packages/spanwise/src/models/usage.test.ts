import { expect, test } from 'vitest'
import { embeddingUsage, usageOf } from './usage.ts'

test('tokens are taken over as they were counted, and a count that is none is not known', () => {
  const inputTokens = { total: 10, noCache: 6, cacheRead: 4, cacheWrite: undefined }
  expect(usageOf({ inputTokens, outputTokens: { total: Number.NaN, text: undefined, reasoning: -1 } })).toEqual({
    input: 10,
    cached: 4,
    cacheWrite: undefined,
    output: undefined,
    reasoning: undefined,
  })
  expect(usageOf(undefined).input).toBeUndefined()
})

test('an embedding generates nothing', () => {
  expect(embeddingUsage({ tokens: 7 })).toMatchObject({ input: 7, output: 0 })
})
