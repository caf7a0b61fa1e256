import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startProvider } from 'loopback-provider'
import { expect, it, onTestFinished } from 'vitest'
import { open } from './support/history.ts'
import { run } from './support/process.ts'

const workload = join(import.meta.dirname, 'workload/researcher.ts')
const turns = 20

it('agents go on after kill -9 from their latest snapshot: no recorded turn is asked for again, no recorded tool call repeated', {
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-researcher-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const provider = await startProvider({
    pace: { firstToken: 5 },
    respond: ({ turns: said }) => {
      const looked = said.filter(({ role }) => role === 'tool').length / 2
      const call = (what: string) => ({ name: 'look', input: { what } })
      return looked < turns - 1 ? { calls: [call(`a ${looked}`), call(`b ${looked}`)] } : { text: `${looked}` }
    },
  })
  onTestFinished(() => provider.close())
  const effects = () => {
    const file = join(folder, 'effects')
    const counts = new Map<string, number>()
    for (const key of existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])
      counts.set(key, (counts.get(key) ?? 0) + 1)
    return counts
  }
  const recorded = async () => {
    const store = await open(join(folder, 'store.db'))
    const found = { results: new Map<string, number>(), answered: 0, lost: 0, snapshots: 0 }
    for (const { run: id } of (await store.list({ limit: 100 })).items)
      for (const { kind, meta, payload } of await store.entries(id)) {
        if (kind === 'scope.snapshot') found.snapshots++
        if (kind === 'model.result') found.answered++
        if (kind === 'model.attempt' && meta['unconfirmed'] === true) found.lost++
        // what it returned names its effect
        const key = kind === 'step.result' ? /: ([0-9a-f]{32})/.exec(payload ?? '')?.[1] : undefined
        if (key !== undefined) found.results.set(key, effects().get(key) ?? 0)
      }
    await store.close()
    return found
  }
  const before: Map<string, number>[] = []
  for (let kills = 0; ; kills++) {
    const child = run(workload, { env: { KILL_FOLDER: folder, KILL_PROVIDER: provider.baseURL } })
    await child.said('ready')
    if (kills === 5) {
      expect(await child.said('through')).toBe(
        `through ${JSON.stringify(Array.from({ length: 12 }, () => String(turns - 1)))}`,
      )
      await child.ended
      break
    }
    const asked = provider.ledger.served.length
    await expect.poll(() => provider.ledger.served.length, { interval: 2 }).toBeGreaterThan(asked + 25)
    await wait(kills * 3)
    child.kill()
    await child.ended
    before.push((await recorded()).results)
  }
  const { answered, lost, snapshots, results } = await recorded()
  expect(answered).toBe(12 * turns)
  expect(results.size).toBe(12 * (turns - 1) * 2)
  expect(snapshots).toBeGreaterThan(12)
  expect(provider.ledger.served.length).toBeGreaterThan(answered)
  expect(provider.ledger.served.length).toBeLessThanOrEqual(answered + lost)
  const after = effects()
  for (const then of before) for (const [key, times] of then) expect(after.get(key)).toBe(times)
  console.log(`5 kills, ${answered} turns, ${provider.ledger.served.length} requests, ${lost} unconfirmed`)
})
