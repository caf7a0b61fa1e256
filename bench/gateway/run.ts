import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, type LanguageModel, streamText } from 'ai'
import { forkProvider, recordedAnswers } from 'loopback-provider'
import { spanwise, step, workflow } from 'spanwise'
import { budget, gateway } from 'spanwise/models'
import { machine } from '../machine.ts'
import { atOnce, quantile, round } from '../measure.ts'
import { openRaw } from '../raw.ts'
import { type Portkey, startPortkey } from './portkey.ts'

// What a call costs through the gateway, in a run, with a durable record and a budget, against the bare AI SDK, and with --peer
// beside a gateway of others: the same calls on the same server in a process of its own, in turns.
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    peer: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const [turns, calls, total] = values.quick ? [3, 50, 256] : [5, 400, 2560]

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

/** so many streams, read to their end */
interface Streams {
  readonly which: keyof typeof prompts
  readonly from: number
  readonly count: number
}

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

async function stream(of: LanguageModel, { which, from, count }: Streams): Promise<void> {
  for (let n = 0; n < count; n++) {
    for await (const _ of streamText({ model: of, prompt: `${from + n}\n${prompts[which]}` }).textStream);
  }
}

async function chunksOf(which: keyof typeof prompts): Promise<number> {
  let chunks = 0
  for await (const _ of streamText({ model, prompt: `0\n${prompts[which]}` }).textStream) chunks++
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
// in a step: there parts are handed on as they come, in a body only when all of them are on record
const stretch = step('stretch', (of: Streams) => stream(gate('fast'), of))
const streams = workflow('streams', (of: Streams) => stretch(of))
const app = await spanwise({
  store: `sqlite:${join(folder, 'store.db')}`,
  workflows: [sequence, single, streams],
  models: gate,
})

/** A way to the same server. */
interface Door {
  readonly title: string
  sequence(from: number, count: number): Promise<number[]>
  single(n: number): Promise<unknown>
  /** where what a chunk costs the calling thread is its own to say: a gateway in another process adds nothing there */
  streams?(of: Streams): Promise<unknown>
  readonly p50: number[]
  readonly rate: number[]
  readonly cpu: number[]
  readonly chunk: number[]
}

const measured = () => ({ p50: [], rate: [], cpu: [], chunk: [] })
const plain = (title: string, of: LanguageModel): Door => ({
  title,
  sequence: (from, count) => whole(of, from, count),
  single: (n) => generateText({ model: of, prompt: prompt(n) }),
  ...measured(),
})
const bare: Door = { ...plain('the bare AI SDK', model), streams: (of) => stream(model, of) }
const ours: Door = {
  title: 'Spanwise, in a run',
  sequence: (from, count) => app.run(sequence, { from, count }),
  single: (n) => app.run(single, n),
  streams: (of) => app.run(streams, of),
  ...measured(),
}
await using peer: Portkey | undefined = values.peer ? await startPortkey(server.baseURL) : undefined
const doors = peer === undefined ? [bare, ours] : [bare, ours, plain(peer.title, peer.model)]

/** µs of this thread that a chunk more costs: what long streams take more than short ones, by the chunks that they have more */
async function perChunk(read: NonNullable<Door['streams']>, count: number): Promise<number> {
  const short = await cpuOf(() => read({ which: 'short', from: fresh(count), count }))
  const long = await cpuOf(() => read({ which: 'long', from: fresh(count), count }))
  return (long - short) / count / moreChunks
}

const commits: number[] = []
const raw = openRaw(folder)
for (let turn = -1; turn < turns; turn++) {
  for (const door of doors) {
    const times = await door.sequence(fresh(calls), calls)
    const from = fresh(total)
    let rate = 0
    const cpu = await cpuOf(async () => {
      rate = await atOnce(total, 256, (n) => door.single(from + n))
    })
    const chunk = door.streams && (await perChunk(door.streams, Math.max(20, Math.ceil(calls / 20))))
    // the first turn warms up
    if (turn < 0) continue
    door.p50.push(quantile(times, 0.5))
    door.rate.push(rate)
    door.cpu.push(cpu / total)
    if (chunk !== undefined) door.chunk.push(chunk)
  }
  if (turn >= 0) commits.push(raw.commits(100) / 100)
}
await app.close()
raw.close()
rmSync(folder, { recursive: true, force: true })

const middle = (values: readonly number[]): number => quantile(values, 0.5)
// turn by turn: what else the machine does changes more from turn to turn than from door to door
const share = ({ rate }: Door): number => middle(rate.map((one, turn) => one / (bare.rate[turn] as number)))
const result = {
  at: new Date().toISOString().slice(0, 10),
  machine,
  // without where on this machine they were looked for
  answers: source.split(' (')[0],
  turns,
  commitMs: round(middle(commits), 3),
  doors: doors.map((door) => ({
    title: door.title,
    figures: {
      'a call p50 ms': round(middle(door.p50), 3),
      'calls/s at 256': round(middle(door.rate), 0),
      'share of bare at 256, turn by turn': round(share(door), 2),
      'CPU µs a call at 256, the calling thread': round(middle(door.cpu), 0),
      ...(door.streams && { 'CPU µs a streamed chunk, the calling thread': round(middle(door.chunk), 1) }),
    },
  })),
}
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`)
if (values.json) console.log(JSON.stringify(result))
else {
  console.log(`answers: ${result.answers}; a synced commit of a bare writer: ${result.commitMs} ms`)
  console.log(`medians of ${turns} turns`)
  for (const name of Object.keys(result.doors[0]?.figures ?? {})) {
    console.log(`  ${name}`)
    for (const { title, figures } of result.doors)
      console.log(`    ${title.padEnd(32)} ${figures[name as keyof typeof figures] ?? '–'}`)
  }
}
