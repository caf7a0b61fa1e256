// A script as people write them: whole answers, a stream, a failure that is retried, one that is not.
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'

const openai = createOpenAI({ baseURL: process.env.PROVIDER, apiKey: 'k' })

async function ask(prompt) {
  return (await generateText({ model: openai('gpt-5-mini'), prompt })).text
}

console.log(await ask('one'))
console.log(await ask('two'))
console.log(await ask('one'))
let text = ''
for await (const piece of streamText({ model: openai('gpt-5'), prompt: 'three' }).textStream) text += piece
console.log(text)
await ask('refused').catch((error) => console.log(error.name, error.statusCode))
