import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keyFile, spanwise } from 'spanwise'
import { machine } from './machine.ts'
import { atOnce, quantile, round } from './measure.ts'
import { ten } from './workflows.ts'

/** What encryption at rest costs: W1 with and without, by turns on the same disk. */
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-bench-'))
process.stdout.write(`encryption · Node ${machine.node} · ${machine.cores} cores · ${machine.cpu}\n\n`)
try {
  writeFileSync(join(folder, 'key'), randomBytes(32).toString('base64'))
  const encryption = { keys: keyFile(join(folder, 'key')) }
  await using plain = await spanwise({ store: `sqlite:${join(folder, 'plain.db')}`, workflows: [ten] })
  await using sealed = await spanwise({ store: `sqlite:${join(folder, 'sealed.db')}`, workflows: [ten], encryption })
  for (const at of [64, 1_000]) {
    const total = values.quick ? at * 2 : at * 8
    const cpu = new Map<typeof plain, number[]>([
      [plain, []],
      [sealed, []],
    ])
    const steps = async (app: typeof plain): Promise<number> => {
      const before = process.cpuUsage()
      const rate = (await atOnce(total, at, (n) => app.run(ten, n))) * 10
      const { user, system } = process.cpuUsage(before)
      cpu.get(app)?.push((user + system) / (total * 10))
      return rate
    }
    await steps(plain)
    await steps(sealed)
    const pairs: (readonly [off: number, on: number])[] = []
    for (let i = 0; i < (values.quick ? 5 : 9); i++) {
      // whoever is second meets what the first left to the disk: by turns
      if (i % 2 === 0) pairs.push([await steps(plain), await steps(sealed)])
      else {
        const on = await steps(sealed)
        pairs.push([await steps(plain), on])
      }
    }
    const median = (of: (pair: readonly [number, number]) => number): number => quantile(pairs.map(of), 0.5)
    const lines = {
      [`steps/s at ${at}, off`]: round(
        median(([off]) => off),
        0,
      ),
      [`steps/s at ${at}, on`]: round(
        median(([, on]) => on),
        0,
      ),
      [`on / off at ${at}`]: round(median(([off, on]) => on / off)),
      // what a busy machine does not change
      [`CPU µs a step at ${at}, off`]: round(quantile(cpu.get(plain) ?? [], 0.5), 1),
      [`CPU µs a step at ${at}, on`]: round(quantile(cpu.get(sealed) ?? [], 0.5), 1),
    }
    for (const [what, value] of Object.entries(lines))
      process.stdout.write(`${what.padEnd(30)} ${String(value).padStart(10)}\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
