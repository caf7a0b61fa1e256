import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startProvider } from 'loopback-provider'
import { expect, it, onTestFinished } from 'vitest'
import { open } from './support/history.ts'
import { run } from './support/process.ts'

const workload = join(import.meta.dirname, 'workload/agent.ts')

it('agents with tools go on after kill -9, and no recorded turn is asked for again', { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-agent-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const provider = await startProvider({
    pace: { firstToken: 15 },
    respond: ({ turns }) =>
      turns.filter(({ role }) => role === 'tool').length < 4
        ? { calls: [{ name: 'look', input: { what: String(turns.length) } }] }
        : { text: 'Seven, four times.' },
  })
  onTestFinished(() => provider.close())
  const env = { KILL_FOLDER: folder, KILL_PROVIDER: provider.baseURL }
  let kills = 0
  for (;;) {
    const before = provider.ledger.served.length
    const child = run(workload, { env })
    await child.said('ready')
    if (kills === 3) {
      const said = await child.said('through')
      expect(said).toBe(`through ${JSON.stringify(Array.from({ length: 12 }, () => 5))}`)
      await child.ended
      break
    }
    // in the middle of it: some turns are answered, some on their way
    await expect.poll(() => provider.ledger.served.length, { interval: 2 }).toBeGreaterThan(before + 7)
    await wait(kills * 3)
    child.kill()
    await child.ended
    kills++
  }
  const store = await open(join(folder, 'store.db'))
  onTestFinished(() => store.close())
  const { items } = await store.list({ limit: 100 })
  let answered = 0
  let lost = 0
  for (const { run: id } of items)
    for (const { kind, meta } of await store.entries(id)) {
      if (kind === 'model.result') answered++
      if (kind === 'model.attempt' && meta['unconfirmed'] === true) lost++
    }
  expect(answered).toBe(12 * 5)
  expect(provider.ledger.served.length).toBeGreaterThan(answered)
  expect(provider.ledger.served.length).toBeLessThanOrEqual(answered + lost)
  console.log(
    `agents: ${kills} kills, ${answered} turns, ${provider.ledger.served.length} requests, ${lost} unconfirmed`,
  )
})
