import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { project } from './project.ts'

const greet = `
  import { step, workflow } from 'spanwise'
  const hello = step('hello', async (name: string) => 'hello ' + name)
  export const greet = workflow('greet', (name: string) => hello(name))`
const config = (from: string): string => `
  import { defineConfig } from 'spanwise'
  import { greet } from '${from}'
  export default defineConfig({ store: 'sqlite:./store.db', workflows: [greet] })`

async function greets(files: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<void> {
  const ended = await project(files).cli('run', 'greet', 'Ada', ...args)
  expect(ended).toMatchObject({ out: 'hello Ada\n', code: 0 })
}

it.each([
  ['with its ending', './src/greet.ts', 'src/greet.ts'],
  ['without an ending', './src/greet', 'src/greet.ts'],
  ['.js for .ts', './src/greet.js', 'src/greet.ts'],
  ['.mjs for .mts', './src/greet.mjs', 'src/greet.mts'],
  ['as a folder', './src', 'src/index.ts'],
])('a module is imported %s', async (_, specifier, file) => {
  await greets({ 'spanwise.config.ts': config(specifier), [file]: greet })
})

it('tsconfig paths and baseUrl are followed, also through extends and with comments', async () => {
  await greets({
    'tsconfig.base.json': `{
      // where things are
      "compilerOptions": { "paths": { "@/*": ["./src/*"], "exact": ["./src/exact.ts"], }, /* and */ "baseUrl": "." },
    }`,
    'tsconfig.json': '{ "extends": "./tsconfig.base.json" }',
    'spanwise.config.ts': config('@/flows/greet'),
    'src/flows/greet.ts': `${greet}\nimport { a } from 'exact'\nimport { b } from 'src/plain'\nif (a + b !== 3) throw new Error()`,
    'src/exact.ts': 'export const a = 1',
    'src/plain.ts': 'export const b = 2',
  })
})

it('what is found in pool threads too', async () => {
  await greets({
    'tsconfig.json': '{ "compilerOptions": { "paths": { "~/*": ["./src/*"] } } }',
    'spanwise.config.ts': config('~/greet'),
    'src/greet.ts': `
      import { step, workflow } from 'spanwise'
      import { text } from '~/text'
      const hello = step('hello', { pool: 'thread', module: import.meta.url }, async (name: string) => text(name))
      export const greet = workflow('greet', (name: string) => hello(name))`,
    'src/text.ts': "import { word } from './word.js'\nexport const text = (name: string) => word + name",
    'src/word.ts': "export const word = 'hello '",
  })
})

it('the config is found upwards, named by --config, and may be a named export in plain JavaScript', async () => {
  const files = { 'spanwise.config.ts': config('./greet'), 'greet.ts': greet, 'deep/er/x.txt': '' }
  const above = project(files)
  expect((await above.begin(['run', 'greet', 'Ada'], { cwd: 'deep/er' }).ended).out).toBe('hello Ada\n')
  // the store is where the config means it
  expect((await above.cli('runs', '--json')).out).toContain('"completed"')
  const named = {
    'other.mjs':
      "import { greet } from './greet'\nexport const config = { store: 'sqlite:./store.db', workflows: [greet] }",
    'greet.ts': greet,
  }
  await greets(named, '--config', 'other.mjs')
})

it('no config, and one that is none, say what to write', async () => {
  expect(await project({}).cli('runs')).toMatchObject({ code: 2, err: expect.stringContaining('defineConfig') })
  const empty = project({ 'spanwise.config.ts': 'export default {}' })
  expect(await empty.cli('runs')).toMatchObject({ code: 1, err: expect.stringContaining('names no store') })
})

it('a config that opens the app is told not to', async () => {
  const eager = project({
    'spanwise.config.ts': `
      import { spanwise } from 'spanwise'
      export const config = { store: 'sqlite:./store.db', workflows: [] }
      await spanwise(config)`,
  })
  expect(await eager.cli('start')).toMatchObject({ code: 1, err: expect.stringContaining('A config only describes') })
})

it('a missing module and a type imported as a value are explained', async () => {
  const missing = await project({ 'spanwise.config.ts': config('./nowhere') }).cli('runs')
  expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('Check the import') })
  const typed = project({
    'spanwise.config.ts':
      "import { Shape } from './shape'\nexport default { store: 'sqlite:x.db', workflows: [] as Shape[] }",
    'shape.ts': 'export interface Shape { readonly name: string }',
  })
  expect(await typed.cli('runs')).toMatchObject({ code: 1, err: expect.stringContaining('import type') })
})

const coloured = {
  'spanwise.config.ts': config('./greet'),
  'greet.ts': `
    import { step, workflow } from 'spanwise'
    import { Word } from './word'
    const hello = step('hello', { pool: 'thread', module: import.meta.url }, async (name: string) => Word.Hello + name)
    export const greet = workflow('greet', (name: string) => hello(name))`,
  'word.ts': "export enum Word { Hello = 'hello ' }",
}

it('an enum needs tsx, and the error says so', async () => {
  const ended = await project(coloured).cli('run', 'greet', 'Ada')
  expect(ended).toMatchObject({ code: 1, err: expect.stringContaining('npm install --save-dev tsx') })
  expect(ended.err).toMatch(/at .*word\.ts:1\n/)
})

it('tsx is used where it is installed, in pool threads too, and only where it is needed', async () => {
  // what tsx is to us: a package of that name whose entry makes enums loadable
  const tsx = {
    'node_modules/tsx/package.json': '{ "name": "tsx", "type": "module", "exports": "./entry.mjs" }',
    'node_modules/tsx/entry.mjs': `
      import { readFileSync } from 'node:fs'
      import { registerHooks, stripTypeScriptTypes } from 'node:module'
      process.stderr.write('tsx is here\\n')
      registerHooks({
        resolve: (specifier, context, next) => {
          try { return next(specifier, context) } catch { return next(specifier + '.ts', context) }
        },
        load: (url, context, next) => {
          if (!/word[.]ts$/.test(url)) return next(url, context)
          const source = stripTypeScriptTypes(readFileSync(new URL(url), 'utf8'), { mode: 'transform' })
          return { format: 'module', source, shortCircuit: true }
        },
      })`,
  }
  const ended = await project({ ...coloured, ...tsx }).cli('run', 'greet', 'Ada')
  expect(ended).toMatchObject({ code: 0, out: 'hello Ada\n', err: expect.stringContaining('tsx is here') })
  const plain = await project({ 'spanwise.config.ts': config('./greet'), 'greet.ts': greet, ...tsx }).cli(
    'run',
    'greet',
    'Ada',
  )
  expect(plain).toMatchObject({ code: 0, err: expect.not.stringContaining('tsx is here') })
})

it('the installed command starts the built program, or says how to build it', () => {
  const bin = join(import.meta.dirname, '../../packages/spanwise/bin/spanwise.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, '--version'], { encoding: 'utf8' })
  if (status === 0) expect(stdout).toMatch(/^\d+\.\d+\.\d+/)
  else expect(stderr).toContain('npm run build')
})
