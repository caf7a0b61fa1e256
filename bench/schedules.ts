import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spanwise, workflow } from 'spanwise'
import { round } from './measure.ts'
import type { Figures } from './suite.ts'

const tick = workflow('schedule-tick', async () => {})

/** What schedules cost while nothing is due, and for each due time: until its run is through. */
export async function schedules(count: number, seconds: number): Promise<Figures> {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-bench-'))
  try {
    await using app = await spanwise({ store: `sqlite:${join(dir, 'bench.db')}`, workflows: [tick] })
    const far = new Date(Date.now() + 365 * 86_400_000)
    const made = performance.now()
    const ids = Array.from({ length: count }, (_, i) => `s${i}`)
    await Promise.all(ids.map((id) => app.schedule(tick, undefined, { id, at: far, jitter: '1h' })))
    const making = performance.now() - made
    const before = process.cpuUsage()
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    const { user, system } = process.cpuUsage(before)
    // all of them due at once
    const due = new Date(Date.now() + 1_000 + making)
    await Promise.all(ids.map((id) => app.schedule(tick, undefined, { id, at: due })))
    while (Date.now() < due.getTime()) await new Promise((resolve) => setTimeout(resolve, 1))
    const start = performance.now()
    while ((await app.counts()).completed < count) await new Promise((resolve) => setTimeout(resolve, 10))
    return {
      [`${count} schedules, ms to make one`]: round(making / count),
      [`${count} schedules and nothing due, % of a core`]: round((user + system) / 1e4 / seconds),
      [`${count} due at once, ms each until run`]: round((performance.now() - start) / count),
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
