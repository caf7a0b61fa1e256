import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { spanwise, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'

// A process that asks a model once and says which events it was told of.
const [store = '', baseURL = ''] = process.argv.slice(2)
const events: unknown[] = []
const models = gateway({
  models: { fast: createOpenAI({ baseURL, apiKey: 'k' })('gpt-5-mini') },
  onEvent: (event) => events.push(event),
})
const asks = workflow('asks', async () => (await generateText({ model: models('fast'), prompt: 'now?' })).text)
const app = await spanwise({ store: `sqlite:${store}`, workflows: [asks], models })
await app.run(asks, undefined)
const [state] = (await app.models()) ?? []
await app.close()
console.log(JSON.stringify({ events, state }))
