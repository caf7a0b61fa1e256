import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startProvider } from 'loopback-provider'
import { connect, workflow } from 'spanwise'
import type { Stretches } from './stretches.ts'

// Agents with a tool against a model server on loopback: how fast, what it does to the event loop, and, over random kill -9s, whether a
// turn that was on record is ever asked for again.
const quick = process.argv.includes('--quick')
// three numbers of your own: agents, turns, kills
const given = process.argv.slice(2).map(Number).filter(Number.isInteger)
const [agents = 1_000, turns = 20, kills = 50] = quick ? [100, 10, 5] : given

/** the name alone: its runs are only read here */
const walker = workflow('walker', async () => {})

/** how often each turn of each agent was asked for */
const asked = new Map<string, number>()
await using provider = await startProvider({
  keep: false,
  respond: ({ turns: said }) => {
    const who = said.find(({ role }) => role === 'user')?.text ?? ''
    const done = said.filter(({ role }) => role === 'tool').length
    const key = `${who} turn ${done}`
    asked.set(key, (asked.get(key) ?? 0) + 1)
    return done < turns - 1 ? { calls: [{ name: 'look', input: { n: done } }] } : { text: 'done' }
  },
})

interface Life {
  readonly seconds: number
  /** of one that came to its end */
  readonly stretches: Stretches | undefined
  readonly through: boolean
}

async function live(store: string, until: number | undefined): Promise<Life> {
  const env = { ...process.env, AGENTS: `${agents}`, TURNS: `${turns}`, PROVIDER: provider.baseURL, STORE: store }
  const worker = join(import.meta.dirname, 'worker.ts')
  const child = spawn(process.execPath, ['--conditions=spanwise-source', worker], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  let begun = 0
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (begun !== 0 || !text.includes('ready\n')) return
    begun = performance.now()
    if (until !== undefined) void wait(until).then(() => child.kill('SIGKILL'))
  })
  await once(child, 'close')
  const said = /^stretches (.*)$/m.exec(text)?.[1]
  const through = text.includes('through\n')
  // one that ends by itself was not killed
  if (!through && (until === undefined || child.signalCode !== 'SIGKILL'))
    throw new Error(`the worker ended before it was through:\n${text}`)
  const stretches = said === undefined ? undefined : (JSON.parse(said) as Stretches)
  return { seconds: (performance.now() - begun) / 1000, stretches, through }
}

/** Every time that a turn was asked for again has to have a lost call on record: else its answer had been there. */
async function askedAgain(
  store: string,
): Promise<{ readonly turns: number; readonly lost: number; readonly wrong: number }> {
  await using app = await connect({ store: `sqlite:${store}`, workflows: [] })
  let [recorded, lost, wrong] = [0, 0, 0]
  for (let n = 0; n < agents; n++) {
    const run = await app.get(walker, `agent-${n}`)
    const unconfirmed: number[] = []
    let turn = 0
    for await (const { kind, meta } of run?.events() ?? []) {
      if (kind === 'model.attempt' && meta['unconfirmed'] === true) {
        unconfirmed[turn] = (unconfirmed[turn] ?? 0) + 1
        lost++
      }
      if (kind !== 'model.result') continue
      recorded++
      if ((asked.get(`agent ${n} turn ${turn}`) ?? 0) > 1 + (unconfirmed[turn] ?? 0)) wrong++
      turn++
    }
  }
  return { turns: recorded, lost, wrong }
}

const folder = mkdtempSync(join(tmpdir(), 'spanwise-bench-'))
const { seconds, stretches } = await live(join(folder, 'calm.db'), undefined)
const said = (of: keyof Stretches): string => `p99 ${stretches?.[of].p99} ms, longest ${stretches?.[of].max} ms`
console.log(
  `${agents} agents of ${turns} turns: ${Math.round((agents * turns) / seconds)} turns/s\n` +
    `event loop held up: ${said('wall')}; in processor time of its thread: ${said('cpu')}`,
)
asked.clear()
const store = join(folder, 'killed.db')
let killed = 0
for (;;) {
  const life = await live(store, killed < kills ? 300 + Math.random() * 1_500 : undefined)
  if (life.through) break
  killed++
}
const { turns: recorded, lost, wrong } = await askedAgain(store)
console.log(
  `${killed} kills: ${recorded} turns on record, ${[...asked.values()].reduce((a, b) => a + b, 0)} requests, ${lost} lost on the way, ${wrong} asked for again although on record`,
)
rmSync(folder, { recursive: true, force: true })
if (wrong > 0 || recorded !== agents * turns) process.exitCode = 1
