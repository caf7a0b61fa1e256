import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { testStore } from '../store.testsuite.ts'
import type { Store } from '../store.ts'
import { openSqliteStore } from './client.ts'
import { openMemoryStore } from './memory.ts'

testStore('a store in a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-store-'))
  const path = join(folder, 'store.db')
  let store: Store = await openSqliteStore(path, { durability: 'off' })
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return {
    store,
    reopen: async () => {
      await store.close()
      store = await openSqliteStore(path, { durability: 'off' })
      return store
    },
  }
})

testStore('a store in memory', async () => {
  const store = openMemoryStore()
  onTestFinished(() => store.dispose())
  return {
    store,
    reopen: async () => {
      await store.close()
      return store
    },
  }
})
