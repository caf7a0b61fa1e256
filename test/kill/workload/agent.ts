// Runs an agent with tools in the folder KILL_FOLDER against the provider KILL_PROVIDER, until it is killed or through.
import { join } from 'node:path'
import { createOpenAI } from '@ai-sdk/openai'
import { isStepCount, ToolLoopAgent, tool } from 'ai'
import { spanwise, step, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { z } from 'zod'

const openai = createOpenAI({ baseURL: process.env['KILL_PROVIDER'] as string, apiKey: 'sk-any' })
const models = gateway({ models: { fast: [openai('gpt-5-mini')] } })
const look = step('look', async (what: string) => `${what}: 7`)
const note = step('note', async (text: string) => text.length)

const agent = workflow('agent', async (n: number) => {
  const loop = new ToolLoopAgent({
    model: models('fast'),
    stopWhen: isStepCount(10),
    tools: { look: tool({ inputSchema: z.object({ what: z.string() }), execute: ({ what }) => look(what) }) },
  })
  const { text, steps } = await loop.generate({ prompt: `Look four times, for ${n}.` })
  await note(text)
  return steps.length
})

await using app = await spanwise({
  store: `sqlite:${join(process.env['KILL_FOLDER'] as string, 'store.db')}`,
  workflows: [agent],
})
process.stdout.write('ready\n')
const runs = await Promise.all(Array.from({ length: 12 }, (_, n) => app.start(agent, n, { id: `agent-${n}` })))
const steps = await Promise.all(runs.map((run) => run.result()))
process.stdout.write(`through ${JSON.stringify(steps)}\n`)
