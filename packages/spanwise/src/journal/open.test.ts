import { describe, expect, it } from 'vitest'
import { openStore, parseStoreUrl } from './open.ts'

describe('openStore', () => {
  it('opens a store in memory', async () => {
    const store = await openStore('memory:')
    expect(store.info).toMatchObject({ kind: 'memory', path: undefined })
    expect(await store.counts()).toMatchObject({ queued: 0 })
    await store.close()
  })

  it('reads paths', () => {
    expect(parseStoreUrl('sqlite::memory:')).toEqual({ kind: 'memory' })
    expect(parseStoreUrl('sqlite:./a b.db')).toEqual({ kind: 'sqlite', path: './a b.db' })
    expect(parseStoreUrl('sqlite:/abs/a.db')).toEqual({ kind: 'sqlite', path: '/abs/a.db' })
    expect(parseStoreUrl('sqlite:///abs/a%20b.db')).toEqual({ kind: 'sqlite', path: '/abs/a b.db' })
  })

  it.each(['', 'sqlite:', 'mysql://x', './spanwise.db', 'postgres://me:secret@host/db'])(
    'refuses “%s”',
    async (url) => {
      const refused = await openStore(url).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'STORE_UNKNOWN', hint: expect.stringContaining('sqlite:./spanwise.db') })
      expect(String(refused)).not.toContain('secret')
    },
  )

  it('says that Postgres is to come', async () => {
    await expect(openStore('postgresql://host/db')).rejects.toThrow('Postgres is not here yet')
  })
})
