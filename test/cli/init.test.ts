import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { type Project, project } from './project.ts'

const timeout = 180_000
const modules = resolve(import.meta.dirname, '../../node_modules')

/** What `npm install` would bring. */
function installed(extra: Readonly<Record<string, string>> = {}): Project {
  const made = project(extra)
  mkdirSync(join(made.folder, 'node_modules/@types'))
  symlinkSync(join(modules, '@types/node'), join(made.folder, 'node_modules/@types/node'))
  return made
}

function read(made: Project, name: string): string {
  return readFileSync(join(made.folder, name), 'utf8')
}

const cases = [
  { template: 'greet', run: ['greet', 'Ada'], result: "{ text: 'Good day, Ada.', letters: 14 }\n" },
  { template: 'approve', run: ['refund', '{"order":"o","amount":5}'], result: "{ order: 'o', paid: 5 }\n" },
  { template: 'batch', run: ['measure', '["one"]'], result: "[ { text: 'one', letters: 3 } ]\n" },
]

for (const { template, run, result } of cases) {
  it(`what the template ${template} makes runs, passes its test and has its types`, { timeout }, async () => {
    const made = installed()
    const { code, out } = await made.cli('init', '--template', template, '--ts', '--no-install')
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining(`npx spanwise run ${run[0]} `) })
    expect(await made.cli('run', ...run)).toMatchObject({ code: 0, out: result })
    const node = ['--conditions=spanwise-source', '--test', '--test-isolation=none', `workflows/${run[0]}.test.ts`]
    const tested = spawnSync(process.execPath, node, { cwd: made.folder, encoding: 'utf8' })
    expect(tested, tested.stdout).toMatchObject({ status: 0, stdout: expect.stringContaining('pass 1') })
    // from its sources the package is held to its own, stricter rules
    const rules = ['--customConditions', 'spanwise-source', '--exactOptionalPropertyTypes']
    const tsc = [join(modules, '@typescript/native/bin/tsc'), '-p', '.', ...rules]
    const typed = spawnSync(process.execPath, tsc, { cwd: made.folder, encoding: 'utf8' })
    expect(typed.stdout).toBe('')
    expect(typed.status).toBe(0)
  })
}

it('a project that is there keeps what it has; one that is CommonJS gets files that say what they are', {
  timeout,
}, async () => {
  const made = installed({
    'package.json':
      '{ "name": "shop", "version": "2.0.0", "scripts": { "dev": "vite" }, "dependencies": { "zod": "4.6.7" } }',
    '.gitignore': 'node_modules/\n*.log',
  })
  expect((await made.cli('init', '--js', '--no-install')).code).toBe(0)
  expect(JSON.parse(read(made, 'package.json'))).toEqual({
    name: 'shop',
    version: '2.0.0',
    scripts: { dev: 'vite', start: 'spanwise start' },
    dependencies: { spanwise: '^0.1.0', zod: '4.6.7' },
  })
  expect(read(made, '.gitignore')).toBe('node_modules/\n*.log\ndata/\n')
  expect(existsSync(join(made.folder, 'spanwise.config.mjs'))).toBe(true)
  expect(await made.cli('run', 'greet', 'Ada')).toMatchObject({ code: 0 })
})

it('nothing is written where something would be overwritten', { timeout }, async () => {
  const made = installed({ 'workflows/greet.ts': 'export const mine = 1' })
  const refused = await made.cli('init', '--no-install')
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('nothing was written') })
  expect(read(made, 'package.json')).not.toContain('spanwise')
  expect(read(made, 'workflows/greet.ts')).toBe('export const mine = 1')
  expect((await made.cli('init', '--template', 'nothing')).code).toBe(2)
})

it('a new folder, and the package from a tarball named from here', { timeout }, async () => {
  const made = project({})
  writeFileSync(join(made.folder, 'spanwise-0.1.0.tgz'), '')
  const args = ['init', 'My Shop', '--package', './spanwise-0.1.0.tgz', '--no-install', '--json']
  const ended = await made.cli(...args)
  expect(JSON.parse(ended.out)).toMatchObject({ folder: join(made.folder, 'My Shop') })
  const manifest = JSON.parse(read(made, 'My Shop/package.json')) as { readonly dependencies: object }
  expect(manifest).toMatchObject({
    name: 'my-shop',
    type: 'module',
    dependencies: { spanwise: 'file:../spanwise-0.1.0.tgz' },
    scripts: { dev: 'spanwise dev', test: 'node --test "workflows/*.test.ts"' },
  })
  expect((await made.cli('init', 'b', '--package', './gone.tgz', '--no-install')).code).toBe(2)
})
