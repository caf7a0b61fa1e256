import { expect, it } from 'vitest'
import { type Ended, project } from './project.ts'

const files = {
  'spanwise.config.ts': `
import { defineConfig, step, workflow } from 'spanwise'
let computed = 0
const fetchRates = step(
  'fetch-rates',
  { cache: { lifetime: '1h', key: (input: { currency: string }) => input.currency, tags: ['rates'] } },
  async ({ currency }: { currency: string }) => ({ currency, computed: ++computed }),
)
export const quote = workflow('quote', (currency: string) => fetchRates({ currency }))
export default defineConfig({ store: 'sqlite:./s.db', workflows: [quote] })
`,
}

function document(ended: Ended): Record<string, unknown> {
  return JSON.parse(ended.out) as Record<string, unknown>
}

it('what may be reused is listed, seen where it was reused, and invalidated, with a worker and without', async () => {
  const bank = project(files)
  expect((await bank.cli('run', 'quote', 'EUR', '--id', 'one')).out).toContain('computed')
  expect((await bank.cli('run', 'quote', 'USD')).code).toBe(0)
  expect((await bank.cli('run', 'quote', 'EUR', '--id', 'two')).code).toBe(0)
  const run = String(document(await bank.cli('runs', 'show', 'quote:one', '--json'))['run'])
  const shown = await bank.cli('runs', 'show', 'quote:two')
  expect(shown.out).toContain(`fetch-rates  cached from ${run.slice(0, 8)}, entry 1`)
  // the file: nobody works
  const list = await bank.cli('cache')
  expect(list.out).toMatch(/STEP +FROM +WORKFLOW +COMPUTED +UNTIL/)
  expect(list.out).toContain(`${run.slice(0, 8)} entry 1`)
  expect(document(await bank.cli('cache', 'list', '--json'))['results']).toMatchObject([
    { step: 'fetch-rates', workflow: 'quote' },
    { step: 'fetch-rates', run, index: 1 },
  ])
  const eur = ['cache', 'invalidate', '--step', 'fetch-rates', '--key', 'EUR']
  expect(await bank.cli(...eur, '--dry-run')).toMatchObject({ code: 0, out: '', err: '1 result would be forgotten\n' })
  expect(await bank.cli(...eur)).toMatchObject({ code: 0, out: '1 result forgotten\n' })
  // over the control socket
  const worker = bank.begin(['start'])
  await worker.says('working on')
  expect(document(await bank.cli('cache', '--json'))['results']).toHaveLength(1)
  expect((await bank.cli('run', 'quote', 'EUR')).out).toContain('1')
  expect(document(await bank.cli('cache', 'invalidate', '--tag', 'rates', '--json'))).toEqual({
    count: 2,
    dryRun: false,
  })
  expect(await bank.cli('cache')).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringContaining('nothing may be reused'),
  })
  expect((await bank.cli('store', 'info')).out).toContain('spanwise_cache')
}, 120_000)

it('what is wrong about an invalidation is said, and nothing is forgotten', async () => {
  const bank = project(files)
  await bank.cli('run', 'quote', 'EUR')
  const wrong = (...args: readonly string[]) => bank.cli('cache', 'invalidate', ...args)
  expect(await wrong()).toMatchObject({ code: 2, err: expect.stringContaining('--dry-run says first') })
  expect(await wrong('--key', 'EUR')).toMatchObject({ code: 2, err: expect.stringContaining('no step is named') })
  expect(await wrong('--all', '--tag', 'rates')).toMatchObject({ code: 2 })
  expect(await wrong('--step', 'fetch-rates', '--key', '{')).toMatchObject({ code: 2 })
  expect(document(await bank.cli('cache', '--json'))['results']).toHaveLength(1)
})
