import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import type { App } from '../app.ts'
import { spanwise } from '../spanwise.ts'
import { asks, echoes, go, waits } from './fixtures/workflows.ts'

let path: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-death-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  path = join(folder, 'store.db')
})

async function owner(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/owner.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const line = await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit')])
  expect(line).toEqual(['working'])
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function attached(): Promise<App> {
  const app = await spanwise({ store: `sqlite:${path}`, workflows: [waits, echoes, asks], work: false })
  onTestFinished(() => app.close())
  return app
}

it('kill -9 of the owner: its client goes on from the file, and then with the next owner', async () => {
  const first = await owner()
  const client = await attached()
  const run = await client.start(waits, 20, { id: 'one' })
  const result = run.result()
  await expect.poll(() => run.progress()).toEqual({ doubling: 20 })
  await kill(first)
  // what it left is in nobody's way
  expect(existsSync(`${path}.sock`)).toBe(true)
  await run.signal(go, 2)
  expect((await client.start(waits, 20, { id: 'one' })).id).toBe(run.id)
  await owner()
  expect(await result).toBe(42)
})

it('requests under way when the owner is killed are done once', async () => {
  const first = await owner()
  const client = await attached()
  await client.counts()
  const starts = Promise.all(Array.from({ length: 300 }, (_, i) => client.start(echoes, `${i}`)))
  const named = Promise.all(Array.from({ length: 100 }, (_, i) => client.start(echoes, `${i}`, { id: `id-${i}` })))
  await new Promise((resolve) => setTimeout(resolve, 15))
  await kill(first)
  const runs = [...(await starts), ...(await named)]
  await owner()
  const results = await Promise.all(runs.map((run) => run.result()))
  expect(results).toEqual([
    ...Array.from({ length: 300 }, (_, i) => `${i}`),
    ...Array.from({ length: 100 }, (_, i) => `${i}`),
  ])
  const counts = await client.counts()
  expect(counts).toMatchObject({ completed: 400, queued: 0, running: 0 })
})

it('a signal under way when the owner is killed is delivered once', async () => {
  for (let round = 0; round < 3; round++) {
    const first = await owner()
    const client = await attached()
    const runs = await Promise.all(Array.from({ length: 40 }, () => client.start(waits, 1)))
    const told = Promise.all(runs.map((run) => run.signal(go, 1)))
    await kill(first)
    // a signal that the dead owner had taken and whose run ended by it cannot be told from one that came too late
    await told.catch((error: unknown) => expect(error).toMatchObject({ code: 'OWNER_LOST' }))
    const second = await owner()
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map(() => 3))
    for (const run of runs) {
      const kinds: string[] = []
      for await (const event of run.events()) kinds.push(event.kind)
      expect(kinds.filter((kind) => kind === 'signal.received')).toHaveLength(1)
    }
    await client.close()
    await kill(second)
  }
})

it('a second worker is refused by the pid of the first, and may be a client of it', async () => {
  const first = await owner()
  await expect(spanwise({ store: `sqlite:${path}`, workflows: [echoes] })).rejects.toMatchObject({
    code: 'STORE_OWNED',
    message: expect.stringContaining(`Process ${first.pid} on `),
    hint: expect.stringContaining('work: false'),
  })
  expect(await (await attached()).run(echoes, 'hello')).toBe('hello')
})

it('an owner that is stopped is told from one that is gone', { timeout: 60_000 }, async () => {
  const stopped = await owner()
  stopped.kill('SIGSTOP')
  const client = await attached()
  await expect(client.counts()).rejects.toMatchObject({
    code: 'OWNER_SILENT',
    hint: expect.stringContaining('stopped'),
  })
  stopped.kill('SIGCONT')
  expect(await client.counts()).toMatchObject({ completed: 0 })
})
