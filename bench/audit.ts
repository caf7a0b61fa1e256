import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { spanwise } from 'spanwise'
import { atOnce, quantile, round } from './measure.ts'
import type { Figures } from './suite.ts'
import { ten } from './workflows.ts'

/** a start, ten steps, an end */
const entriesOfTen = 12
const atATime = 1_000

/** What sealing takes from throughput, by turns with it and without, and what `audit verify` takes for an entry. */
export async function audit(rounds: number, runs: number): Promise<Figures> {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-bench-'))
  const sealed = join(dir, 'sealed.db')
  try {
    const rates = { with: [] as number[], without: [] as number[] }
    // what a busy machine changes less
    const cpu = { with: [] as number[], without: [] as number[] }
    {
      const workflows = [ten]
      // sealed ten times as often as by default: what a round takes is all in it
      await using on = await spanwise({ store: `sqlite:${sealed}`, workflows, audit: { every: '1s' } })
      await using off = await spanwise({ store: `sqlite:${join(dir, 'plain.db')}`, workflows, audit: false })
      for (const app of [on, off]) await atOnce(atATime, atATime, (i) => app.run(ten, i))
      const measure = async (how: 'with' | 'without'): Promise<void> => {
        const app = how === 'with' ? on : off
        const before = process.cpuUsage()
        rates[how].push((await atOnce(runs, atATime, (n) => app.run(ten, n))) * entriesOfTen)
        const { user, system } = process.cpuUsage(before)
        cpu[how].push((user + system) / (runs * entriesOfTen))
      }
      for (let i = 0; i < rounds; i++) {
        // whoever is second meets what the first left to the disk: by turns
        for (const how of i % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const))
          await measure(how)
      }
    }
    const command = join(dirname(createRequire(import.meta.url).resolve('spanwise')), 'cli/main.ts')
    const started = performance.now()
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=spanwise-source', command, 'audit', 'verify', '--json', '--store', `sqlite:${sealed}`],
      { encoding: 'utf8', maxBuffer: 2 ** 26 },
    )
    const took = performance.now() - started
    const { ok, size } = JSON.parse(stdout || '{}') as { ok?: boolean; size?: number }
    if (ok !== true || size === undefined) throw new Error(`it does not verify: ${stdout}${stderr}`)
    return {
      'entries/s with sealing': round(quantile(rates.with, 0.5), 0),
      'entries/s without': round(quantile(rates.without, 0.5), 0),
      'with sealing / without': round(
        quantile(
          rates.with.map((rate, i) => rate / (rates.without[i] as number)),
          0.5,
        ),
        3,
      ),
      'CPU µs an entry, with': round(quantile(cpu.with, 0.5)),
      'CPU µs an entry, without': round(quantile(cpu.without, 0.5)),
      'entries that were verified': size,
      'verify, µs an entry': round((took / size) * 1_000),
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
