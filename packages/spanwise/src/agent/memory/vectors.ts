import { SpanwiseError } from '../../journal/index.ts'
import { stepHome } from '../../workflow/index.ts'

/** Something to remember, and where it lies. */
export interface VectorItem {
  /** unique for ever: putting it again changes nothing */
  readonly id: string
  /** only what is in the same space is found together */
  readonly space: string
  /** whom it is about: has to be erasable with them */
  readonly subject: string | undefined
  readonly run: string
  readonly text: string
  /** of length 1 */
  readonly vector: Float32Array
  readonly at: Date
  readonly expires: Date | undefined
}

export interface Recalled {
  readonly id: string
  readonly text: string
  readonly at: Date
  /** the run that remembered it */
  readonly run: string | undefined
  /** cosine to what was asked: 1 for the same */
  readonly score: number
}

/** Where memories lie. Called in steps only, so what it answers is on record. */
export interface VectorStore {
  put(item: VectorItem): Promise<void>
  search(query: {
    readonly space: string
    readonly vector: Float32Array
    readonly limit: number
    readonly atLeast: number
    readonly now: Date
  }): Promise<readonly Recalled[]>
  delete(which: { readonly space: string; readonly id?: string }): Promise<void>
}

/** In the app's own store, erased with subjects and runs. Search is exact. */
export const storeVectors: VectorStore = {
  async put({ vector, space, at, expires, ...item }) {
    const store = ownStore()
    await store.remember({
      ...item,
      space: store.info.token('memory', space),
      vector: bytes(vector),
      at: at.getTime(),
      expires: expires?.getTime(),
    })
  },
  async search({ space, vector, now, limit, atLeast }) {
    const store = ownStore()
    const query = {
      space: store.info.token('memory', space),
      vector: bytes(vector),
      now: now.getTime(),
      limit,
      atLeast,
    }
    return (await store.recall(query)).map((one) => ({ ...one, at: new Date(one.at) }))
  },
  async delete({ space, id }) {
    const store = ownStore()
    await store.forgetMemories({ space: store.info.token('memory', space), id })
  },
}

export function ownStore() {
  const store = stepHome()?.store
  if (store !== undefined) return store
  throw new SpanwiseError({
    code: 'MEMORY_OUTSIDE_STEP',
    message: 'A memory was used where there is no store: outside of a step, or on a thread.',
    hint: 'Use remember, recall and forget of memory() in a workflow; they are steps.',
  })
}

function bytes(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}
