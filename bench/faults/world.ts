import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, type LanguageModel } from 'ai'
import { volatileHour } from 'loopback-provider'
import { spanwise, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { isAnswer, type Task, tasksOf } from './tasks.ts'

/** What the process that plays the hour is told. */
export interface Order {
  readonly mode: 'naive' | 'ours'
  readonly seed: string
  readonly tasks: number
  /** base URL by provider, in order of preference */
  readonly providers: Readonly<Record<string, string>>
  /** without it nothing goes wrong, and nobody waits for a task's time */
  readonly faults: boolean
}

export interface Played {
  readonly tasks: number
  readonly failed: number
  /** what the failures said, by how often */
  readonly reasons: Readonly<Record<string, number>>
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order
const names = Object.keys(order.providers)
const hour = volatileHour(order.seed, names)
const start = performance.now()
const now = (): number => performance.now() - start

/** The same model at two providers, at the same price: what is paid for more than once is waste, not a dearer model. */
const models = names.map((name, n): LanguageModel & object => {
  const { host } = new URL(order.providers[name] ?? '')
  const openai = createOpenAI({
    baseURL: order.providers[name] ?? '',
    apiKey: 'k',
    fetch: (input, init) => {
      const lost = order.faults && hour.unresolvable(name, now())
      return fetch(lost ? String(input).replace(host, 'provider.invalid') : input, init)
    },
  })
  return n === 0 ? openai.responses('gpt-5-mini') : openai.chat('gpt-5-mini')
})

const reasons: Record<string, number> = {}
let failed = 0

/** Asks all of a task, and says whether each answer is whole. */
async function ask(model: LanguageModel, prompts: readonly string[]): Promise<boolean> {
  let whole = true
  for (const prompt of prompts) {
    const { text } = await generateText({ model, prompt })
    whole &&= isAnswer(prompt, text)
  }
  return whole
}

async function attempt(task: Task, run: (task: Task) => Promise<boolean>): Promise<void> {
  if (order.faults) await wait(Math.max(0, task.at - now()))
  try {
    if (!(await run(task))) throw new Error('an answer is not whole')
  } catch (error) {
    failed++
    const last = (error as { lastError?: Error }).lastError ?? (error as Error)
    const reason = `${last.name}: ${last.message}`.slice(0, 100)
    reasons[reason] = (reasons[reason] ?? 0) + 1
  }
}

const tasks = tasksOf(order.seed, order.tasks)
if (order.mode === 'naive') {
  // a script as it is written first: one provider, the AI SDK's own two retries
  const [first] = models
  if (!first) throw new Error('no provider')
  await Promise.all(tasks.map((task) => attempt(task, ({ prompts }) => ask(first, prompts))))
} else {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-faults-'))
  const gate = gateway({ models: { fast: models as never } })
  const flow = workflow('task', async (prompts: readonly string[]) => ask(gate('fast'), prompts))
  const app = await spanwise({ store: `sqlite:${join(folder, 'store.db')}`, workflows: [flow], models: gate })
  await Promise.all(tasks.map((task) => attempt(task, ({ id, prompts }) => app.run(flow, prompts, { id }))))
  await app.close()
  rmSync(folder, { recursive: true, force: true })
}
process.send?.({ tasks: tasks.length, failed, reasons } satisfies Played)
