export interface Example {
  readonly vector: ArrayLike<number>
  readonly spam: boolean
}

/** plain data: what the training step records, and all that judging needs */
export interface Classifier {
  readonly weights: readonly number[]
  readonly bias: number
  readonly examples: number
}

export interface Training {
  readonly iterations?: number
  /** keeps the weights small; 1e-4 had the lowest log loss in cross-validation inside the part that is trained on */
  readonly ridge?: number
}

/**
 * Logistic regression by full-batch gradient descent with Nesterov's momentum. It starts from zero and sums in the
 * order of the examples, so the same examples give the same weights, bit for bit.
 */
export function train(examples: readonly Example[], { iterations = 400, ridge = 1e-4 }: Training = {}): Classifier {
  const first = examples[0]
  if (!first) throw new RangeError('there is nothing to train on')
  const size = first.vector.length
  const rate = 1 / (curvature(examples) + ridge)
  // the last place is the bias
  let weights = new Float64Array(size + 1)
  let ahead = weights.slice()
  for (let i = 0; i < iterations; i++) {
    const slope = gradient(examples, ahead, ridge)
    const next = ahead.map((value, at) => value - rate * (slope[at] ?? 0))
    const momentum = i / (i + 3)
    ahead = next.map((value, at) => value + momentum * (value - (weights[at] ?? 0)))
    weights = next
  }
  return { weights: Array.from(weights.subarray(0, size)), bias: weights[size] ?? 0, examples: examples.length }
}

/** how likely the mail is spam, in [0, 1] */
export function probability({ weights, bias }: Classifier, vector: ArrayLike<number>): number {
  if (vector.length !== weights.length) throw new RangeError(`expected ${weights.length} numbers, got ${vector.length}`)
  return sigmoid(weights.reduce((sum, weight, at) => sum + weight * (vector[at] ?? 0), bias))
}

function gradient(examples: readonly Example[], weights: Float64Array, ridge: number): Float64Array {
  const size = weights.length - 1
  const slope = new Float64Array(size + 1)
  for (const { vector, spam } of examples) {
    let score = weights[size] as number
    for (let at = 0; at < size; at++) score += (weights[at] as number) * (vector[at] as number)
    const miss = (sigmoid(score) - Number(spam)) / examples.length
    for (let at = 0; at < size; at++) slope[at] = (slope[at] as number) + miss * (vector[at] as number)
    slope[size] = (slope[size] as number) + miss
  }
  // the bias is free: it only says how much of the mail is spam
  for (let at = 0; at < size; at++) slope[at] = (slope[at] as number) + ridge * (weights[at] as number)
  return slope
}

/** an upper bound of the loss' second derivative; a step of its inverse never overshoots */
function curvature(examples: readonly Example[]): number {
  let squares = 0
  for (const { vector } of examples) {
    squares += 1
    for (let at = 0; at < vector.length; at++) squares += (vector[at] as number) ** 2
  }
  return squares / examples.length / 4
}

function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score))
}
