import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { acquireOwnership, currentOwner } from './owner.ts'

let path: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-owner-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  path = join(folder, 'store.db')
})

async function another(file = path): Promise<{ readonly child: ChildProcess; readonly line: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/own.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { child, line }
}

it('one process has the file; a second one is told which', async () => {
  const { child, line } = await another()
  expect(line).toBe('owned')
  await expect(acquireOwnership(path)).rejects.toMatchObject({
    code: 'STORE_OWNED',
    message: expect.stringContaining(`Process ${child.pid} on `),
  })
  expect(currentOwner(path)).toMatchObject({ pid: child.pid })
})

it('who has it is read by whoever looks while the name is being written', async () => {
  const ownership = await acquireOwnership(path)
  await ownership.release()
  // a writer is in its commit: readers are kept out for a moment
  const slow = new Worker(
    `const { DatabaseSync } = require('node:sqlite')
    const { parentPort, workerData } = require('node:worker_threads')
    const db = new DatabaseSync(workerData)
    db.exec('BEGIN EXCLUSIVE')
    parentPort.postMessage('in its commit')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    db.exec('COMMIT')
    db.close()`,
    { eval: true, workerData: `${path}.owner` },
  )
  await once(slow, 'message')
  expect(currentOwner(path)).toMatchObject({ pid: process.pid })
  await once(slow, 'exit')
})

it('whoever asks is told how far the wall clock was set since the file was taken', async () => {
  await using _ = await acquireOwnership(path)
  expect(Math.abs(currentOwner(path)?.clockMoved ?? Number.NaN)).toBeLessThan(1_000)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
  onTestFinished(() => void vi.useRealTimers())
  const moved = currentOwner(path)?.clockMoved ?? 0
  expect(Math.abs(moved + 3_600_000)).toBeLessThan(2_000)
})

it('kill -9 leaves nothing behind that has to be removed', async () => {
  const { child } = await another()
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  expect(currentOwner(path)).toBeUndefined()
  await using ownership = await acquireOwnership(path)
  expect(ownership.path).toBe(path)
  expect(currentOwner(path)).toMatchObject({ pid: process.pid })
})

it('two apps in one process do not share a file either', async () => {
  const first = await acquireOwnership(path)
  await expect(acquireOwnership(path)).rejects.toMatchObject({ code: 'STORE_OWNED' })
  expect(JSON.parse((await another()).line)).toMatchObject({ code: 'STORE_OWNED' })
  await first.release()
  await first.release()
  expect((await another()).line).toBe('owned')
})

it('a file is one file under every name', async () => {
  writeFileSync(path, '')
  const alias = `${path}-alias`
  symlinkSync(path, alias)
  await using _ = await acquireOwnership(path)
  await expect(acquireOwnership(alias)).rejects.toMatchObject({ code: 'STORE_OWNED' })
})

it('a race has one winner', { timeout: 60_000 }, async () => {
  const lines = (await Promise.all([1, 2, 3, 4].map(() => another()))).map(({ line }) => line)
  expect(lines.filter((line) => line === 'owned')).toHaveLength(1)
})

it('nobody owns what was never worked on', () => {
  expect(currentOwner(path)).toBeUndefined()
})
