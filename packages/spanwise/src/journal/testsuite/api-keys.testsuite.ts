import { describe, expect, it } from 'vitest'
import type { OpenForTest } from './build.testsuite.ts'

export function testApiKeys(open: OpenForTest): void {
  describe('API keys', () => {
    const key = (id: string, createdAt: number) =>
      ({ id, name: id, hash: 'aa', grants: '[]', createdAt, expiresAt: undefined, revokedAt: undefined }) as const

    it('are kept, listed with the newest first, and revoked once', async () => {
      const { store } = await open()
      await store.putApiKey(key('a', 1))
      await store.putApiKey({ ...key('b', 2), expiresAt: 9 })
      expect(await store.apiKey('a')).toEqual(key('a', 1))
      expect(await store.apiKey('c')).toBeUndefined()
      expect((await store.apiKeys()).map(({ id }) => id)).toEqual(['b', 'a'])
      expect(await store.revokeApiKey('a', 5)).toBe(true)
      expect(await store.revokeApiKey('a', 6)).toBe(false)
      expect(await store.revokeApiKey('c', 6)).toBe(false)
      expect(await store.apiKey('a')).toMatchObject({ revokedAt: 5 })
    })
  })
}
