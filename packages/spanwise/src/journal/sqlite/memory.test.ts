import { expect, it } from 'vitest'
import { created } from '../testsuite/build.testsuite.ts'
import { openMemoryStore } from './memory.ts'

it('a store in memory outlives those who close it, until it is disposed of', async () => {
  const store = openMemoryStore()
  const run = await created(store)
  await store.close()
  expect(await store.run(run.run)).toEqual(run)
  store.dispose()
  store.dispose()
  await expect(store.run(run.run)).rejects.toMatchObject({ code: 'STORE_CLOSED' })
})

it('two stores in memory have nothing in common', async () => {
  using a = openMemoryStore()
  using b = openMemoryStore()
  const run = await created(a)
  expect(await b.run(run.run)).toBeUndefined()
  expect(a.info.id).not.toBe(b.info.id)
  expect(a.info.token('id', 'x')).not.toBe(b.info.token('id', 'x'))
})
