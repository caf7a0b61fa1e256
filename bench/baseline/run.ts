import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forkProvider } from 'loopback-provider'
import { quantile, round } from '../measure.ts'

// What it costs a program to be recorded by `--import spanwise/baseline`, per call: the same program with and without, in turns,
// against one server in a process of its own.
interface Figures {
  readonly whole: number
  readonly streamed: number
  readonly cpu: number
}

const quick = process.argv.includes('--quick')
const [rounds, calls] = quick ? [2, 200] : [7, 1500]
const folder = mkdtempSync(join(tmpdir(), 'spanwise-bench-'))
await using server = await forkProvider({ keep: false })

async function caller(recorded: boolean): Promise<Figures> {
  const child = fork(new URL('./caller.ts', import.meta.url), [server.baseURL, String(calls)], {
    execArgv: ['--conditions=spanwise-source', ...(recorded ? ['--import', 'spanwise/baseline'] : [])],
    env: { ...process.env, SPANWISE_BASELINE_DIR: folder, SPANWISE_BASELINE_REPORT: 'off' },
  })
  const [figures] = (await once(child, 'message')) as [Figures]
  await once(child, 'exit')
  return figures
}

const without: Figures[] = []
const recorded: Figures[] = []
for (let n = 0; n < rounds; n++) {
  without.push(await caller(false))
  recorded.push(await caller(true))
}
rmSync(folder, { recursive: true, force: true })

const middle = (all: readonly Figures[], name: keyof Figures): number =>
  quantile(
    all.map((each) => each[name]),
    0.5,
  )
const row = (name: keyof Figures) => {
  const [bare, seen] = [middle(without, name), middle(recorded, name)]
  return { bare: round(bare, 3), recorded: round(seen, 3), overhead: round(seen - bare, 3) }
}
const result = {
  calls: calls * rounds,
  unit: 'ms a call',
  whole: row('whole'),
  streamed: row('streamed'),
  cpu: row('cpu'),
}
if (process.argv.includes('--json')) console.log(JSON.stringify(result))
else {
  console.log(`recorded by spanwise/baseline, ms a call, medians of ${rounds} turns of ${calls} calls`)
  for (const [name, what] of [
    ['whole', 'answer at once, p50'],
    ['streamed', 'streamed, p50'],
    ['cpu', 'processor time'],
  ] as const) {
    const { bare, recorded, overhead } = result[name]
    console.log(`  ${what.padEnd(20)} without ${bare}   with ${recorded}   more ${overhead}`)
  }
}
