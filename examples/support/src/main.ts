import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { spanwise } from 'spanwise'
import { picture, visitsOf } from 'spanwise/graph'
import { gateway } from 'spanwise/models'
import { offlineModel } from './offline.ts'
import { ordersInMemory } from './orders.ts'
import { supportDesk } from './support.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' },
    model: { type: 'string', default: 'gpt-5-mini' },
    store: { type: 'string', default: 'support.db' },
    id: { type: 'string' },
    yes: { type: 'boolean', default: false },
  },
})
const text = positionals[0] ?? 'The espresso machine of order A-42 came broken. I want my money back.'

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
const support = supportDesk(models('smart'), ordersInMemory())

await using app = await spanwise({ store: `sqlite:${values.store}`, workflows: [support] })
const run = await app.start(support, { text }, values.id === undefined ? {} : { id: values.id })
void decide()
const { answer, decision } = await run.result()
console.log(`\n${answer}${decision === undefined ? '' : ` (${decision})`}\n`)
console.log(picture(support, 'text', await visitsOf(run.events(), support)))
const { total } = await app.costs({ workflow: 'support' })
console.log(`${total.calls} model calls so far in this store, $${(Number(total.cost) / 1e9).toFixed(4)}`)
await server?.close()

/** Asks in this terminal; `spanwise approvals` and the inbox of the server would do as well. */
async function decide(): Promise<void> {
  for await (const { kind } of run.events({ follow: true })) {
    if (kind !== 'approval.requested') continue
    const { items } = await app.approvals({})
    const open = items.find((one) => one.run === run.id)
    if (open === undefined) continue
    const yes = values.yes || (await ask(open.question))
    await app.decide(open.id, { approve: yes, by: 'you' })
  }
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const said = await terminal.question(`${question} [y/N] `)
  terminal.close()
  return /^y/i.test(said)
}
