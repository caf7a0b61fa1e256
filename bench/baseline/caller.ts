import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'
import { alone } from '../measure.ts'

// A program that asks a model as often as it is told to. `run.ts` starts it with and without the recorder.
export interface Order {
  readonly kind: 'whole' | 'streamed'
  readonly calls: number
}

export interface Block {
  /** ms a call: the median of the clock, and processor time */
  readonly wall: number
  readonly cpu: number
}

const model = createOpenAI({ baseURL: process.argv[2] ?? '', apiKey: 'k' })('gpt-5-mini')
const prompt = (i: number): string => `How much is ${i}?`
const work = {
  whole: (i: number): Promise<unknown> => generateText({ model, prompt: prompt(i) }),
  streamed: async (i: number): Promise<void> => {
    for await (const _ of streamText({ model, prompt: prompt(i) }).textStream);
  },
}
process.on('message', async ({ kind, calls }: Order) => {
  const before = process.cpuUsage()
  const { p50 } = await alone(calls, 0, work[kind])
  const { user, system } = process.cpuUsage(before)
  process.send?.({ wall: p50, cpu: (user + system) / 1000 / calls } satisfies Block)
})
