import { type Classifier, type Example, train } from './classifier.ts'
import { describe } from './corpus.ts'
import { dimensions, fromBytes } from './embed.ts'
import { featureNames } from './features.ts'

/** what a mail is to the classifier: what it says, and how it is shaped */
export function vectorOf(embedding: Uint8Array, features: readonly number[]): Float64Array {
  const vector = new Float64Array(dimensions + featureNames.length)
  vector.set(fromBytes(embedding))
  vector.set(features, dimensions)
  return vector
}

export interface TrainingSet {
  readonly ids: readonly string[]
  /** all embeddings in the order of ids, 2 KB each: one value to store instead of hundreds */
  readonly embeddings: Uint8Array
  readonly features: readonly (readonly number[])[]
}

export interface Described {
  readonly id: string
  readonly vector: Uint8Array
  readonly features: readonly number[]
}

export function trainingSet(mails: readonly Described[]): TrainingSet {
  const known = mails.filter(({ id }) => describe(id).part === 'train')
  return {
    ids: known.map(({ id }) => id),
    embeddings: new Uint8Array(Buffer.concat(known.map(({ vector }) => vector))),
    features: known.map(({ features }) => features),
  }
}

export function trainOn({ ids, embeddings, features }: TrainingSet): Classifier {
  const width = embeddings.byteLength / ids.length
  const examples: Example[] = ids.map((id, at) => ({
    vector: vectorOf(embeddings.subarray(at * width, (at + 1) * width), features[at] ?? []),
    spam: describe(id).spam,
  }))
  return train(examples)
}
