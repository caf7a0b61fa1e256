/** Something that agents remember over runs: a text, and where it lies among others. */
export interface NewMemory {
  /** unique for ever: putting it again changes nothing */
  readonly id: string
  /** `token('memory', …)` of whose it is: only what is in the same space is found together */
  readonly space: string
  /** the readable subject that it is about: erased with it */
  readonly subject?: string | undefined
  /** the run that put it here: erased with it */
  readonly run?: string | undefined
  readonly text: string
  /** of length 1: float32 of this machine; undefined for what is read in its order and never looked for */
  readonly vector?: Uint8Array | undefined
  /** ms since 1970 */
  readonly at: number
  /** not found from then on, ms */
  readonly expires?: number | undefined
}

export interface Memory {
  readonly id: string
  readonly text: string
  readonly at: number
  readonly run: string | undefined
  /** cosine of the angle to what was looked for; 0 where nothing was */
  readonly score: number
}

export interface MemoryQuery {
  readonly space: string
  readonly now: number
  readonly limit: number
  /** what is nearest to it comes first; without it, the latest */
  readonly vector?: Uint8Array | undefined
  /** nothing that is less near than that */
  readonly atLeast?: number | undefined
}

/** The part of the store's port about what agents remember. Search is exact: every vector of the space is looked at. */
export interface MemoryStore {
  /** @throws SUBJECT_ERASED */
  remember(memory: NewMemory): Promise<void>
  recall(query: MemoryQuery): Promise<readonly Memory[]>
  /** One, or all of a space. How many there were. */
  forgetMemories(which: { readonly space: string; readonly id?: string | undefined }): Promise<number>
}
