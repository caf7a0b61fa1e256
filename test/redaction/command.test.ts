import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { project } from '../cli/project.ts'

// put together, so that nobody's scanner takes it for a real one
const key = `sk-proj-${'aB3dE5gH7jK9'.repeat(4)}`
const files = {
  'spanwise.config.ts': `
    import { defineConfig, step, workflow } from 'spanwise'
    import { personalData } from 'spanwise/redact'
    const read = step('read', async (text: string) => ({ from: 'bob@example.com', text }))
    const loose = step('loose', { redact: false }, async () => 'ann@example.com')
    const mail = workflow('mail', async (text: string) => [await read(text), await loose()])
    export default defineConfig({ store: 'sqlite:./store.db', workflows: [mail], redact: { find: personalData() } })
  `,
  'notes.txt': `Dear Ann,\nwrite to bob@example.com or ${key}\n`,
  'clean.txt': 'Nothing to see.\n',
}

it('shows where something would be redacted, and changes nothing', async () => {
  const { cli, folder } = project(files)
  const seen = await cli('audit', 'redact', '--file', 'notes.txt', '--file', 'clean.txt')
  expect(seen.code).toBe(0)
  expect(
    seen.out
      .replace(/ +/g, ' ')
      .trim()
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual(['IN AT WHAT TIMES', 'notes.txt 2:10 email 1', 'notes.txt 2:29 openai-key 1'])
  expect(seen.out).not.toContain(key)
  expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe(files['notes.txt'])
  expect((await cli('audit', 'redact', '--file', 'notes.txt', '--check')).code).toBe(1)
  expect((await cli('audit', 'redact', '--file', 'clean.txt', '--check')).code).toBe(0)
  expect((await cli('audit', 'redact', '--file', 'notes.txt', '--text')).out).toBe(
    'Dear Ann,\nwrite to [email] or [openai-key]\n',
  )
  expect(JSON.parse((await cli('audit', 'redact', '--file', 'notes.txt', '--json')).out)).toMatchObject({ found: 2 })
  expect((await cli('audit', 'redact', '--file', 'gone.txt')).code).toBe(2)
  expect((await cli('audit', 'redact', '--run', 'x', '--text')).code).toBe(2)
})

it('the config holds for what the command line starts; what was written with less is shown; all of it verifies and can be handed on', async () => {
  const { cli } = project(files)
  const { out } = await cli('run', 'mail', `tell ann@example.com of ${key}`, '--id', 'one')
  expect(out).toContain('[email]')
  expect(out).toContain('[openai-key]')
  const found = await cli('audit', 'redact', '--run', 'mail:one', '--json')
  expect(JSON.parse(found.out).places.map(({ in: kind, kind: what }: Record<string, string>) => [kind, what])).toEqual([
    ['step.result', 'email'],
  ])
  expect((await cli('audit', 'verify')).out).toContain('everything holds')
  expect((await cli('audit', 'bundle', 'mail:one', '--out', 'evidence')).code).toBe(0)
  expect((await cli('explain', 'mail:one')).out.replace(/\s+/g, ' ')).toContain('tell [email] of [openai-key]')
  const shown = await cli('runs', 'show', 'mail:one', '--all', '--json')
  expect(shown.out).toContain('openai-key 1')
})
