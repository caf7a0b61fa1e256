import { expect, it } from 'vitest'
import { type Ended, project } from './project.ts'

const files = {
  'spanwise.config.ts': `
import { existsSync } from 'node:fs'
import { child, defineConfig, each, step, workflow } from 'spanwise'
const price = step('price', { effect: 'idempotent' }, async (item: string) => ({ item, amount: item.length * 10 }))
const charge = step('charge', { attempts: 1 }, async ({ amount }: { amount: number }) => {
  if (amount > 100 && !existsSync('mended')) throw new TypeError(\`card \${Math.random()} refuses \${amount}\`)
  return { paid: amount }
})
const mail = step('mail', async (text: string) => \`sent \${text}\`)
export const buy = workflow('buy', async (item: string) => {
  const receipt = await charge(await price(item))
  await each(['a', 'b'], { key: (x) => x }, mail)
  return receipt
})
export const many = workflow('many', async (count: number) => {
  for (let n = 0; n < count; n++) await child.start(buy, \`something long, \${n}\`, { onParentClose: 'abandon' })
})
export default defineConfig({ store: 'sqlite:./s.db', workflows: [buy, many] })
`,
}

function document(ended: Ended): Record<string, unknown> {
  return JSON.parse(ended.out) as Record<string, unknown>
}

it('a run is forked: said first, then done; and compared with what it came from', async () => {
  const shop = project(files)
  expect((await shop.cli('run', 'buy', 'tea', '--id', 'one')).code).toBe(0)
  const entries = await shop.cli('runs', 'show', 'buy:one', '--entries')
  expect(entries.out).toMatch(/2 +1 +\+\S+ m?s +step\.result +charge#0/)
  const dry = await shop.cli('runs', 'fork', 'buy:one', '--from', '2', '--dry-run')
  expect(dry).toMatchObject({ code: 0, out: '' })
  expect(dry.err).toMatch(/does again +charge/)
  expect(dry.err).toMatch(/came later +each\/mail ×2/)
  expect(dry.err).toContain('parks in front of the first one')
  for (const line of `${entries.out}\n${dry.err}`.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  shop.write({ 'other.json': '{ "amount": 7 }' })
  const made = await shop.cli('runs', 'fork', 'buy:one', '--from', '2', '--edit-input', 'other.json', '--json')
  const fork = String(document(made)['run'])
  expect(document(made)).toMatchObject({ source: expect.any(String), from: 2, worker: null })
  const worker = shop.begin(['start'])
  await worker.says(/needs attention/)
  const shown = await shop.cli('runs', 'show', fork)
  expect(shown.out).toContain('fork of')
  expect(shown.out).toContain(`spanwise resume ${fork} --allow charge`)
  expect((await shop.cli('resume', fork, '--allow', 'charge', '--allow', 'mail')).code).toBe(0)
  await worker.says(/completed/)
  expect((await shop.cli('runs', 'show', 'buy:one')).out).toContain(`${fork} from entry 2`)
  const diff = await shop.cli('runs', 'diff', 'buy:one', fork)
  expect(diff.out).toContain('first divergence: charge: other input (entry 2 of a, entry')
  expect(diff.out).toContain('differs at .amount, .item')
  for (const line of diff.out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  expect(document(await shop.cli('runs', 'diff', 'buy:one', fork, '--json'))).toMatchObject({
    divergence: { key: 'charge#0', is: 'other input' },
  })
  expect((await shop.cli('runs', 'diff', fork, fork)).out).toContain('no divergence')
}, 60_000)

it('what is wrong about a fork is said, and nothing is made', async () => {
  const shop = project(files)
  await shop.cli('run', 'buy', 'tea', '--id', 'one')
  const wrong = async (...args: readonly string[]) => shop.cli('runs', 'fork', 'buy:one', ...args)
  expect(await wrong()).toMatchObject({ code: 2, err: expect.stringContaining('--from') })
  expect(await wrong('--from', '99')).toMatchObject({ code: 1, err: expect.stringContaining('has no entry 99') })
  expect(await wrong('--from', '2', '--edit-result', '{')).toMatchObject({ code: 2 })
  expect(await wrong('--from', '2', '--edit-input', '1', '--edit-result', '2')).toMatchObject({ code: 2 })
  expect(document(await shop.cli('runs', '--json'))['runs']).toHaveLength(1)
})

it('a run is shown as it stood', async () => {
  const shop = project(files)
  await shop.cli('run', 'buy', 'tea', '--id', 'one')
  const { out, code } = await shop.cli('runs', 'show', 'buy:one', '--at', '1')
  expect(code).toBe(0)
  expect(out).toMatch(/running at entry 1/)
  expect(out).toContain('charge, since entry 1')
  expect(out).toContain("1  price  { item: 'tea', amount: 30 }")
  expect(document(await shop.cli('runs', 'show', 'buy:one', '--at', '1', '--json'))).toMatchObject({
    status: 'running',
  })
  expect((await shop.cli('runs', 'show', 'buy:one', '--at', '99')).code).toBe(1)
})

it('failures are listed, shown, and mended together', async () => {
  const shop = project(files)
  await shop.cli('run', 'many', '30')
  const worker = shop.begin(['start'])
  await expect
    .poll(async () => (await shop.cli('failures')).out, { timeout: 30_000, interval: 300 })
    .toMatch(/buy +30 +\d+ s ago +card/)
  const [failure] = document(await shop.cli('failures', '--json'))['failures'] as { fingerprint: string }[]
  const print = failure?.fingerprint as string
  const shown = await shop.cli('failures', 'show', print)
  expect(shown.out).toMatch(/30 need attention/)
  expect(shown.out).toContain('error: TypeError: card')
  expect(shown.err).toContain(`spanwise resume --fingerprint ${print} --dry-run`)
  const dry = await shop.cli('resume', '--fingerprint', print, '--dry-run')
  expect(dry.out).toContain('30 runs would be resumed\n      30  buy, needs attention, from charge')
  shop.write({ mended: '' })
  expect((await shop.cli('resume', '--fingerprint', print)).out).toContain('30 runs resumed')
  await expect
    .poll(async () => (await shop.cli('failures')).err, { timeout: 30_000, interval: 300 })
    .toContain('no run needs attention')
  expect((await shop.cli('failures', 'show', print)).code).toBe(1)
  worker.child.kill('SIGINT')
  await worker.ended
}, 90_000)
