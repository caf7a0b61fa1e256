import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, type LanguageModel, streamText } from 'ai'
import { forkProvider, recordedAnswers } from 'loopback-provider'
import { spanwise, workflow } from 'spanwise'
import { budget, gateway } from 'spanwise/models'
import { atOnce, quantile, round } from '../measure.ts'
import { openRaw } from '../raw.ts'

// What a call costs through the gateway, in a run, with a durable record and a budget, against the bare AI SDK: the same calls on
// the same server in a process of its own, in turns.
const quick = process.argv.includes('--quick')
const [turns, calls, total] = quick ? [2, 50, 256] : [5, 400, 2560]

await using server = await forkProvider({ keep: false })
const model = createOpenAI({ baseURL: server.baseURL, apiKey: 'k' })('gpt-5-mini')
const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-bench-'))
const gate = gateway({
  models: { fast: model },
  budgets: [budget('all', { limit: '$1000', per: 'day' })],
})
const { questions, source } = recordedAnswers()
const byLength = questions.toSorted((a, b) => a.weak.text.length - b.weak.text.length)
const prompts = { short: byLength[0]?.prompt ?? '', long: byLength.at(-1)?.prompt ?? '' }

const prompt = (n: number): string => `How much is ${n}?`

/** ms of each of so many calls, one after the other */
async function whole(of: LanguageModel, from: number, count: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const start = performance.now()
    await generateText({ model: of, prompt: prompt(from + n) })
    times.push(performance.now() - start)
  }
  return times
}

/** µs of this thread: on a busy machine a clock measures the others */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(before)
  return user + system
}

/** so many streams, read to their end */
async function stream(of: LanguageModel, which: keyof typeof prompts, from: number, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    for await (const _ of streamText({ model: of, prompt: `${from + n}\n${prompts[which]}` }).textStream);
  }
}

/** µs of this thread that a chunk more costs: what long streams take more than short ones, by the chunks that they have more */
async function perChunk(
  streams: (which: keyof typeof prompts, from: number, count: number) => Promise<unknown>,
  count: number,
): Promise<number> {
  const short = await cpuOf(() => streams('short', fresh(count), count))
  const long = await cpuOf(() => streams('long', fresh(count), count))
  return (long - short) / count / moreChunks
}

async function chunksOf(which: keyof typeof prompts): Promise<number> {
  let chunks = 0
  for await (const _ of streamText({ model, prompt: prompts[which] }).textStream) chunks++
  return chunks
}

let next = 0
function fresh(count: number): number {
  next += count
  return next - count
}
const moreChunks = (await chunksOf('long')) - (await chunksOf('short'))

const sequence = workflow('sequence', ({ from, count }: { from: number; count: number }) =>
  whole(gate('fast'), from, count),
)
const single = workflow(
  'single',
  async (n: number) => (await generateText({ model: gate('fast'), prompt: prompt(n) })).text,
)
const streams = workflow(
  'streams',
  ({ which, from, count }: { which: keyof typeof prompts; from: number; count: number }) =>
    stream(gate('fast'), which, from, count),
)
const app = await spanwise({
  store: `sqlite:${join(folder, 'store.db')}`,
  workflows: [sequence, single, streams],
  models: gate,
})

const bare = { p50: [] as number[], rate: [] as number[], cpu: [] as number[], chunk: [] as number[] }
const ours = { p50: [] as number[], rate: [] as number[], cpu: [] as number[], chunk: [] as number[] }
const commits: number[] = []
const raw = openRaw(folder)
for (let turn = -1; turn < turns; turn++) {
  const plain = await whole(model, fresh(calls), calls)
  const durable = await app.run(sequence, { from: fresh(calls), count: calls })
  const from = fresh(2 * total)
  const rates = { plain: 0, durable: 0 }
  const plainCpu = await cpuOf(async () => {
    rates.plain = await atOnce(total, 256, (n) => generateText({ model, prompt: prompt(from + n) }))
  })
  const durableCpu = await cpuOf(async () => {
    rates.durable = await atOnce(total, 256, (n) => app.run(single, from + total + n))
  })
  const commit = raw.commits(100) / 100
  const count = Math.max(20, Math.ceil(calls / 20))
  const plainChunk = await perChunk((which, from, count) => stream(model, which, from, count), count)
  const durableChunk = await perChunk((which, from, count) => app.run(streams, { which, from, count }), count)
  // the first turn warms up
  if (turn < 0) continue
  bare.p50.push(quantile(plain, 0.5))
  ours.p50.push(quantile(durable, 0.5))
  bare.rate.push(rates.plain)
  ours.rate.push(rates.durable)
  bare.cpu.push(plainCpu / total)
  ours.cpu.push(durableCpu / total)
  commits.push(commit)
  bare.chunk.push(plainChunk)
  ours.chunk.push(durableChunk)
}
await app.close()
raw.close()
rmSync(folder, { recursive: true, force: true })

const middle = (values: readonly number[]): number => quantile(values, 0.5)
const result = {
  answers: source,
  commitMs: round(middle(commits), 3),
  callP50: {
    bareMs: round(middle(bare.p50), 3),
    gatewayMs: round(middle(ours.p50), 3),
    overheadMs: round(middle(ours.p50) - middle(bare.p50), 3),
  },
  at256: {
    barePerSecond: round(middle(bare.rate), 0),
    gatewayPerSecond: round(middle(ours.rate), 0),
    share: round(middle(ours.rate) / middle(bare.rate), 3),
    bareCpuMicros: round(middle(bare.cpu), 0),
    gatewayCpuMicros: round(middle(ours.cpu), 0),
  },
  chunk: {
    bareMicros: round(middle(bare.chunk), 1),
    gatewayMicros: round(middle(ours.chunk), 1),
    overheadMicros: round(middle(ours.chunk) - middle(bare.chunk), 1),
  },
}
if (process.argv.includes('--json')) console.log(JSON.stringify(result))
else {
  const { callP50, at256, chunk } = result
  console.log(`answers: ${result.answers}; a synced commit of a bare writer: ${result.commitMs} ms`)
  console.log(`gateway with durable record and budget, against the bare AI SDK; medians of ${turns} turns`)
  console.log(
    `  a call, p50        bare ${callP50.bareMs} ms   gateway ${callP50.gatewayMs} ms   more ${callP50.overheadMs} ms`,
  )
  console.log(
    `  256 at once        bare ${at256.barePerSecond}/s   gateway ${at256.gatewayPerSecond}/s   share ${at256.share}`,
  )
  console.log(
    `    main thread, µs  bare ${at256.bareCpuMicros}   gateway ${at256.gatewayCpuMicros} a call, its run included`,
  )
  console.log(
    `  a streamed chunk   bare ${chunk.bareMicros} µs   gateway ${chunk.gatewayMicros} µs   more ${chunk.overheadMicros} µs`,
  )
}
