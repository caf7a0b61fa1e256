import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { keyFile } from '../../encryption/local-keys.ts'
import { change, entry, owned } from '../../testsuite/build.testsuite.ts'
import { openSqliteStore } from '../client.ts'
import { headerOf } from '../header.ts'
import { encryptStore } from './encrypt.ts'
import { checkStore } from './inspect.ts'

const entries = 60
const runs = 150

it('a store whose encryption is killed is as it was or encrypted, and whole', { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-encrypt-'))
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 5 }))
  const [path, key] = [join(folder, 'store.db'), join(folder, 'key')]
  writeFileSync(key, randomBytes(32).toString('base64'))
  const encryption = { keys: keyFile(key) }
  const store = await openSqliteStore(path, { durability: 'off' })
  for (let i = 0; i < runs; i++) {
    const run = await owned(store)
    const payload = JSON.stringify('clear'.repeat(200))
    const more = Array.from({ length: entries }, (_, n) => entry(n + 1, 'step.result', { payload }))
    await store.append(change(run, more))
  }
  await store.close()
  let killed = 0
  for (let round = 0; round < 6 && headerOf(path) === undefined; round++) {
    const file = join(import.meta.dirname, '../fixtures/encrypt.ts')
    const child = spawn(process.execPath, [file, path, key], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    await setTimeout(Math.random() * 60)
    child.kill('SIGKILL')
    const [, signal] = (await ended) as [number | null, string | null]
    if (signal === 'SIGKILL') killed++
    const isEncrypted = headerOf(path) !== undefined
    const checked = await checkStore(path, isEncrypted ? { encryption } : {})
    expect(checked).toMatchObject({ runs, entries: runs * (entries + 1), locked: 0, problems: [] })
  }
  expect(killed).toBeGreaterThan(0)
  if (headerOf(path) === undefined) await encryptStore(path, encryption)
  expect(await checkStore(path, { encryption })).toMatchObject({ entries: runs * (entries + 1), problems: [] })
})
