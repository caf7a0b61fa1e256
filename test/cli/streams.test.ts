import { expect, it } from 'vitest'
import { project } from './project.ts'

const files = {
  'spanwise.config.ts': `
import { defineConfig, stream, workflow } from 'spanwise'
export const say = workflow('say', async (text: string) => stream('talk').append(text))
export default defineConfig({ store: 'sqlite:./s.db', workflows: [say] })
`,
}

it('streams are made, appended to, read, closed and deleted, and what a run says is among them', async () => {
  const bank = project(files)
  expect((await bank.cli('run', 'say', 'hello')).code).toBe(0)
  expect((await bank.cli('streams')).out).toMatch(/STREAM +STATUS +LENGTH +TYPE +MADE/)
  expect(await bank.cli('streams', 'append', 'talk', '{"n":1}')).toMatchObject({
    code: 0,
    out: 'appended: talk has 2 messages\n',
  })
  expect(await bank.cli('streams', 'tail', 'none')).toMatchObject({ code: 1 })
  expect((await bank.cli('streams', 'read', 'talk')).out).toBe('"hello"\n{"n":1}\n')
  expect((await bank.cli('streams', 'close', 'talk')).out).toMatch(/^talk is closed; sha256 [0-9a-f]{64}\n$/)
  // it is at its end
  expect((await bank.cli('streams', 'tail', 'talk')).out).toBe('"hello"\n{"n":1}\n')
  expect((await bank.cli('streams', 'show', 'talk', '--json')).out).toContain('"isClosed":true')
  expect((await bank.cli('streams', 'append', 'talk')).code).toBe(2)
  expect((await bank.cli('streams', 'delete', 'talk')).out).toBe('talk is deleted\n')
})
