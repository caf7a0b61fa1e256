import { expect, test } from 'vitest'
import { probability, train } from './classifier.ts'

const examples = [
  { vector: [1, 0.1], spam: true },
  { vector: [0.9, 0], spam: true },
  { vector: [0, 1], spam: false },
  { vector: [0.1, 0.8], spam: false },
]

test('it learns what separates the examples', () => {
  const classifier = train(examples)
  expect(probability(classifier, [1, 0])).toBeGreaterThan(0.95)
  expect(probability(classifier, [0, 1])).toBeLessThan(0.05)
})

test('the same examples give the same weights, bit for bit', () => {
  expect(JSON.stringify(train(examples))).toBe(JSON.stringify(train(structuredClone(examples))))
})

test('the weights are the minimum: an independent gradient vanishes there', () => {
  const ridge = 0.01
  const { weights, bias } = train(examples, { ridge, iterations: 5000 })
  const loss = (at: readonly number[], b: number) =>
    examples.reduce((sum, { vector, spam }) => {
      const score = vector.reduce((total, value, i) => total + value * (at[i] ?? 0), b)
      return sum + Math.log1p(Math.exp(spam ? -score : score))
    }, 0) /
      examples.length +
    (ridge / 2) * at.reduce((sum, w) => sum + w * w, 0)
  const h = 1e-5
  weights.forEach((_, i) => {
    const moved = (by: number) => weights.map((w, at) => (at === i ? w + by : w))
    expect((loss(moved(h), bias) - loss(moved(-h), bias)) / (2 * h)).toBeCloseTo(0, 6)
  })
  expect((loss(weights, bias + h) - loss(weights, bias - h)) / (2 * h)).toBeCloseTo(0, 6)
})

test('nothing to learn from and a vector of the wrong length are errors', () => {
  expect(() => train([])).toThrow(/nothing to train on/)
  expect(() => probability(train(examples), [1])).toThrow(/expected 2 numbers, got 1/)
})
