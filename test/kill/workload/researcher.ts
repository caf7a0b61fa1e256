// Runs agents in the folder KILL_FOLDER against the provider KILL_PROVIDER, until it is killed or through. Each effect is a line.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOpenAI } from '@ai-sdk/openai'
import { spanwise, step } from 'spanwise'
import { agent } from 'spanwise/agent'
import { gateway } from 'spanwise/models'
import { z } from 'zod'

const folder = process.env['KILL_FOLDER'] as string
const openai = createOpenAI({ baseURL: process.env['KILL_PROVIDER'] as string, apiKey: 'sk-any' })
const models = gateway({ models: { fast: [openai.chat('gpt-5-mini')] } })
const look = step('look', { input: z.object({ what: z.string() }) }, async ({ what }, { idempotencyKey }) => {
  appendFileSync(join(folder, 'effects'), `${idempotencyKey}\n`)
  return `${what}: ${idempotencyKey}`
})
const researcher = agent('researcher', { model: models('fast'), tools: { look }, maxTurns: 40 })

await using app = await spanwise({ store: `sqlite:${join(folder, 'store.db')}`, workflows: [researcher] })
process.stdout.write('ready\n')
const runs = await Promise.all(
  Array.from({ length: 12 }, (_, n) => app.start(researcher, `Look, ${n}.`, { id: `researcher-${n}` })),
)
process.stdout.write(`through ${JSON.stringify(await Promise.all(runs.map((run) => run.result())))}\n`)
