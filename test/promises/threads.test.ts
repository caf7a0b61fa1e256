import { expect, it } from 'vitest'
import { step, workflow } from '../../packages/spanwise/src/index.ts'
import { testApp } from '../../packages/spanwise/src/testing/index.ts'
import { eat, loop } from './fixtures/hungry.ts'

it('a step that exceeds its memory fails by name, once, and the process lives', async () => {
  const flow = workflow('flow', async () => {
    const small = await eat(1)
    try {
      return await eat(10_000)
    } catch (error) {
      return [small, (error as { code?: string }).code]
    }
  })
  await using app = await testApp({ workflows: [flow], threads: 1 })
  expect(await app.run(flow)).toEqual([1, 'MEMORY_LIMIT'])
  expect(app.executions('eat')).toBe(2)
})

it('a step that loops for ever is stopped at its timeout', async () => {
  const flow = workflow('flow', async () => {
    try {
      return await loop()
    } catch (error) {
      return (error as { code?: string }).code
    }
  })
  await using app = await testApp({ workflows: [flow] })
  expect(await app.run(flow)).toBe('TIMEOUT')
})

it('a limit of memory without a thread, or that is no size, is told where it is written', () => {
  expect(() => step('odd', { memory: '1GB' }, () => 1)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  const options = { pool: 'thread', module: import.meta.url, memory: '1 GB' as '1GB' } as const
  expect(() => step('odd', options, () => 1)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
