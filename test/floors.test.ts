import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

// a rule that never fires looks just like a rule that is kept: these trees break each of them on purpose
const root = resolve(import.meta.dirname, '..')
const src = 'packages/spanwise/src'
let tree: string

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'floors-'))
  write('package.json', '{ "name": "tree", "type": "module", "devDependencies": { "zod": "*" } }')
  write('tsconfig.json', '{}')
  write('node_modules/zod/package.json', '{ "name": "zod", "main": "index.js" }')
  write('node_modules/zod/index.js', '')
  for (const folder of ['test', 'examples', 'bench']) mkdirSync(join(tree, folder))
  for (const room of ['journal', 'workflow', 'engine', 'app', 'cli', 'testing']) {
    write(`${src}/${room}/index.ts`, "export * from './inside.ts'")
    write(`${src}/${room}/inside.ts`, `export const ${room} = 1\nexport type T = number`)
  }
  write(`${src}/index.ts`, "export { journal } from './journal/index.ts'")
})

afterEach(() => rmSync(tree, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true })
  writeFileSync(join(tree, path), `${text}\n`)
}

/** names of the rules that are broken */
function broken(): string[] {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const config = join(root, '.dependency-cruiser.mjs')
  const run = spawnSync(
    process.execPath,
    [bin, '--config', config, '--output-type', 'json', src, 'examples', 'bench', 'test'],
    { cwd: tree, encoding: 'utf8' },
  )
  if (run.stdout === '') throw new Error(run.stderr)
  const report: { summary: { violations: { rule: { name: string } }[] } } = JSON.parse(run.stdout)
  return [...new Set(report.summary.violations.map((violation) => violation.rule.name))].sort()
}

describe('floors', () => {
  it('lets a room use the floors below through their doors, and its own files and tests as it likes', () => {
    write(
      `${src}/app/a.ts`,
      "export { engine } from '../engine/index.ts'\nexport type { T } from '../journal/index.ts'",
    )
    write(`${src}/app/a.test.ts`, "import './a.ts'\nimport './inside.ts'")
    write('test/crossing.test.ts', `import '../${src}/engine/index.ts'`)
    expect(broken()).toEqual([])
  })

  it.each([
    ['a value from above', 'journal', "export * from '../app/index.ts'", ['floor-journal']],
    ['a type from above', 'journal', "import type { T } from '../app/index.ts'\nexport type U = T", ['floor-journal']],
    ['a dynamic import from above', 'engine', "export const late = () => import('../cli/index.ts')", ['floor-engine']],
    ['the public entry, from inside', 'cli', "export * from '../index.ts'", ['floor-cli']],
    ['a room on the same floor', 'cli', "export * from '../testing/index.ts'", ['floor-cli']],
    ['a file behind another door', 'app', "export * from '../engine/inside.ts'", ['door']],
    ['I/O in the replay runtime', 'workflow', "import 'node:fs/promises'", ['workflow-is-pure']],
    ['SQLite in the replay runtime', 'workflow', "import 'node:sqlite'", ['workflow-is-pure']],
    ['a file that is not there', 'engine', "import './gone.ts'", ['resolvable']],
    ['a development dependency', 'engine', "import 'zod'", ['shipped-dependencies']],
    ['a test', 'engine', "import '../engine/x.test.ts'", ['no-test-in-product']],
  ])('refuses %s', (_, room, text, rules) => {
    write(`${src}/engine/x.test.ts`, 'export {}')
    write(`${src}/${room}/a.ts`, text)
    expect(broken()).toEqual(rules)
  })

  it('refuses a test that reaches behind the door of another room', () => {
    write(`${src}/cli/a.test.ts`, "import '../engine/inside.ts'")
    expect(broken()).toEqual(['door'])
  })

  it('refuses circles, of types too', () => {
    write(`${src}/app/a.ts`, "import type { B } from './b.ts'\nexport type A = B | 1")
    write(`${src}/app/b.ts`, "import type { A } from './a.ts'\nexport type B = A | 2")
    expect(broken()).toEqual(['no-circle'])
  })

  it('refuses a room that stands on no floor', () => {
    write(`${src}/attic/index.ts`, "export * from '../journal/index.ts'")
    expect(broken()).toEqual(['known-room'])
  })

  it('refuses to enter a room from outside but by its door', () => {
    write(`${src}/index.ts`, "export * from './journal/inside.ts'")
    write('test/crossing.test.ts', `import '../${src}/engine/inside.ts'`)
    expect(broken()).toEqual(['door-from-outside'])
  })

  it('refuses examples that know more than a user does', () => {
    write('examples/one/main.ts', `import '../../${src}/index.ts'`)
    expect(broken()).toEqual(['public-surface'])
  })
})
