import { expect, it } from 'vitest'
import { makeScale } from './scale.ts'

const day = 86_400_000

it('keeps the proportions of work and makes a day of waiting small', () => {
  const spans = [
    { from: 0, to: 1_000 },
    { from: 1_000 + day, to: 3_000 + day },
  ]
  const scale = makeScale(spans, 0, 3_000 + day, true)
  const first = scale.at(1_000) - scale.at(0)
  const second = scale.at(3_000 + day) - scale.at(1_000 + day)
  expect(second / first).toBeCloseTo(2)
  expect(scale.at(1_000 + day) - scale.at(1_000)).toBeLessThan(0.1)
  expect(scale.gaps).toEqual([{ at: expect.any(Number), ms: day }])
})

it('is plain time when waiting is not shortened', () => {
  const scale = makeScale([{ from: 0, to: 10 }], 0, 100, false)
  expect([0, 25, 50, 100].map(scale.at)).toEqual([0, 0.25, 0.5, 1])
  expect(scale.gaps).toEqual([])
})

it('never goes back, and stays between 0 and 1, whatever the spans are', () => {
  const spans = [
    { from: 40, to: 60 },
    { from: 50, to: 55 },
    { from: 10, to: 10 },
    { from: -20, to: 5 },
    { from: 90, to: 400 },
  ]
  for (const compress of [true, false]) {
    const scale = makeScale(spans, 0, 100, compress)
    let before = 0
    for (let time = -10; time <= 120; time++) {
      const at = scale.at(time)
      expect(at).toBeGreaterThanOrEqual(before)
      expect(at).toBeLessThanOrEqual(1)
      before = at
    }
    expect([scale.at(0), scale.at(100)]).toEqual([0, 1])
  }
})

it('has a place for a run in which nothing worked', () => {
  const scale = makeScale([], 5, 5, true)
  expect(scale.at(5)).toBe(0)
})
