import { describe, expect, it } from 'vitest'
import { formatDuration, milliseconds } from './duration.ts'

describe('a duration', () => {
  it.each([
    [0, 0],
    [1_500, 1_500],
    [0.5, 1],
    ['1.0004s', 1_001],
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1.5d', 129_600_000],
    ['1w', 604_800_000],
    ['0s', 0],
  ] as const)('%j is %d ms', (duration, ms) => {
    expect(milliseconds(duration)).toBe(ms)
  })

  it.each([
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '10',
    's',
    '-1s',
    '1 s',
    '1S',
    '1e3s',
    '1h30m',
    '.5s',
    '5.s',
    '٣s',
    '1y',
    null,
    undefined,
    {},
    true,
  ])('%j is none, and the error says what would be', (value) => {
    const refused = expect.objectContaining({
      code: 'INVALID_DURATION',
      message: expect.stringContaining('timeout'),
      hint: expect.stringContaining("'250ms'"),
    })
    expect(() => milliseconds(value as never, 'timeout')).toThrow(refused)
  })

  it('is one only as far as numbers go', () => {
    expect(() => milliseconds(`${'9'.repeat(400)}d` as '9d')).toThrow(
      expect.objectContaining({ code: 'INVALID_DURATION' }),
    )
  })
})

describe('a duration for people', () => {
  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [999.6, '1.0s'],
    [1_000, '1.0s'],
    [59_900, '59.9s'],
    [59_990, '1m'],
    [60_000, '1m'],
    [93_000, '1m 33s'],
    [3_600_000, '1h'],
    [3_601_000, '1h 1s'],
    [90_061_000, '1d 1h'],
    [604_800_000, '7d'],
  ])('%d ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})
