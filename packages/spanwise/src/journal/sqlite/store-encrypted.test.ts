import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { keyFile } from '../encryption/local-keys.ts'
import { testStore } from '../store.testsuite.ts'
import type { Store } from '../store.ts'
import { openSqliteStore } from './client.ts'

testStore('an encrypted store in a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-store-'))
  const path = join(folder, 'store.db')
  const keys = join(folder, 'key')
  writeFileSync(keys, randomBytes(32).toString('base64'))
  const options = { durability: 'off', encryption: { keys: keyFile(keys) } } as const
  let store: Store = await openSqliteStore(path, options)
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return {
    store,
    reopen: async () => {
      await store.close()
      store = await openSqliteStore(path, options)
      return store
    },
  }
})
