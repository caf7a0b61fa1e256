import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { openSqliteStore } from './client.ts'

it('loses nothing that was acknowledged before kill -9, and keeps nothing half done', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-kill-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [path, notes] = [join(folder, 'store.db'), join(folder, 'notes')]
  for (let round = 0; round < 6; round++) {
    const before = lines(notes).length
    const child = start(path, notes)
    const ended = once(child, 'exit')
    while (lines(notes).length < before + 30) {
      if (child.exitCode !== null) throw new Error(`the writer ended with ${child.exitCode}`)
      await setTimeout(20)
    }
    await setTimeout(Math.random() * 60)
    child.kill('SIGKILL')
    await ended
    await check(path, lines(notes))
  }
})

function start(path: string, notes: string): ChildProcess {
  const file = join(import.meta.dirname, 'fixtures/acknowledge.ts')
  return spawn(process.execPath, [file, path, notes], { stdio: ['ignore', 'inherit', 'inherit'] })
}

function lines(file: string): readonly string[] {
  if (!existsSync(file)) return []
  // the last line may be torn
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}

async function check(path: string, noted: readonly string[]): Promise<void> {
  const store = await openSqliteStore(path)
  const last = new Map<string, number>()
  const mail = new Map<string, number>()
  for (const line of noted) {
    const [run = '', what = '', n] = line.split(' ')
    if (run === 'ready') continue
    if (what === 'mail') mail.set(run, Number(n))
    else last.set(run, Number(what))
  }
  let ours = 0
  for (const [run, index] of last) {
    const entries = await store.entries(run)
    expect(entries.map((entry) => entry.index)).toEqual(Array.from(entries, (_, i) => i))
    // one more may have been committed and not yet noted
    expect([index + 1, index + 2]).toContain(entries.length)
    if (/^run-\d+-0-/.test(run) && entries.length > 3) ours++
    const received = (await store.mail(run)).length
    expect([mail.get(run) ?? 0, (mail.get(run) ?? 0) + 1]).toContain(received)
  }
  await store.close()
  const db = new DatabaseSync(path)
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  // a user's row and the entry of the same transaction: both or none
  if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'mine'").get() !== undefined)
    expect(db.prepare('SELECT count(*) AS n FROM mine').get()).toEqual({ n: ours })
  db.close()
}
