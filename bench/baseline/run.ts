import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forkProvider } from 'loopback-provider'
import { quantile, round } from '../measure.ts'
import type { Block, Order } from './caller.ts'

// What it costs a program to be recorded by `--import spanwise/baseline`, per call. The same program runs with and without the recorder, and
// both take turns with short blocks of calls against one server in a process of its own: what else the machine does meets both alike, and
// the overhead is the median of the differences between neighbours.
const quick = process.argv.includes('--quick')
const [rounds, calls, warm] = quick ? [15, 20, 200] : [100, 25, 500]
const folder = mkdtempSync(join(tmpdir(), 'spanwise-bench-'))
await using server = await forkProvider({ keep: false })

const start = (recorded: boolean): ChildProcess =>
  fork(new URL('./caller.ts', import.meta.url), [server.baseURL], {
    execArgv: ['--conditions=spanwise-source', ...(recorded ? ['--import', 'spanwise/baseline'] : [])],
    env: { ...process.env, SPANWISE_BASELINE_DIR: folder, SPANWISE_BASELINE_REPORT: 'off' },
  })
async function block(child: ChildProcess, order: Order): Promise<Block> {
  const answer = once(child, 'message')
  child.send(order)
  return ((await answer) as [Block])[0]
}

const programs = { bare: start(false), recorded: start(true) }
const middle = (all: readonly number[]): number => round(quantile(all, 0.5), 3)

async function turns(kind: Order['kind']) {
  for (const program of [programs.bare, programs.recorded]) await block(program, { kind, calls: warm })
  const pairs: { bare: Block; recorded: Block }[] = []
  for (let n = 0; n < rounds; n++) {
    // whoever is first has the caches of the other: they take turns in that too
    const first = n % 2 === 0 ? 'bare' : 'recorded'
    const one = await block(programs[first], { kind, calls })
    const other = await block(programs[first === 'bare' ? 'recorded' : 'bare'], { kind, calls })
    pairs.push(first === 'bare' ? { bare: one, recorded: other } : { bare: other, recorded: one })
  }
  const figure = (name: keyof Block) => ({
    bare: middle(pairs.map(({ bare }) => bare[name])),
    recorded: middle(pairs.map(({ recorded }) => recorded[name])),
    overhead: middle(pairs.map(({ bare, recorded }) => recorded[name] - bare[name])),
  })
  return { wall: figure('wall'), cpu: figure('cpu') }
}

const [whole, streamed] = [await turns('whole'), await turns('streamed')]
for (const program of Object.values(programs)) {
  program.disconnect()
  await once(program, 'exit')
}
rmSync(folder, { recursive: true, force: true })

if (process.argv.includes('--json'))
  console.log(JSON.stringify({ calls: calls * rounds, unit: 'ms a call', whole, streamed }))
else {
  console.log(`recorded by spanwise/baseline, ms a call: medians of ${rounds} pairs of ${calls} calls`)
  for (const [what, { wall, cpu }] of [
    ['answer at once', whole],
    ['streamed', streamed],
  ] as const)
    for (const [how, { bare, recorded, overhead }] of [
      ['by the clock', wall],
      ['processor time', cpu],
    ] as const)
      console.log(`  ${`${what}, ${how}`.padEnd(32)} without ${bare}   with ${recorded}   more ${overhead}`)
}
