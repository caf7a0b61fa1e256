import { expect, it } from 'vitest'
import { changesOf } from './state-diff.ts'

it('finds where two states differ, down to the values', () => {
  const before = { kind: '', order: { items: [1, 2], total: 3 }, same: { a: 1 } }
  const after = { kind: 'money', order: { items: [1, 5, 6], total: 3 }, same: { a: 1 } }
  expect(changesOf(before, after)).toEqual([
    { path: 'kind', before: '', after: 'money' },
    { path: 'order.items[1]', before: 2, after: 5 },
    { path: 'order.items[2]', before: undefined, after: 6 },
  ])
  expect(changesOf(before, before)).toEqual([])
  expect(changesOf({ a: [1] }, { a: { b: 1 } })).toEqual([{ path: 'a', before: [1], after: { b: 1 } }])
})

it('does not list more than somebody reads', () => {
  expect(
    changesOf(
      Array.from({ length: 9_000 }, () => 0),
      Array.from({ length: 9_000 }, () => 1),
    ).length,
  ).toBe(200)
})
