import { parseArgs } from 'node:util'
import { spanwise } from 'spanwise'
import { mails } from './mails.ts'
import { modelsAt } from './models.ts'
import { report } from './report.ts'
import { badDay } from './servers.ts'
import { inboxOf } from './workflow.ts'

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    model: { type: 'string', default: 'llama3.2' },
    key: { type: 'string' },
    store: { type: 'string', default: 'inbox.db' },
    id: { type: 'string' },
  },
})

// offline, a bad day of two providers on this machine; with --url, any server that speaks OpenAI's API
const day = values.url === undefined ? await badDay() : undefined
const where = day ?? { url: values.url ?? '', model: values.model, key: values.key }
const happened = new Map<string, number>()
const models = modelsAt(where, (event) => {
  const what =
    event.type === 'failed'
      ? `${event.provider.split('.')[0]}: ${event.failure}`
      : event.type === 'budget'
        ? `budget: ${event.state}`
        : event.type
  happened.set(what, (happened.get(what) ?? 0) + 1)
})
const inbox = inboxOf(models)
const app = await spanwise({ store: `sqlite:${values.store}`, workflows: [inbox], models })
try {
  // the same id is the same run: killed in the middle and started again, it goes on and pays for no answer twice
  const run = await app.start(inbox, mails, { id: values.id ?? new Date().toISOString() })
  const answers = await run.result()
  const costs = await app.costs({ by: ['alias', 'model'] })
  const prompts = await app.costs({ by: ['prompt'] })
  console.log(report({ mails, answers, costs, prompts, happened, requests: day?.requests() }))
} finally {
  await app.close()
  await day?.close()
}
