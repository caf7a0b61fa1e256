import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { version } from '../app/index.ts'
import { openApi } from './openapi.ts'
import { operations } from './operations.ts'

type Json = { readonly [name: string]: unknown }
const document = openApi(version())

it('is the page in the docs (npm run docs:api)', () => {
  const page = readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8')
  expect(JSON.parse(page)).toEqual(JSON.parse(JSON.stringify(document)))
})

it('has every operation, each with what its path names, and no reference that leads nowhere', () => {
  const found = Object.entries(document['paths'] as Json).flatMap(([path, item]) =>
    Object.entries(item as Json).map(([method, operation]) => ({ path, method, operation: operation as Json })),
  )
  expect(found.map(({ operation }) => operation['operationId']).sort()).toEqual(Object.keys(operations).sort())
  for (const { path, operation } of found) {
    const named = (operation['parameters'] as readonly Json[])
      .filter((one) => one['in'] === 'path')
      .map((one) => one['name'])
    expect([path, [...named].sort()]).toEqual([path, [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()])
  }
  const text = JSON.stringify(document)
  const schemas = Object.keys((document['components'] as Json)['schemas'] as Json)
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(schemas).toContain(name)
  expect(text).not.toContain('#/$defs/')
})
