import { expect, it } from 'vitest'
import type { RunEvent } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import { cut, type Terminal } from '../terminal.ts'
import { describe as described, operation } from './describe.ts'
import { errorLines } from './error.ts'
import { table } from './table.ts'
import { ago, took, until } from './time.ts'
import { jsonable, pretty } from './value.ts'

const plain: Terminal = {
  json: false,
  interactive: false,
  columns: 40,
  colors: false,
  out() {},
  data() {},
  write() {},
  note() {},
  status() {},
  paint: (_, text) => text,
}

it('a table gives way in its flexible column and fits the line', () => {
  const lines = table(
    plain,
    [{ a: 'one', b: 'x'.repeat(100) }],
    [
      { title: 'A', cell: (row) => row.a },
      { title: 'B', cell: (row) => row.b, flexible: true },
    ],
  )
  expect(lines[0]).toBe('A    B')
  expect(lines[1]).toHaveLength(40)
  expect(lines[1]?.endsWith('…')).toBe(true)
})

it('text is cut on one line', () => {
  expect(cut('a\n  b', 10)).toBe('a b')
  expect(cut('abcdef', 4)).toBe('abc…')
})

it('times read as people say them', () => {
  expect([0, 999, 1_500, 61_000, 3_700_000, 200_000_000].map(took)).toEqual([
    '0 ms',
    '999 ms',
    '1.5 s',
    '1 min 1 s',
    '1 h 1 min',
    '2 d 7 h',
  ])
  expect(ago(new Date(0), 90_000)).toBe('1 min ago')
  expect(until(new Date(172_799_000), 0)).toBe('in 2 d')
  expect(until(new Date(0), 5)).toBe('now')
})

it('every value of the codec has a JSON form', () => {
  const value = {
    at: new Date(0),
    big: 10n,
    map: new Map([['a', 1]]),
    set: new Set([1]),
    bytes: new Uint8Array([1, 2]),
    nothing: undefined,
    odd: Number.NaN,
    error: new TypeError('no', { cause: new Error('why') }),
    url: new URL('https://example.org/'),
    list: [undefined, null],
  }
  expect(JSON.parse(JSON.stringify(jsonable(value)))).toEqual({
    at: '1970-01-01T00:00:00.000Z',
    big: '10',
    map: [['a', 1]],
    set: [1],
    bytes: 'AQI=',
    odd: 'NaN',
    error: { name: 'TypeError', message: 'no', cause: { name: 'Error', message: 'why' } },
    url: 'https://example.org/',
    list: [null, null],
  })
  expect(jsonable(undefined)).toBeNull()
  expect(pretty(undefined)).toBe('(nothing)')
  expect(pretty('a\nb')).toBe('a\nb')
})

it('an error shows its chain once, the place in user code, and the hint', () => {
  const inner = new TypeError('x is not a function')
  inner.stack = 'TypeError: x is not a function\n    at node:internal/x:1:1\n    at pay (/home/me/shop/pay.ts:3:9)'
  const outer = new SpanwiseError({ code: 'X', message: 'It broke', hint: 'Mend it.', cause: inner, run: 'r1' })
  expect(errorLines(plain, outer)).toEqual([
    'error: It broke',
    '  caused by: TypeError: x is not a function',
    '  at pay (/home/me/shop/pay.ts:3:9)',
    '  run: r1',
    '  hint: Mend it.',
  ])
  const circle = new Error('round')
  circle.cause = circle
  expect(errorLines(plain, circle)[0]).toBe('error: round')
  expect(errorLines(plain, 'thrown text')).toEqual(['error: thrown text'])
})

it('operations are named as in the code, with a number from the second on', () => {
  expect(operation('fetch#0')).toBe('fetch')
  expect(operation('fetch#2')).toBe('fetch (3)')
  expect(operation('each#0[id-7]/score#1')).toBe('each[id-7]/score (2)')
})

it('erased payloads are shown as gone', () => {
  const event = { kind: 'approval.requested', key: 'approval#0', meta: {}, attempt: 0 } as unknown as RunEvent
  expect(described({ ...event, payload: undefined })?.text).toBe('asks: (erased)')
  expect(described({ ...event, kind: 'step.error', payload: undefined })?.text).toContain('failed')
})
