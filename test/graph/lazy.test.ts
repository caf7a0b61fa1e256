import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Packages that a process loads which imports this. */
function loadedBy(entry: string): string {
  const code = `
    import { registerHooks } from 'node:module'
    const seen = new Set()
    registerHooks({ resolve(name, context, next) { const found = next(name, context); seen.add(found.url); return found } })
    await import(${JSON.stringify(entry)})
    console.log([...seen].join('\\n'))`
  const options = ['--conditions=spanwise-source', '--input-type=module', '--eval', code]
  const { stdout, stderr, status } = spawnSync(process.execPath, options, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

test('who writes graphs in code loads neither CEL nor YAML; who reads definitions does', () => {
  const libraries = /node_modules\/(@marcbachmann\/cel-js|yaml|zod)\//
  expect(loadedBy('spanwise/graph')).toMatch(/graph\/graph\.ts/)
  expect(loadedBy('spanwise/graph')).not.toMatch(libraries)
  expect(loadedBy('spanwise/graph/definition')).toMatch(libraries)
})
