import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Ended, project } from './project.ts'

const files = {
  'spanwise.config.ts': `
    import { defineConfig, step, workflow } from 'spanwise'
    const add = step('add', (n: number) => n + 1)
    const count = workflow('count', async (n: number) => add(n))
    export default defineConfig({ store: 'sqlite:./store.db', workflows: [count] })`,
}

function document(ended: Ended): Record<string, unknown> {
  expect(ended.err).toBe('')
  expect(ended.code).toBe(0)
  return JSON.parse(ended.out) as Record<string, unknown>
}

it('a store is backed up while a worker works, checked, restored, and says that it is older', async () => {
  const shop = project(files)
  const worker = shop.begin(['start'])
  await worker.says('working on')
  expect((await shop.cli('run', 'count', '1', '--id', 'one')).out).toBe('2\n')

  expect(document(await shop.cli('store', 'backup', 'backup.db', '--json'))).toMatchObject({ entries: 3 })
  expect(await shop.cli('store', 'backup', 'backup.db')).toMatchObject({
    code: 1,
    err: expect.stringContaining('overwrites nothing'),
  })
  expect((await shop.cli('run', 'count', '2', '--id', 'two')).out).toBe('3\n')
  const info = await shop.cli('store', 'info')
  expect(info.out).toMatch(/worker +process \d+ on /)
  expect(info.out).toMatch(/content +2 runs, 6 entries/)
  expect(info.out).toContain('spanwise_segments')
  expect((await shop.cli('store', 'check')).out).toContain('2 runs, 6 entries: all as they were written')
  const refused = await shop.cli('store', 'restore', 'backup.db')
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('is working on the store') })
  worker.child.kill('SIGTERM')
  await worker.ended

  const restored = document(await shop.cli('store', 'restore', 'backup.db', '--json'))
  expect(existsSync(String(restored['kept']))).toBe(true)
  expect(readdirSync(shop.folder).filter((name) => name.includes('restoring'))).toEqual([])
  const next = shop.begin(['start'])
  await next.says('older than what was acknowledged')
  expect((await shop.cli('store', 'info')).out).toContain('lacked the last 3 entries')
  // the run that was lost is a new one: whoever had it acknowledged is told by the notice
  expect((await shop.cli('run', 'count', '2', '--id', 'two')).out).toBe('3\n')
  expect((await shop.cli('store', 'accept')).out).toContain('accepted')
  next.child.kill('SIGTERM')
  await next.ended
  expect((await shop.cli('store', 'info')).out).not.toContain('lacked')
  expect((await shop.cli('store', 'compact')).out).toContain('→')
})

it('a store that is not there, or is in memory, is said so', async () => {
  const shop = project(files)
  expect(await shop.cli('store', 'info')).toMatchObject({ code: 1, err: expect.stringContaining('no store') })
  expect((await shop.cli('store', 'check', '--store', 'memory:')).code).toBe(2)
  expect(readdirSync(join(shop.folder)).filter((name) => name.startsWith('store'))).toEqual([])
})

it('old runs are archived and pruned, by options or by the rules of the config, with or without a worker', async () => {
  const shop = project({
    'spanwise.config.ts': `
      import { defineConfig, step, workflow } from 'spanwise'
      const add = step('add', (n: number) => n + 1)
      const count = workflow('count', async (n: number) => add(n))
      export default defineConfig({
        store: 'sqlite:./store.db',
        workflows: [count],
        retention: [{ workflow: 'count', keep: '1ms', action: 'archive' }],
      })`,
  })
  for (const n of ['1', '2', '3']) await shop.cli('run', 'count', n, '--id', `c${n}`)
  const worker = shop.begin(['start'])
  await worker.says('working on')
  expect((await shop.cli('store', 'archive', '--dry-run')).err).toContain('3 runs would be archived')
  expect((await shop.cli('store', 'archive')).out).toBe('3 runs archived\n')
  worker.child.kill('SIGTERM')
  await worker.ended
  const list = document(await shop.cli('store', 'archive', 'list', '--json'))
  expect(list['archives']).toMatchObject([{ runs: 3 }])
  const shown = await shop.cli('store', 'archive', 'show', 'count:c2')
  expect(shown.out).toContain('completed')
  expect(shown.out).toContain('✔ add')
  expect(document(await shop.cli('runs', 'show', 'count:c2', '--json'))).toMatchObject({ result: 3 })
  expect((await shop.cli('store', 'archive', 'restore', 'count:c2')).out).toContain('is in the store again')
  expect((await shop.cli('store', 'archive', 'restore', 'count:c2')).code).toBe(1)
  expect((await shop.cli('store', 'check')).out).toContain('all as they were written')

  expect(await shop.cli('store', 'prune')).toMatchObject({
    code: 2,
    err: expect.stringContaining('no rule that deletes'),
  })
  expect((await shop.cli('store', 'prune', '--workflow', 'count')).code).toBe(2)
  expect((await shop.cli('store', 'prune', '--older-than', 'soon')).code).toBe(2)
  expect((await shop.cli('store', 'prune', '--older-than', '1ms', '--status', 'running')).code).toBe(2)
  const pruned = document(await shop.cli('store', 'prune', '--older-than', '1ms', '--status', 'completed', '--json'))
  // the newest run keeps the place of the next one's number
  expect(pruned).toMatchObject({ deleted: 2, archived: 0 })
  expect(document(await shop.cli('runs', '--json'))['runs']).toHaveLength(1)
})
