import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('loads nothing of Node or of the server but the table of operations', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => !name.endsWith('.test.ts'))
  const loaded = [...files, '../operations.ts'].flatMap((name) => {
    const text = readFileSync(new URL(name, import.meta.url), 'utf8')
    return [...text.matchAll(/^(?:import|export) (?!type\b)[^'"]*?from '([^']+)'/gm)].map((match) => match[1])
  })
  expect(loaded.filter((name) => !/^\.\/\w+\.ts$/.test(name ?? ''))).toEqual(['../operations.ts'])
})
