import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { parseJsonc } from './jsonc.ts'
import { type Mapping, mapped, mappingFor } from './tsconfig.ts'

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-tsconfig-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

it('comments and trailing commas go, and what looks like them in strings stays', () => {
  const text = '\uFEFF{ // one\n "a": "// no \\" , ]", /* two\n */ "b": [1, 2, ], "c": "/*", }'
  expect(parseJsonc(text)).toEqual({ a: '// no " , ]', b: [1, 2], c: '/*' })
  expect(() => parseJsonc('{ "a": ')).toThrow()
  expect(() => parseJsonc('{ "a": "')).toThrow()
})

it('an exact path beats patterns, and the longest beginning wins among these', () => {
  const mapping: Mapping = {
    baseUrl: undefined,
    paths: [
      { pattern: '*', targets: ['/any/*'] },
      { pattern: '@/*', targets: ['/a/*', '/b/*'] },
      { pattern: '@/deep/*.js', targets: ['/deep/*.ts'] },
      { pattern: '@/deep/x', targets: ['/x.ts'] },
    ],
  }
  expect(mapped(mapping, '@/deep/x')).toEqual(['/x.ts'])
  expect(mapped(mapping, '@/deep/y.js')).toEqual(['/deep/y.ts'])
  expect(mapped(mapping, '@/deep/y')).toEqual(['/a/deep/y', '/b/deep/y'])
  expect(mapped(mapping, 'z')).toEqual(['/any/z'])
  // a name is put in as it is
  expect(mapped(mapping, '@/$&')).toEqual(['/a/$&', '/b/$&'])
})

it('the nearest tsconfig counts, and paths are meant from the file that names them', () => {
  const folder = folderWith({
    'base/tsconfig.json': '{ "compilerOptions": { "paths": { "b": ["./b.ts"] } } }',
    'tsconfig.json': '{ "extends": "./base/tsconfig" }',
    'own/tsconfig.json': '{ "extends": ["../base/tsconfig.json"], "compilerOptions": { "baseUrl": "src" } }',
    'own/deep/x.ts': '',
    'circle/tsconfig.json': '{ "extends": "./tsconfig.json", "compilerOptions": { "paths": { "c": ["c.ts"] } } }',
    'broken/tsconfig.json': '{',
  })
  const mappedFrom = (name: string, specifier: string): readonly string[] | undefined => {
    const mapping = mappingFor(join(folder, name))
    return mapping && mapped(mapping, specifier)
  }
  expect(mappedFrom('.', 'b')).toEqual([join(folder, 'base/b.ts')])
  expect(mappedFrom('own/deep', 'b')).toEqual([join(folder, 'base/b.ts'), join(folder, 'own/src/b')])
  expect(mappedFrom('circle', 'c')).toEqual([join(folder, 'circle/c.ts')])
  expect(mappedFrom('broken', 'b')).toBeUndefined()
})
