import { FailError, sleep, workflow } from 'spanwise'
import { testApp } from 'spanwise/testing'
import { expect, it } from 'vitest'

const job = workflow('job', async (how: 'good' | 'slow' | 'bad') => {
  if (how === 'bad') throw new FailError('no')
  await sleep(how === 'slow' ? '10m' : '1m')
})
const other = workflow('other', async () => {})

it('an overview has the runs of the period, and of as much time before, each in one part', async () => {
  await using app = await testApp({ workflows: [job, other] })
  expect(await app.overview()).toMatchObject({ started: 0, successRate: undefined, p50: undefined, isWhole: true })
  await app.start(job, 'bad')
  await app.advance('7d')
  for (const how of ['good', 'good', 'slow', 'bad'] as const) await app.start(job, how)
  await app.start(other)
  await app.advance('1h')
  const found = await app.overview({ workflow: 'job' })
  expect(found).toMatchObject({
    started: 4,
    successRate: 0.75,
    p50: 60_000,
    p95: 600_000,
    cost: 0n,
    costPerSuccess: 0n,
  })
  expect(found.previous).toMatchObject({ started: 1, successRate: 0, p50: undefined, costPerSuccess: undefined })
  expect(found.workflows).toEqual([{ workflow: 'job', started: 4, completed: 3, wrong: 1 }])
  expect(found.parts.at(-1)).toMatchObject({ completed: 3, wrong: 1, other: 0 })
  expect(found.parts.slice(0, -1).every(({ completed, wrong }) => completed + wrong === 0)).toBe(true)
  expect((await app.overview()).started).toBe(5)
})
