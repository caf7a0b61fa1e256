import { expect, test } from 'vitest'
import { Redactor } from '../index.ts'
import { personalData } from './index.ts'

const clean = (text: string, find = personalData()) => Redactor.of({ find, secrets: false }).text(text).text

test.each([
  ['Write to ann.o’neil+tax@mail.example.co.uk.', 'Write to ann.o’[email].'],
  ['Zoë <zoë@exämple.de>, call +49 30 901820', 'Zoë <[email]>, call [phone]'],
  ['call (212) 555-0123 or 020 7946 0018 ext 12', 'call [phone] or [phone]'],
  ['paid with 4111 1111 1111 1111, not 4111 1111 1111 1112', 'paid with [card], not 4111 1111 1111 1112'],
  ['from GB82 WEST 1234 5698 7654 32 to GB00WEST12345698765432', 'from [iban] to GB00WEST12345698765432'],
  ['from 203.0.113.7 and 2001:db8::1, not from 127.0.0.1 or ::1', 'from [ip] and [ip], not from 127.0.0.1 or ::1'],
  ['SSN 219-09-9999, not 000-12-3456', 'SSN [ssn], not 000-12-3456'],
])('%s', (text, expected) => {
  expect(clean(text)).toBe(expected)
})

test.each([
  'at 2026-11-30T22:15:12.345Z, on 2026-11-30 10:20:30, due 30.11.2026',
  'order 1234567, run 550e8400-e29b-41d4-a716-446655440000, sha 0123456789abcdef0123456789abcdef',
  'version 1.2.3.4567, port 8080:80, 12:30:45, 1 000 000 items, 99.999999 %',
  'npm i @ai-sdk/provider@4.0.38',
  '1735689600000',
])('nothing personal in %s', (text) => {
  expect(clean(text)).toBe(text)
})

test('names are looked for on demand, also in long texts', () => {
  const find = personalData({ kinds: ['name'] })
  expect(clean('Yesterday Maria Jones called. She spoke to Dr. Peter Smith, twice.', find)).toBe(
    'Yesterday [name] called. She spoke to [name], twice.',
  )
  const long = `${'It rained all day and nobody came. '.repeat(300)}Then Maria Jones called.`
  expect(clean(long, find)).toBe(long.replace('Maria Jones', '[name]'))
  expect(() => personalData({ kinds: ['mood' as never] })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

const nasty = ['a@', 'a.', 'a@b.', '1 ', '1', '1-', '+1', 'GB82 ', 'GB82', ':', '1:', '1.', '(', '1(', '٣', 'a']
test.each(nasty)('eight times %j takes about eight times as long', (piece) => {
  const find = personalData()
  const time = (size: number) => {
    const text = piece.repeat(size / piece.length)
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i < 3; i++) {
      const started = performance.now()
      for (const _ of find(text));
      best = Math.min(best, performance.now() - started)
    }
    return best
  }
  time(10_000)
  expect(time(160_000) / Math.max(time(20_000), 3)).toBeLessThan(32)
})
