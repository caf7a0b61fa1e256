import { expect, it } from 'vitest'
import { parseJson, parseValue } from './input.ts'

it('what is JSON is taken as such, and plain text as text', () => {
  expect(parseValue('{"a": 1}', 'it')).toEqual({ a: 1 })
  expect(parseValue('5', 'it')).toBe(5)
  expect(parseValue('Ada', 'it')).toBe('Ada')
  expect(parseValue('', 'it')).toBe('')
  expect(parseValue(undefined, 'it')).toBeUndefined()
})

it('what begins like JSON and is broken is not taken for text', () => {
  for (const text of ['{a: 1}', '[1', '"open', ' {']) {
    expect(() => parseValue(text, 'it')).toThrow(expect.objectContaining({ code: 'USAGE' }))
  }
  expect(() => parseJson('Ada', 'it')).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
