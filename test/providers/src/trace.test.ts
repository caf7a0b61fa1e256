import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { expect, test } from 'vitest'
import { forkProvider, volatileHour } from './index.ts'

const providers = ['a', 'b']

test('the same seed gives the same hour, another seed another one', () => {
  const faults = (seed: string): unknown[] => {
    const hour = volatileHour(seed, providers)
    return [hour.episodes, Array.from({ length: 500 }, (_, n) => hour.fault('a', n * 7200, n))]
  }
  expect(faults('one')).toEqual(faults('one'))
  expect(faults('one')).not.toEqual(faults('two'))
})

test('every hour has two minutes in which all are down, and no longer', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { episodes } = volatileHour(String(seed), providers)
    const outages = episodes.filter(({ kind }) => kind === 'outage')
    expect(outages.map(({ provider, from, to }) => [provider, to - from])).toEqual([
      ['a', 120_000],
      ['b', 120_000],
    ])
    expect(new Set(outages.map(({ from }) => from)).size).toBe(1)
  }
})

test('a server in a process of its own plays the hour, and counts', async () => {
  const trace = { seed: 'a', provider: 'a', providers }
  const { from } = volatileHour('a', providers).episodes.find(({ kind }) => kind === 'outage')!
  expect(volatileHour('a', providers).fault('a', from, 0)).toEqual({ kind: 'reset', after: 0 })
  await using server = await forkProvider({ trace, timeScale: 1 })
  const model = createOpenAI({ baseURL: server.baseURL, apiKey: 'k' })('gpt-5')
  await generateText({ model, prompt: 'hello' }).catch(() => {})
  expect((await server.totals()).calls).toBeGreaterThan(0)
})
