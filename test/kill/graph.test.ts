import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { open } from './support/history.ts'
import { run } from './support/process.ts'

const workload = join(import.meta.dirname, 'workload/graph.ts')
// more in a row, and what is under way is tried alone
const kills = 3

it('graphs go on after kill -9, and no node that is recorded is executed again', { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-graph-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const env = { KILL_FOLDER: folder }
  const done = (): string[] => {
    const file = join(folder, 'done.log')
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  }
  for (let n = 0; n < kills; n++) {
    const before = done().length
    const child = run(workload, { env })
    await child.said('ready')
    // in the middle of it: some nodes are recorded, some under way
    await expect.poll(() => done().length, { interval: 1 }).toBeGreaterThan(before + 60 + 7 * n)
    child.kill()
    await child.ended
    const store = await open(join(folder, 'store.db'))
    let recorded = 0
    for (const { run: id } of (await store.list({ limit: 100 })).items)
      for (const { kind } of await store.entries(id)) if (kind === 'step.result') recorded++
    await store.close()
    // a run has one turn or three looks under way
    expect(done().length - recorded).toBeLessThanOrEqual(3 * 10 * (n + 1))
  }
  const child = run(workload, { env })
  await child.said('ready')
  expect(await child.said('through')).toBe(`through ${JSON.stringify(Array.from({ length: 10 }, () => [20, 60]))}`)
  await child.ended

  const store = await open(join(folder, 'store.db'))
  onTestFinished(() => store.close())
  const times = new Map<string, number>()
  for (const one of done()) times.set(one, (times.get(one) ?? 0) + 1)
  // every node was executed; those twice that were under way at a kill, and nothing more often than there were kills
  expect(times.size).toBe(10 * 20 * 4)
  const repeated = done().length - times.size
  expect(repeated).toBeLessThanOrEqual(kills * 30)
  for (const { run: id } of (await store.list({ limit: 100 })).items) {
    const results = (await store.entries(id)).filter(({ kind }) => kind === 'step.result').map(({ key }) => key)
    expect(new Set(results).size).toBe(results.length)
    expect(results.length).toBe(20 * 4)
  }
  console.log(`graphs: ${kills} kills, ${times.size} nodes, ${repeated} executed again`)
})
