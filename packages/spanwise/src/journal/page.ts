/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[]
  /** cursor of the next page; undefined when there is none */
  readonly after: string | undefined
}
