import { beforeEach, describe, expect, it } from 'vitest'
import type { NewMemory } from '../memories.ts'
import type { Store } from '../store.ts'
import { type OpenForTest, owned } from './build.testsuite.ts'

export function testMemories(open: OpenForTest): void {
  let store: Store
  beforeEach(async () => {
    store = (await open()).store
  })
  const vector = (...numbers: number[]): Uint8Array => {
    const length = Math.hypot(...numbers)
    return new Uint8Array(Float32Array.from(numbers, (one) => one / length).buffer)
  }
  const put = (id: string, more: Partial<NewMemory> = {}) =>
    store.remember({ id, space: 'a', text: `text ${id}`, vector: vector(1, 0), at: 1_000, ...more })
  const ids = async (more: object = {}) =>
    (await store.recall({ space: 'a', now: 2_000, limit: 10, vector: vector(1, 0), ...more })).map(({ id }) => id)

  describe('memories', () => {
    it('are found by how near they are, and as near as is asked for', async () => {
      await put('far', { vector: vector(0, 1) })
      await put('near', { vector: vector(2, 1) })
      await put('same', { vector: vector(7, 0) })
      expect(await ids()).toEqual(['same', 'near', 'far'])
      expect(await ids({ limit: 2 })).toEqual(['same', 'near'])
      expect(await ids({ atLeast: 0.5 })).toEqual(['same', 'near'])
      const [first] = await store.recall({ space: 'a', now: 2_000, limit: 1, vector: vector(3, 0) })
      expect(first).toEqual({ id: 'same', text: 'text same', at: 1_000, run: undefined, score: expect.closeTo(1) })
    })

    it('are found in their own space, by vectors of their own length, and the latest first where nothing is looked for', async () => {
      await put('one')
      await put('other', { space: 'b' })
      await put('longer', { vector: vector(1, 0, 0) })
      await put('plain', { vector: undefined })
      expect(await ids()).toEqual(['one'])
      expect(await ids({ vector: undefined })).toEqual(['plain', 'longer', 'one'])
    })

    it('are put once, however often it is said', async () => {
      await put('one')
      await put('one', { text: 'something else' })
      expect((await store.recall({ space: 'a', now: 0, limit: 9 })).map(({ text }) => text)).toEqual(['text one'])
    })

    it('are not found when they have expired', async () => {
      await put('short', { expires: 1_500 })
      await put('long', { expires: 2_500 })
      expect(await ids()).toEqual(['long'])
      expect(await ids({ now: 1_400 })).toEqual(['short', 'long'])
    })

    it('are forgotten one by one, or all of a space', async () => {
      await put('one')
      await put('two')
      await put('three', { space: 'b' })
      expect(await store.forgetMemories({ space: 'b', id: 'one' })).toBe(0)
      expect(await store.forgetMemories({ space: 'a', id: 'one' })).toBe(1)
      expect(await store.forgetMemories({ space: 'a' })).toBe(1)
      expect(await ids({ space: 'b' })).toEqual(['three'])
    })

    it('are erased with their subject, and with the run that put them there; nothing new comes about an erased subject', async () => {
      const run = await owned(store)
      await put('about', { subject: 'ada' })
      await put('by', { run: run.run })
      await put('rest')
      await store.erase({ subject: 'ada' })
      expect(await ids()).toEqual(['by', 'rest'])
      await store.erase({ run: run.run })
      expect(await ids()).toEqual(['rest'])
      await expect(put('again', { subject: 'ada' })).rejects.toMatchObject({ code: 'SUBJECT_ERASED' })
    })
  })
}
