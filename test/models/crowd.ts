import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { workflow } from 'spanwise'
import { budget, gateway } from 'spanwise/models'
import { journal, openMemoryStore, testApp } from 'spanwise/testing'

export interface Crowd {
  /** nano-dollars */
  readonly limit: number
  /** what the entries say that was spent, lost calls in full */
  readonly spent: number
  /** as the store has it */
  readonly used: number
  /** what the server billed, by the tokens that it counted */
  readonly billed: number
  readonly answered: number
  readonly refused: number
  readonly unconfirmed: number
  /** what the lost ones are charged */
  readonly lost: number
}

const price = { input: 10, output: 100 }

/** So many runs at once, each with one call, against a budget that is too small for all of them, in a process that dies a few times. */
export async function crowd(seed: number, calls = 1_000): Promise<Crowd> {
  const random = dice(seed)
  let tokens = 0
  await using provider = await startProvider({
    keep: false,
    respond: () => ({ text: 'word '.repeat(1 + (tokens++ % 40)) }),
  })
  const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'sk-any' })
  const dollars = 1 + Math.floor(random() * 3)
  const models = gateway({
    models: { smart: { candidates: [openai('big')], maxOutputTokens: 100 } },
    prices: { overrides: [{ model: 'big', ...price }] },
    budgets: [budget('workflow:asking', { limit: `$${dollars}`, per: 'day' })],
  })
  const flow = workflow('asking', async (n: number) => {
    try {
      return (await generateText({ model: models('smart'), prompt: `say something ${n}` })).response.modelId
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  })
  const moments = () => Array.from({ length: 2 }, () => 1 + Math.floor(random() * 100))
  const store = openMemoryStore()
  await using app = await testApp({
    workflows: [flow],
    store,
    faults: { crashAfter: moments(), crashBefore: moments() },
  })
  const runs = await Promise.all(Array.from({ length: calls }, (_, n) => app.start(flow, n)))
  const outcomes = await Promise.all(runs.map((run) => run.result()))
  let spent = 0
  let unconfirmed = 0
  let lost = 0
  for (const run of runs)
    for (const { kind, meta } of await journal(run)) {
      if (kind !== 'model.result' && kind !== 'model.error' && kind !== 'model.attempt') continue
      spent += Number(meta['cost'] ?? 0) + Number(meta['wasted'] ?? 0)
      if (meta['unconfirmed'] !== true) continue
      unconfirmed++
      lost += Number(meta['cost'])
    }
  const { total } = await app.costs()
  const window = new Date(runs.length === 0 ? 0 : app.clock.now()).setUTCHours(0, 0, 0, 0)
  const account = `workflow:${store.info.token('tag', 'workflow\0asking')} money per day`
  const [used = 0n] = await store.used([{ budget: account, window }])
  if (total.unconfirmed !== unconfirmed) throw new Error('costs and entries count other calls')
  const { inputTokens, outputTokens } = provider.ledger
  return {
    limit: dollars * 1e9,
    spent,
    used: Number(used),
    billed: (inputTokens * price.input + outputTokens * price.output) * 1_000,
    answered: outcomes.filter((one) => one === 'big').length,
    refused: outcomes.filter((one) => one === 'BUDGET_EXCEEDED').length,
    unconfirmed,
    lost,
  }
}

/** What is wrong with it; nothing where all holds. */
export function faultsOf({ limit, spent, used, billed, answered, refused, lost }: Crowd, calls = 1_000): string[] {
  return [
    ...(spent > limit ? [`${spent} spent of ${limit}`] : []),
    ...(billed > limit ? [`${billed} billed of ${limit}`] : []),
    ...(billed > spent ? [`${billed} billed, and the entries know of ${spent}`] : []),
    ...(used !== spent ? [`the store has ${used} as used, and the entries say ${spent}`] : []),
    ...(answered + refused !== calls ? [`${calls - answered - refused} calls neither answered nor refused`] : []),
    ...(refused === 0 ? ['nobody was refused: the budget was not tried'] : []),
    // a crash costs at most what was under way
    ...(spent - lost > billed ? [`${spent - lost} are charged for answers, and ${billed} was billed`] : []),
  ]
}

function dice(seed: number): () => number {
  let state = (seed * 2_654_435_761) % 2_147_483_647 || 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
