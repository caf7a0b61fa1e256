import { expect, it } from 'vitest'
import { type Ended, project } from './project.ts'

const files = {
  'spanwise.config.ts': `
    import { defineConfig, workflow } from 'spanwise'
    const digest = workflow('digest', async (top: number, { run }) => \`\${top} of \${run.schedule?.due.toISOString()}\`)
    export default defineConfig({
      store: 'sqlite:./store.db',
      workflows: [digest],
      schedules: [
        { workflow: digest, input: 10, id: 'daily', cron: '30 2 * * *', zone: 'Europe/Berlin' },
        { workflow: digest, input: 3, id: 'seconds', every: '1s', overlap: 'allow' },
      ],
    })`,
}

function document(ended: Ended): Record<string, unknown> {
  expect(ended).toMatchObject({ code: 0 })
  return JSON.parse(ended.out) as Record<string, unknown>
}

it('schedules of the config are made by the worker, run, and are worked with from another process', async () => {
  const shop = project(files)
  const worker = shop.begin(['start'])
  await worker.says('completed')
  const list = await shop.cli('schedules')
  expect(list.out).toMatch(/SCHEDULE +WORKFLOW +WHEN +NEXT +LAST/)
  expect(list.out).toMatch(/daily +digest +30 2 \* \* \* Europe\/Berlin +in /)
  expect(document(await shop.cli('schedules', '--json'))['schedules']).toHaveLength(2)

  expect((await shop.cli('schedules', 'pause', 'seconds', '--reason', 'enough')).out).toContain('seconds is paused')
  const shown = document(await shop.cli('schedules', 'show', 'seconds', '--json'))
  expect(shown).toMatchObject({ paused: { reason: 'enough' }, every: 1_000, overlap: 'allow' })
  const triggered = document(await shop.cli('schedules', 'trigger', 'daily', '--id', 'now', '--json'))
  expect(document(await shop.cli('schedules', 'trigger', 'daily', '--id', 'now', '--json'))['run']).toBe(
    triggered['run'],
  )
  await worker.says(String(triggered['run']))
  expect((await shop.cli('schedules', 'resume', 'seconds')).out).toContain('seconds goes on')

  const [from, to] = ['2026-03-28', '2026-03-31']
  const dry = await shop.cli('schedules', 'backfill', 'daily', '--from', from, '--to', to, '--dry-run')
  expect(dry.out).toBe('2026-03-28T01:30:00Z\n2026-03-29T01:00:00Z\n2026-03-30T00:30:00Z\n')
  const filled = document(await shop.cli('schedules', 'backfill', 'daily', '--from', from, '--to', to, '--json'))
  expect(filled).toMatchObject({ started: 3, existed: 0 })
  await worker.says(/(digest[^\n]*completed[\s\S]*){4}/)
  const runs = document(await shop.cli('runs', '--tag', 'schedule:daily', '--json'))['runs']
  expect(runs).toHaveLength(4)

  expect((await shop.cli('schedules', 'delete', 'daily')).out).toContain('deleted')
  expect(await shop.cli('schedules', 'show', 'daily')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no schedule'),
  })
  worker.child.kill('SIGTERM')
  expect((await worker.ended).code).toBe(0)
})

it('without a worker, schedules are changed in the file, and what is started waits for one', async () => {
  const shop = project(files)
  const worker = shop.begin(['start'])
  await worker.says('completed')
  worker.child.kill('SIGKILL')
  await worker.ended
  await shop.cli('schedules', 'pause', 'seconds')
  const { run } = document(await shop.cli('schedules', 'trigger', 'daily', '--json'))
  expect(document(await shop.cli('runs', 'show', String(run), '--json'))['status']).toBe('queued')
  const next = shop.begin(['start'])
  await expect
    .poll(async () => document(await shop.cli('runs', 'show', String(run), '--json'))['status'])
    .toBe('completed')
  // the config says it again, and it stays paused
  expect(document(await shop.cli('schedules', 'show', 'seconds', '--json'))['paused']).toBeTruthy()
  next.child.kill('SIGTERM')
  await next.ended
})

it('preview needs no store, and wrong patterns are wrong usage', async () => {
  const shop = project({})
  const berlin = ['schedules', 'preview', '--zone', 'Europe/Berlin', '--from', '2026-10-24', '--count', '2']
  const { out } = await shop.cli(...berlin, '--cron', '30 2 * * *')
  expect(out.match(/2026\S+Z/g)).toEqual(['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z'])
  expect(await shop.cli(...berlin, '--cron', 'soon')).toMatchObject({
    code: 2,
    err: expect.stringContaining('not a cron pattern'),
  })
  expect((await shop.cli('schedules', 'preview')).code).toBe(2)
  expect((await shop.cli('schedules', 'preview', '--every', '1h', '--from', 'never')).code).toBe(2)
})
