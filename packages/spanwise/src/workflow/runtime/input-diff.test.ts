import { expect, it } from 'vitest'
import { encodeCanonical } from '../../journal/index.ts'
import { inputDifference } from './input-diff.ts'

it.each([
  [{ a: 1, b: { c: [1, 2] } }, { a: 1, b: { c: [1, 3] } }, '.b.c[1]'],
  [{ a: 1 }, { a: 1, b: 2 }, '.b'],
  [[1, 2, 3], [1], '[1], [2]'],
  [{ at: new Date(0) }, { at: new Date(1) }, '.at'],
  [{ m: new Map([['a', 1]]) }, { m: new Map([['a', 2]]) }, '.m'],
  [{ 'ann@example.org': 1 }, { 'ann@example.org': 2 }, '.…'],
  [{ a: 1, b: 1, c: 1, d: 1, e: 1 }, {}, '.a, .b, .c and 2 more'],
  ['x', 'y', ''],
  [{ a: 1 }, [1], ''],
  [undefined, { a: 1 }, ''],
])('%j and %j differ at %j', (one, other, where) => {
  expect(inputDifference(encodeCanonical(one, 'one'), encodeCanonical(other, 'other'))).toBe(where)
})
