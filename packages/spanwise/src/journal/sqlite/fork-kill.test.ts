import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { change, entry, owned } from '../testsuite/build.testsuite.ts'
import { openSqliteStore } from './client.ts'

it('a fork that kill -9 interrupts is not there at all; one that was acknowledged is whole', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-kill-fork-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [path, notes] = [join(folder, 'store.db'), join(folder, 'notes')]
  let store = await openSqliteStore(path)
  const source = await owned(store)
  const entries = Array.from({ length: 3_000 }, (_, i) => entry(i + 1, 'step.result', { payload: '{"n":1}\n"done"' }))
  await store.append(change(source, entries))
  await store.close()
  let interrupted = 0
  for (let round = 0; round < 4; round++) {
    const file = join(import.meta.dirname, 'fixtures/forks.ts')
    const child = spawn(process.execPath, [file, path, notes, source.run], { stdio: ['ignore', 'inherit', 'inherit'] })
    const ended = once(child, 'exit')
    while (lines(notes).filter((line) => line.includes(`-${child.pid}-`)).length < 2) {
      if (child.exitCode !== null) throw new Error(`the forker ended with ${child.exitCode}`)
      await setTimeout(5)
    }
    await setTimeout(Math.random() * 200)
    child.kill('SIGKILL')
    await ended
    store = await openSqliteStore(path)
    const links = new Set((await store.forks(source.run)).map(({ run }) => run))
    const noted = lines(notes)
    for (const line of noted) {
      const [what, run = ''] = line.split(' ')
      const found = await store.entries(run)
      if (what === 'done') expect(found).toHaveLength(3_001)
      else expect([0, 3_001]).toContain(found.length)
      if (found.length === 0) interrupted++
      expect(links.has(run)).toBe(found.length > 0)
      expect((await store.run(run)) !== undefined).toBe(found.length > 0)
    }
    await store.close()
  }
  // the point of it: some were in the middle
  expect(interrupted).toBeGreaterThan(0)
})

function lines(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}
