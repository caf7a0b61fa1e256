import { each, step, workflow } from 'spanwise'
import { graph } from 'spanwise/graph'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { useStage } from './browser.ts'

const stage = useStage()

const work = step('work', { effect: 'none' }, async (n: number) => n)
const many = workflow('many', async (n: number) => {
  const items = Array.from({ length: n }, (_, i) => i)
  await each(items, { key: String, concurrency: 200 }, work)
})

/** `rows` times `width` nodes, all of which are gone through. */
function wide(name: string, rows: number, width: number) {
  let made = graph(name, { state: z.object({}) }) as unknown as AnyGraph
  for (let row = 0; row < rows; row++) {
    made = made.node(`join${row}`, () => ({}))
    made = made.edge(row === 0 ? 'start' : Array.from({ length: width }, (_, i) => `n${row - 1}-${i}`), `join${row}`)
    for (let i = 0; i < width; i++) made = made.node(`n${row}-${i}`, () => ({})).edge(`join${row}`, `n${row}-${i}`)
  }
  return made.edge(
    Array.from({ length: width }, (_, i) => `n${rows - 1}-${i}`),
    'end',
  )
}

interface AnyGraph {
  node(name: string, work: () => object): AnyGraph
  edge(from: string | readonly string[], to: string): AnyGraph
}

const big = wide('big', 30, 9)
const huge = wide('huge', 30, 12)

/** Says how long the page was busy at a stretch, ms: so long nothing answers a click. */
const watchFreezes = `
  window.longest = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration)
  }).observe({ type: 'longtask', buffered: true })`

it('a run of 20 000 entries is shown at once, scrolls, and is searched', { timeout: 240_000 }, async () => {
  await stage.reopen({ isFilled: false, app: { workflows: [many] } })
  const { site, page } = stage
  const run = await site.app.start(many, 20_000)
  await run.result()
  await page.addInitScript(watchFreezes)
  const began = performance.now()
  await page.goto(`${site.url}/runs/${run.id}`)
  await page.locator('button[data-row]').first().waitFor()
  const firstRow = performance.now() - began
  await page.getByText(/^20,000 operations/).waitFor()
  const whole = performance.now() - began
  // only what is in sight is in the page
  expect(await page.locator('button[data-row]').count()).toBeLessThan(120)
  await page.getByRole('link', { name: 'Events' }).click()
  await page.getByText(/^20,0\d\d entries/).waitFor()
  const searching = performance.now()
  await page.getByLabel('Filter by kind or operation').fill('run.')
  await page.getByText('2 entries', { exact: true }).waitFor()
  const search = performance.now() - searching
  const longest = Number(await page.evaluate('window.longest'))
  expect(firstRow).toBeLessThan(5_000)
  expect(whole).toBeLessThan(20_000)
  expect(search).toBeLessThan(3_000)
  expect(longest).toBeLessThan(2_000)
})

it('a graph of 300 nodes is drawn with where a run stands; a larger one when somebody wants it', {
  timeout: 240_000,
}, async () => {
  await stage.reopen({ isFilled: false, app: { workflows: [big, huge] as never } })
  const { site, page } = stage
  const run = await site.app.start(big as never, {} as never)
  await run.result()
  await page.addInitScript(watchFreezes)
  const began = performance.now()
  await page.goto(`${site.url}/runs/${run.id}?tab=graph`)
  await page.getByText('✓ n29-8').waitFor()
  const drawn = performance.now() - began
  expect(await page.locator('section svg text').getByText(/^✓ /).count()).toBe(300)
  await page.getByLabel('Zoom').selectOption('100 %')
  await page.locator('section[aria-label="Graph big"]').evaluate('(node) => { node.scrollTop = 2000 }')
  const longest = Number(await page.evaluate('window.longest'))
  expect(drawn).toBeLessThan(10_000)
  expect(longest).toBeLessThan(1_500)
  await page.goto(`${site.url}/catalogue/huge`)
  await page.getByText('This graph has 390 nodes.').waitFor()
  expect(await page.locator('section svg').count()).toBe(0)
  await page.getByRole('button', { name: 'Draw it all the same' }).click()
  await page.getByText('n29-11', { exact: true }).last().waitFor()
})
