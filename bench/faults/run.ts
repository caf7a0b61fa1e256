import { fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { type ForkedProvider, forkProvider, recordedAnswers } from 'loopback-provider'
import { priceOf } from 'spanwise/models'
import { round } from '../measure.ts'
import { seeds } from './seeds.ts'
import type { Order, Played } from './world.ts'

// The volatile hour: tasks of one to five model calls, through an hour in which both providers have bad weather, once by a naive
// script and once through the gateway.
const { values } = parseArgs({
  options: {
    seed: { type: 'string', multiple: true },
    report: { type: 'boolean', default: false },
    'held-out': { type: 'boolean', default: false },
    tasks: { type: 'string', default: '300' },
    scale: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
})
const chosen =
  values.seed ?? (values['held-out'] ? seeds.heldOut : values.report ? seeds.report : seeds.dev.slice(0, 1))
const count = Number(values.tasks)
const scale = Number(values.scale)
if (!(count >= 1 && scale >= 1)) throw new Error('--tasks and --scale are 1 or more')
const providers = ['first', 'second'] as const
// what a model of that size does: half a second to the first token, some eighty tokens a second
const pace = { firstToken: 500, perChunk: 15 }

interface Hour extends Played {
  /** dollars that the providers bill */
  readonly cost: number
  readonly requests: number
}

async function play(mode: Order['mode'], seed: string, faults: boolean): Promise<Hour> {
  const servers = new Map<string, ForkedProvider>()
  for (const provider of providers) {
    const bad = faults ? { pace, timeScale: scale, trace: { seed, provider, providers } } : {}
    servers.set(provider, await forkProvider({ keep: false, ...bad }))
  }
  const order: Order = {
    mode,
    seed,
    tasks: count,
    faults,
    providers: Object.fromEntries([...servers].map(([name, { baseURL }]) => [name, baseURL])),
  }
  const child = fork(new URL('./world.ts', import.meta.url), [JSON.stringify(order)], {
    execArgv: ['--conditions=spanwise-source', '--import', new URL('./warp.ts', import.meta.url).href],
    env: {
      ...process.env,
      WARP_SCALE: String(faults ? scale : 1),
      WARP_ORIGIN: String(Date.now()),
      SPANWISE_LOG: 'silent',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const left = ended.then(([code]) => Promise.reject(new Error(`The ${mode} process ended with ${code}.`)))
  const [played] = (await Promise.race([once(child, 'message'), left])) as [Played]
  left.catch(() => {})
  await ended
  const totals = await Promise.all([...servers.values()].map((server) => server.totals()))
  await Promise.all([...servers.values()].map((server) => server.close()))
  const nano = totals.reduce((sum, total) => sum + costOf(total.inputTokens, total.outputTokens), 0n)
  return { ...played, cost: Number(nano) / 1e9, requests: totals.reduce((sum, { calls }) => sum + calls, 0) }
}

function costOf(input: number, output: number): bigint {
  const usage = { input, output, cached: undefined, cacheWrite: undefined, reasoning: undefined }
  const { cost } = priceOf({ provider: 'openai', model: 'gpt-5-mini', at: Date.now(), usage })
  if (cost === undefined) throw new Error('the list has no price for gpt-5-mini')
  return cost
}

interface Row {
  readonly seed: string
  readonly calm: Hour
  readonly naive: Hour
  readonly ours: Hour
}

const rows: Row[] = []
for (const seed of chosen) {
  const calm = await play('naive', seed, false)
  if (calm.failed > 0)
    throw new Error(`${calm.failed} tasks failed with nothing wrong: ${JSON.stringify(calm.reasons)}`)
  const naive = await play('naive', seed, true)
  const ours = await play('ours', seed, true)
  rows.push({ seed, calm, naive, ours })
}

const sum = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0)
const tasks = sum(({ calm }) => calm.tasks)
const result = {
  seeds: chosen,
  tasks,
  naiveFailureRate: round(sum(({ naive }) => naive.failed) / tasks, 4),
  failureRate: round(sum(({ ours }) => ours.failed) / tasks, 4),
  costRatio: round(sum(({ ours }) => ours.cost) / sum(({ calm }) => calm.cost), 4),
  naiveCostRatio: round(sum(({ naive }) => naive.cost) / sum(({ calm }) => calm.cost), 4),
  answers: recordedAnswers().source,
  hours: rows.map(({ seed, calm, naive, ours }) => ({ seed, calm, naive, ours })),
}
if (values.json) console.log(JSON.stringify(result))
else {
  console.log(`the volatile hour, ${count} tasks, time ${scale} times as fast; ${result.answers}`)
  for (const { seed, calm, naive, ours } of rows) {
    const part = ({ failed, tasks, cost, requests }: Hour): string =>
      `${round((failed / tasks) * 100)} % failed, ${requests} requests, ${round(cost / calm.cost, 3)} of the cost`
    console.log(
      `  ${seed}\n    nothing wrong   ${part(calm)}\n    naive           ${part(naive)}\n    gateway         ${part(ours)}`,
    )
    for (const [reason, times] of Object.entries(ours.reasons)) console.log(`      ${times} × ${reason}`)
  }
  console.log(
    `naive ${round(result.naiveFailureRate * 100)} % of tasks failed; gateway ${round(result.failureRate * 100)} %, at ${result.costRatio} of the cost without faults`,
  )
}
