import { parseArgs } from 'node:util'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { spanwise } from 'spanwise'
import { trail } from 'spanwise/agent'
import { gateway } from 'spanwise/models'
import { offlineModel } from './offline.ts'
import { picture } from './picture.ts'
import { researchTeam } from './team.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' },
    model: { type: 'string', default: 'gpt-5-mini' },
    store: { type: 'string', default: 'research.db' },
    id: { type: 'string' },
  },
})
const question = positionals[0] ?? 'What do people write about linux, spam filters and music?'

const server = values.url === undefined ? await offlineModel() : undefined
const provider = createOpenAICompatible({
  name: 'any',
  baseURL: values.url ?? (server?.baseURL as string),
  apiKey: process.env['API_KEY'] ?? 'none',
  supportsStructuredOutputs: true,
  includeUsage: true,
})
// a price of one's own, where a server has none: what it would cost elsewhere
const prices = { overrides: [{ model: values.model, input: 0.25, output: 2 }] }
const models = gateway({ models: { smart: provider(values.model) }, prices })

const research = researchTeam(models('smart'))
await using app = await spanwise({ store: `sqlite:${values.store}`, workflows: [research] })
const run = await app.start(research, { question }, values.id === undefined ? {} : { id: values.id })
const report = await run.result()
console.log(`${question}\n\n${report.answer}`)
for (const { topic, what } of report.findings) console.log(`  ${topic}: ${what}`)
console.log(`\n${picture(await trail(run.events()), process.stdout.columns ?? 80)}`)
await server?.close()
