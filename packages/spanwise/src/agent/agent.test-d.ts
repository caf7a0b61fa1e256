import { type LanguageModel, tool } from 'ai'
import { z } from 'zod'
import { step, workflow } from '../workflow/index.ts'
import { type Agent, agent } from './index.ts'

declare const model: LanguageModel
const Report = z.object({ title: z.string(), score: z.string().transform(Number) })
const search = tool({ inputSchema: z.object({ query: z.string() }), execute: ({ query }) => query.length })
const refund = step('refund', { input: z.object({ order: z.string() }) }, async ({ order }) => order)

// without schemas: a text in, a text out
const plain = agent('plain', { model })
const text: Promise<string> = plain('hello')
// @ts-expect-error a question is a text
plain(7)

// an output is what its schema makes of it
const reporter = agent('reporter', { model, output: Report, tools: { search, refund, plain } })
const report: Promise<{ title: string; score: number }> = reporter('now')

// a typed input is what callers pass; its prompt sees what the schema makes of it
const typed = agent('typed', {
  model,
  input: z.object({ day: z.string().transform((day) => new Date(day)) }),
  prompt: ({ day }) => day.toISOString(),
})
void typed({ day: '2026-01-01' })
// @ts-expect-error
void typed({ day: new Date() })

// options are for tools that there are
agent('named', { model, tools: { search }, toolOptions: { search: { result: 'trusted' } } })
// @ts-expect-error there is no tool of that name
agent('misnamed', { model, tools: { search }, toolOptions: { browse: { result: 'trusted' } } })

// it goes where a workflow goes
const nested: Agent<string, { title: string; score: number }> = reporter
workflow('uses', async () => (await nested('x')).score.toFixed())
void [text, report]
