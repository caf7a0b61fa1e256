// Runs AGENTS agents of TURNS turns against PROVIDER in STORE, until it is killed or through; says then how its event loop did.
import { createOpenAI } from '@ai-sdk/openai'
import { spanwise, step } from 'spanwise'
import { agent } from 'spanwise/agent'
import { gateway } from 'spanwise/models'
import { z } from 'zod'
import { watchStretches } from './stretches.ts'

const { AGENTS, TURNS, PROVIDER, STORE } = process.env as Record<string, string>
const openai = createOpenAI({ baseURL: PROVIDER as string, apiKey: 'k' })
const models = gateway({ models: { fast: { candidates: [{ model: openai.chat('gpt-5-mini'), concurrency: 64 }] } } })
const look = step('look', { input: z.object({ n: z.number() }) }, async ({ n }) => `seen ${n}`)
const walker = agent('walker', { model: models('fast'), tools: { look }, maxTurns: Number(TURNS) + 1 })

const nothing = () => {}
const app = await spanwise({
  store: `sqlite:${STORE}`,
  workflows: [walker],
  log: { debug: nothing, info: nothing, warn: nothing, error: console.error },
  // it is killed on purpose, again and again
  quarantineAfter: false,
})
const runs = await Promise.all(
  Array.from({ length: Number(AGENTS) }, (_, n) => app.start(walker, `agent ${n}`, { id: `agent-${n}` })),
)
process.stdout.write('ready\n')
// what counts is how it does at work, not while modules are compiled
const stretches = watchStretches()
const say = () => process.stdout.write(`stretches ${JSON.stringify(stretches.read())}\n`)
await Promise.all(runs.map((run) => run.result()))
stretches.stop()
say()
await app.close()
process.stdout.write('through\n')
