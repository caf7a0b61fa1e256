import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { type Project, project, shop } from './project.ts'

interface Finding {
  readonly what: string
  readonly state: string
  readonly says: string
  readonly mend?: string
}

async function findings(
  shopping: Project,
): Promise<{ readonly code: number | null; readonly found: readonly Finding[] }> {
  const { out, code } = await shopping.cli('doctor', '--json')
  return { code, found: JSON.parse(out).findings }
}

const about = (found: readonly Finding[], what: string) => found.filter((one) => one.what === what)

it('a project in order is called that, and what is missing is said without alarm', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada')
  const { found, code } = await findings(shopping)
  expect(code).toBe(0)
  expect(found.filter(({ state }) => state === 'bad')).toEqual([])
  expect(about(found, 'store')[0]?.says).toContain('is sound')
  expect(about(found, 'worker')[0]).toMatchObject({ state: 'notice', mend: expect.stringContaining('spanwise start') })
})

it('a worker that lives is named', async () => {
  const shopping = project(shop)
  const worker = shopping.begin(['start'])
  await worker.says('working on')
  const { found } = await findings(shopping)
  expect(about(found, 'worker')[0]?.says).toContain(`process ${worker.child.pid}`)
})

it('what is broken is said with what to do, each by itself, and the exit code is 1', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada')
  const file = join(shopping.folder, 'data/store.db')
  // the log of a store that was closed is in the file
  writeFileSync(file, 'this is not a database', { flag: 'r+' })
  const { found, code } = await findings(shopping)
  expect(code).toBe(1)
  expect(about(found, 'store')[0]).toMatchObject({ state: 'bad', mend: expect.any(String) })
  expect(about(found, 'config')[0]?.state).toBe('good')
})

it('a clock that was set back and a config that does not load are found', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada')
  const later = new Date(Date.now() + 3_600_000)
  utimesSync(join(shopping.folder, 'data/store.db'), later, later)
  const { found, code } = await findings(shopping)
  expect(code).toBe(1)
  expect(about(found, 'clock')[0]).toMatchObject({ state: 'bad', says: expect.stringContaining('set back') })
  shopping.write({ 'spanwise.config.ts': 'export default defineConfig({})' })
  expect(about((await findings(shopping)).found, 'config')[0]).toMatchObject({ state: 'bad' })
})

it('runs that need attention are counted', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada')
  const db = new DatabaseSync(join(shopping.folder, 'data/store.db'))
  db.exec('UPDATE spanwise_runs SET status = 3')
  db.close()
  rmSync(join(shopping.folder, 'data/store.db.owner'))
  const { found } = await findings(shopping)
  expect(about(found, 'runs').map(({ says }) => says)).toContain('1 needs attention')
})

it('what is due and nobody takes is named, with why: the config lacks its workflow, or the worker leaves it', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada', '--detach')
  await shopping.cli('run', 'patient', '--detach')
  const config = shop['spanwise.config.ts']
  shopping.write({ 'spanwise.config.ts': config.replace('workflows: [greet, ', 'workflows: [') })
  const worker = shopping.begin(['start'])
  await worker.says('working on')
  const db = new DatabaseSync(join(shopping.folder, 'data/store.db'), { timeout: 5_000 })
  db.exec(
    `UPDATE spanwise_runs SET wake_at = wake_at - 600000, updated_at = updated_at - 600000 WHERE workflow = 'greet'`,
  )
  db.close()
  const { found, code } = await findings(shopping)
  expect(code).toBe(0)
  const due = about(found, 'runs').find(({ says }) => says.includes('not taken'))
  expect(due?.says).toMatch(/^1 run of greet is due for 10m( \d+s)? and not taken, like /)
  expect(due?.mend).toContain('The config has no workflow "greet"')
})
