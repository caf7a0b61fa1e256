import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'
import { alone } from '../measure.ts'

// A program that asks a model, again and again. `run.ts` starts it with and without the recorder.
const [url = '', count = '0'] = process.argv.slice(2)
const model = createOpenAI({ baseURL: url, apiKey: 'k' })('gpt-5-mini')
const ask = (i: number): Promise<unknown> => generateText({ model, prompt: `How much is ${i}?` })
const stream = async (i: number): Promise<void> => {
  for await (const _ of streamText({ model, prompt: `How much is ${i}?` }).textStream);
}
const warm = 200
const whole = await alone(Number(count), warm, ask)
const before = process.cpuUsage()
await alone(Number(count), 0, (i) => ask(i + 1e6))
const { user, system } = process.cpuUsage(before)
const streamed = await alone(Math.ceil(Number(count) / 2), warm, stream)
process.send?.({ whole: whole.p50, streamed: streamed.p50, cpu: (user + system) / 1000 / Number(count) })
