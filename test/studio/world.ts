import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { type Browser, chromium } from 'playwright-core'
import {
  type App,
  approval,
  child,
  each,
  parallel,
  type SpanwiseOptions,
  signal,
  sleep,
  spanwise,
  step,
  workflow,
} from 'spanwise'
import { agent } from 'spanwise/agent'
import { graph } from 'spanwise/graph'
import { budget, gateway } from 'spanwise/models'
import { type Listening, listen, type ServeOptions } from 'spanwise/server'
import { build } from 'vite'
import { z } from 'zod'

export const provider = await startProvider({ pace: { perChunk: 1 } })
const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'any' })
const models = gateway({
  models: { fast: { candidates: [openai('gpt-5-mini'), openai('gpt-4.1-mini')], maxOutputTokens: 200 } },
  budgets: [
    budget('all', { limit: '$2', per: 'day' }),
    budget('workflow:refund', { limit: '$0.005', per: 'month' }),
    budget('workflow', { limit: '1M tokens', per: 'day', onExceed: 'wait' }),
  ],
})

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** What is broken until somebody mends it. */
export const world = { isMended: false }

const fetchOrder = step('fetch-order', async (id: string) => ({ id, total: id.endsWith('9') ? 900 : 40 }))
const charge = step('charge', { attempts: 2, backoff: '10ms' }, async (order: { id: string }) => {
  if (!world.isMended) throw Object.assign(new Error(`no card on file for ${order.id}`), { code: 'CARD_MISSING' })
  return { charged: order.id }
})
const score = step('score', async (n: number) => n * n)

export const refund = workflow(
  'refund',
  {
    input: z.object({
      orderId: z.string().describe('as the shop names it'),
      reason: z.enum(['broken', 'late', 'other']).default('other'),
    }),
    output: z.object({ verdict: z.string(), approvedBy: z.string().optional() }),
  },
  async ({ orderId, reason }) => {
    const order = await fetchOrder(orderId)
    const { text } = await generateText({ model: models('fast'), prompt: `Refund ${orderId}, ${reason}?` })
    if (order.total < 500) return { verdict: text }
    const { by } = await approval('Refund over $500?', { role: 'finance', of: order, timeout: '2d' })
    return { verdict: text, approvedBy: by }
  },
)
export const order = workflow('order', { input: z.object({ id: z.string() }) }, async ({ id }) =>
  charge(await fetchOrder(id)),
)
const go = signal<number>('go')
export const patient = workflow('patient', async () => {
  await sleep('20ms')
  return go.wait()
})
export const crowd = workflow('crowd', async (n: number) => {
  const items = Array.from({ length: n }, (_, i) => i)
  const scores = await each(items, { key: String, concurrency: 8 }, score)
  const { a } = await parallel({ a: () => score(3), b: () => score(4) })
  return { sum: scores.reduce((sum: number, one) => sum + one, a), of: await child(echo, { text: 'done' }) }
})
export const echo = workflow('echo', { input: z.object({ text: z.string() }) }, async ({ text }) => ({ text }))

const Case = z.object({
  question: z.string(),
  kind: z.string().default(''),
  answers: z.array(z.string()).default([]),
})
export const reply = signal<string>('reply')
/** A graph that asks itself until it is content; questions about money wait for somebody. */
export const support = graph('support', {
  input: z.object({ question: z.string() }),
  state: Case,
  reducers: { answers: 'append' },
})
  .node('classify', ({ question }) => ({ kind: question.includes('money') ? 'money' : 'simple' }))
  .node('answer', ({ answers }) => ({ answers: [`draft ${answers.length + 1}`] }))
  .node('review', () => ({}))
  .wait('human', reply, { output: (text) => ({ answers: [text] }) })
  .edge('start', 'classify')
  .route('classify', ({ kind }) => kind, { simple: 'answer', money: 'human' })
  .edge('answer', 'review')
  .route('review', ({ answers }) => (answers.length < 3 ? 'again' : 'good'), { again: 'answer', good: 'end' })
  .edge('human', 'end')
export const clerk = agent('clerk', {
  model: models('fast'),
  description: 'answers letters of customers',
  tools: {
    look: step('look', { input: z.object({ id: z.string() }), description: 'an order by its id' }, ({ id }) =>
      fetchOrder(id),
    ),
  },
  budget: '$0.05',
  maxTurns: 6,
})

export const hearing = workflow('hearing', async () => {
  const { by, form } = await approval('Which parcel, and how often?', {
    of: { customer: 'o-3' },
    form: z.object({
      parcel: z.string().min(2).describe('as the label has it'),
      times: z.int().min(1).max(9),
      until: z.iso.date().optional(),
      insured: z.boolean(),
      speed: z.enum(['slow', 'fast']),
      notes: z.array(z.string()).default([]),
      address: z.object({ street: z.string(), zip: z.string().nullable().optional() }),
    }),
  })
  return { by, form }
})

const workflows = [refund, order, patient, crowd, echo, support, clerk, hearing]

/** Where a browser is on this machine. */
function browserPath(): string {
  const found = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const path = found.find((one) => one !== undefined && existsSync(one))
  if (path !== undefined) return path
  throw new Error('There is no Chromium: install the package "chromium", or name a browser in CHROMIUM.')
}

export function openBrowser(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  return chromium.launch({
    executablePath: browserPath(),
    args: [...args, '--disable-component-update', '--disable-sync'],
  })
}

/** The studio, built from what it is now. */
export async function buildStudio(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'spanwise-studio-'))
  await build({ root: 'studio', configFile: 'studio/vite.config.ts', logLevel: 'error', build: { outDir } })
  return outDir
}

export interface Site extends AsyncDisposable {
  readonly app: App
  readonly url: string
  /** The server goes away, and comes back where it was. */
  restart(): Promise<void>
}

interface Opening {
  readonly app?: Partial<SpanwiseOptions>
  readonly server?: ServeOptions
  readonly port?: number
}

/** An app on a file, with its server and the studio on it. */
export async function openSite(
  studio: string,
  { app: options = {}, server = {}, port = 0 }: Opening = {},
): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), 'spanwise-site-'))
  const app = await spanwise({
    store: `sqlite:${join(dir, 'site.db')}`,
    workflows,
    models,
    audit: false,
    log: quiet,
    ...options,
  })
  let listening: Listening = await listen(app, { ...server, port, studio })
  return {
    app,
    url: listening.url,
    async restart() {
      await listening.close()
      listening = await listen(app, { ...server, port: listening.port, studio })
    },
    async [Symbol.asyncDispose]() {
      await listening.close()
      await app.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Runs of each kind: done, waiting for a person, stuck on the same failure, waiting for a signal, wide. */
export async function fill({ app }: Site): Promise<void> {
  const starts = [
    ...Array.from({ length: 6 }, (_, i) =>
      app.start(refund, { orderId: `o-1${i}`, reason: 'late' }, { tags: ['shop'] }),
    ),
    app.start(refund, { orderId: 'o-19', reason: 'broken' }, { id: 'big-refund', tags: ['shop', 'vip'] }),
    ...Array.from({ length: 5 }, (_, i) => app.start(order, { id: `k-${i}` })),
    app.start(refund, { orderId: 'o-28', reason: 'late' }, { subject: 'customer-7' }),
    app.start(support, { question: 'where is it?' }),
    app.start(support, { question: 'where is my money?' }, { id: 'asks-for-money', subject: 'customer-7' }),
    app.start(patient),
    app.start(crowd, 40),
  ]
  const runs = await Promise.all(starts as Promise<{ status(): Promise<{ status: string }> }>[])
  for (const run of runs) {
    const isBusy = async (): Promise<boolean> => ['queued', 'running'].includes((await run.status()).status)
    while (await isBusy()) await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
