import { FailError, sleep, step, workflow } from 'spanwise'
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

it('an overview has what was tried again, and how long it took to mend what needed attention', async () => {
  const broken = new Set(['a', 'b', 'c'])
  const failing = step('failing', { attempts: 3, backoff: '1s' }, async (name: string) => {
    if (broken.has(name)) throw new Error('down')
  })
  const fragile = workflow('fragile', (name: string) => failing(name))
  await using app = await testApp({ workflows: [fragile, other] })
  for (const name of ['a', 'b', 'c', 'fine']) await app.start(fragile, name, { id: name })
  await app.advance('1m')
  const mend = async (name: string, after: '1h' | '3h' | '7d') => {
    await app.advance(after)
    broken.delete(name)
    const run = await app.get(fragile, name)
    await run?.resume()
    await app.advance('1m')
  }
  await mend('a', '1h')
  await mend('b', '3h')
  const found = await app.overview()
  // three attempts each of three runs, of which the last is tried no more
  expect(found).toMatchObject({ parked: 3, recovered: 2, retries: 6, wasted: 0n })
  expect(found.timeToRecovery).toBeGreaterThanOrEqual(3_600_000)
  expect(found.timeToRecovery).toBeLessThan(3_600_000 + 120_000)
  expect(found.previous).toMatchObject({ parked: 0, recovered: 0, retries: 0, timeToRecovery: undefined })
  // mended a week later, it counts where it parked
  await mend('c', '7d')
  const later = await app.overview()
  expect(later).toMatchObject({ parked: 0, recovered: 0 })
  expect(later.previous).toMatchObject({ parked: 3, recovered: 3, retries: 6 })
})
