import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { KeyProvider } from './provider.ts'

export interface KeysForTest {
  readonly provider: KeyProvider
  /** the same with a newer key in front; what was wrapped before still opens */
  rotate(): void | Promise<void>
  /** another one, that has none of its keys */
  stranger(): KeyProvider | Promise<KeyProvider>
}

/** What every key provider must do. */
export function testKeys(name: string, open: () => Promise<KeysForTest>): void {
  describe(name, () => {
    const key = new Uint8Array(randomBytes(32))

    it('opens what it wrapped, and says which key it used', async () => {
      const { provider } = await open()
      const wrapped = await provider.wrap(key)
      expect(wrapped.keyId).toBe(await provider.current())
      expect(await provider.unwrap(wrapped)).toEqual(key)
      expect(Buffer.from(wrapped.bytes).includes(Buffer.from(key))).toBe(false)
      expect(provider.name).not.toBe('')
    })

    it('wraps the same key twice in different ways', async () => {
      const { provider } = await open()
      const [one, two] = [await provider.wrap(key), await provider.wrap(key)]
      expect(Buffer.compare(one.bytes, two.bytes)).not.toBe(0)
    })

    it('wraps with its newest key after a rotation, and still opens what it wrapped before', async () => {
      const { provider, rotate } = await open()
      const before = await provider.wrap(key)
      await rotate()
      const after = await provider.wrap(key)
      expect(after.keyId).not.toBe(before.keyId)
      expect(await provider.current()).toBe(after.keyId)
      expect(await provider.unwrap(before)).toEqual(key)
      expect(await provider.unwrap(after)).toEqual(key)
    })

    it('does not open what another one wrapped, or what was changed', async () => {
      const { provider, stranger } = await open()
      const other = await stranger()
      const code = (work: Promise<unknown>): Promise<unknown> =>
        work.then(
          () => 'opened',
          (error: { code?: unknown }) => error.code,
        )
      const foreign = await other.wrap(key)
      expect(await code(provider.unwrap(foreign))).toBe('KEY_WRONG')
      const mine = await provider.wrap(key)
      const bytes = new Uint8Array(mine.bytes)
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      expect(await code(provider.unwrap({ ...mine, bytes }))).toBe('KEY_WRONG')
    })
  })
}
