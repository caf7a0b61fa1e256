import { expect, it } from 'vitest'
import { compare } from './ratios.ts'

it('what is lower or higher counts as worse by which way is better', () => {
  const before = { 'W1 / 11 bare commits': 1.5, 'steps / bare rows at 64': 0.4, 'W1 p50 ms': 2 }
  const now = { 'W1 / 11 bare commits': 1.8, 'steps / bare rows at 64': 0.5, 'W1 p50 ms': 9 }
  const found = compare(before, now)
  expect(found.map(({ name }) => name)).toEqual(['W1 / 11 bare commits', 'steps / bare rows at 64'])
  expect(found[0]?.worse).toBeCloseTo(0.2)
  expect(found[1]?.worse).toBeCloseTo(-0.2)
})

it('a few bytes more are not worse, many are', () => {
  const name = 'bytes a parked run, 100000 of them'
  expect(compare({ [name]: 2 }, { [name]: 40 })).toMatchObject([{ worse: 0 }])
  expect(compare({ [name]: 2 }, { [name]: 100 })[0]?.worse).toBeCloseTo(1)
})

it('what was not measured both times is not compared', () => {
  expect(compare({ 'W2 / 3 bare commits': 1 }, {})).toEqual([])
  expect(compare({}, { 'W2 / 3 bare commits': 1 })).toEqual([])
})
