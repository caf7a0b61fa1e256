import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { keyFile } from '../encryption/local-keys.ts'
import { openSqliteStore, type SqliteOptions } from './client.ts'
import { encryptStore } from './files/encrypt.ts'
import { migrate, migrations } from './migrations.ts'

const vector = new Uint8Array(Float32Array.of(0.6, 0.8).buffer)
const text = Buffer.from(vector).toString('base64')
const memory = { space: 'a', text: 'tea', vector, at: 1 }

function path(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-memories-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'a.db')
}

async function found(file: string, options: SqliteOptions = {}): Promise<readonly unknown[]> {
  const store = await openSqliteStore(file, options)
  const all = await store.recall({ space: 'a', now: 2, limit: 9, vector, atLeast: 0.99 })
  await store.close()
  return all.map(({ id, text: said }) => `${id} ${said}`).sort()
}

async function remember(file: string, id: string): Promise<void> {
  const store = await openSqliteStore(file)
  await store.remember({ ...memory, id })
  await store.close()
}

function onFile(file: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file)
  work(db)
  db.close()
}

it('a vector lies in the file as the numbers that it is', async () => {
  const file = path()
  await remember(file, 'one')
  onFile(file, (db) => {
    const row = db.prepare('SELECT vector FROM spanwise_memories').get()
    expect(row?.['vector']).toEqual(vector)
  })
})

it('vectors that an earlier version kept as text are found beside new ones, and encrypted with them', async () => {
  const file = path()
  const isVectors = migrations.findIndex((step) => step.includes('spanwise_memories_before'))
  onFile(file, (db) => {
    migrate(db, file, migrations.slice(0, isVectors))
    db.prepare("INSERT INTO spanwise_memories (id, space, text, vector, at) VALUES ('old', 'a', 'tea', ?, 1)").run(text)
  })
  await remember(file, 'new')
  expect(await found(file)).toEqual(['new tea', 'old tea'])
  const key = join(dirname(file), 'key')
  writeFileSync(key, randomBytes(32).toString('base64'))
  const keys = keyFile(key)
  await encryptStore(file, { keys })
  onFile(file, (db) => {
    for (const row of db.prepare('SELECT vector FROM spanwise_memories').all()) {
      const stored = row['vector']
      expect(typeof stored === 'string' ? stored : Buffer.from(stored as Uint8Array).toString('base64')).not.toContain(
        text,
      )
    }
  })
  expect(await found(file, { encryption: { keys } })).toEqual(['new tea', 'old tea'])
})
