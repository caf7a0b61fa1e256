import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { open } from './support/history.ts'
import { run } from './support/process.ts'

const program = join(import.meta.dirname, 'workload/streams.ts')
const size = 150

it('what runs append to streams is there once and in order, however often the process is killed', {
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-streams-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const env = { KILL_FOLDER: folder, KILL_SIZE: String(size) }
  let kills = 0
  for (let patience = 20; ; patience = Math.ceil(patience * 1.4)) {
    const process = run(program, { args: [], env })
    await process.said('ready')
    const through = await Promise.race([process.said('through'), wait(patience)])
    if (through !== undefined) {
      expect((await process.ended).code, process.output()).toBe(0)
      break
    }
    process.kill()
    await process.ended
    kills++
  }
  expect(kills).toBeGreaterThan(3)

  const store = await open(join(folder, 'store.db'))
  onTestFinished(() => store.close())
  const numbers = Array.from({ length: size }, (_, n) => n)
  for (const name of ['body', 'step']) {
    const read = await store.readStream({ tenant: 'default', name, from: 0, limit: 1e6, now: Date.now() })
    expect(read.state).toBe('ok')
    if (read.state === 'ok') expect(JSON.parse(`[${Buffer.from(read.data).toString()}]`)).toEqual(numbers)
  }
  const log = await store.log(0, 10_000)
  expect(log.filter(({ kind }) => kind === 'stream.closed')).toHaveLength(1)
})
