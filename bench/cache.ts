import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spanwise, step, workflow } from 'spanwise'
import { atOnce, round } from './measure.ts'
import type { Figures } from './suite.ts'

const add = step('plain-add', async (n: number) => n + 1)
const cachedAdd = step('cached-add', { cache: { lifetime: '1h' } }, async (n: number) => n + 1)
const slow = step('slow', { cache: { lifetime: '1h' } }, async (n: number) => {
  await new Promise((resolve) => setTimeout(resolve, 200))
  return n
})
let next = 0

const plain = workflow('plain', async (_: number) => {
  for (let i = 0; i < 10; i++) await add(i)
})
const hits = workflow('hits', async (_: number) => {
  for (let i = 0; i < 10; i++) await cachedAdd(i)
})
/** each run asks for what no other one has asked for */
const misses = workflow('misses', async (from: number) => {
  for (let i = 0; i < 10; i++) await cachedAdd(from + i)
})
const crowd = workflow('crowd', async (n: number) => slow(n))

/** Ten steps in each run, with as many runs at once: computed without a cache, reused, and computed with one. */
export async function cache(at: number, total: number, waiting: number): Promise<Figures> {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-bench-'))
  try {
    await using app = await spanwise({
      store: `sqlite:${join(dir, 'bench.db')}`,
      workflows: [plain, hits, misses, crowd],
    })
    const fresh = (): number => {
      next += 10
      return 1_000_000 + next
    }
    await app.run(hits, 0)
    await atOnce(at * 2, at, () => app.run(plain, 0))
    const steps = async (work: (i: number) => Promise<unknown>): Promise<number> => 10 * (await atOnce(total, at, work))
    const computed = await steps(() => app.run(plain, 0))
    const reused = await steps(() => app.run(hits, 0))
    const missed = await steps(() => app.run(misses, fresh()))
    const start = performance.now()
    await atOnce(waiting, waiting, () => app.run(crowd, 1))
    const took = performance.now() - start - 200
    return {
      [`steps/s at ${at}, no cache`]: round(computed, 0),
      [`steps/s at ${at}, reused`]: round(reused, 0),
      [`steps/s at ${at}, not in the cache`]: round(missed, 0),
      'reused / no cache': round(reused / computed),
      'not in the cache / no cache': round(missed / computed),
      [`ms a run, ${waiting} wait for one result`]: round(took / waiting, 3),
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
