import { mkdirSync } from 'node:fs'
import { buildStudio, fill, openBrowser, openSite, provider, refund, support } from './world.ts'

// The pictures of the docs, from a site with runs of each kind: npm run studio:pictures
const folder = 'docs/images'
mkdirSync(folder, { recursive: true })
const site = await openSite(await buildStudio())
await fill(site)
// another model behind a name, as providers do it
provider.fail({ kind: 'model', model: 'gpt-5-mini-2026-11-30' })
await site.app.run(refund, { orderId: 'o-31', reason: 'late' })
const browser = await openBrowser()
const [stuck] = (await site.app.list({ workflow: 'order' })).items
const asks = await site.app.get(support, 'asks-for-money')
const [crowd] = (await site.app.list({ workflow: 'crowd' })).items

const pictures = [
  { name: 'studio-overview', path: '/', theme: 'light', width: 1280 },
  { name: 'studio-run', path: `/runs/${crowd?.id}?entry=5`, theme: 'dark', width: 1280 },
  { name: 'studio-failure', path: `/runs/${stuck?.id}`, theme: 'light', width: 1280 },
  { name: 'studio-graph', path: `/runs/${asks?.id}?tab=graph`, theme: 'light', width: 1280 },
  { name: 'studio-models', path: '/models', theme: 'light', width: 1280 },
  { name: 'studio-inbox-phone', path: '/inbox', theme: 'light', width: 390 },
] as const

for (const { name, path, theme, width } of pictures) {
  const page = await browser.newPage({ viewport: { width, height: 800 } })
  await page.addInitScript((value) => localStorage.setItem('spanwise.theme', value), theme)
  await page.goto(site.url + path)
  await page.getByRole('heading').first().waitFor()
  // everything that the page asks for has come
  await page.waitForTimeout(1_000)
  await page.screenshot({ path: `${folder}/${name}.png` })
  await page.close()
}
await browser.close()
await site[Symbol.asyncDispose]()
process.exit()
