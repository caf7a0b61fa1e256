/** A binary heap whose items know their place in it, so that one in the middle is taken out in the time of a push. */
export class Heap<T extends object> {
  readonly #items: T[] = []
  readonly #before: (a: T, b: T) => boolean
  readonly #places: Places<T>

  constructor(before: (a: T, b: T) => boolean, places: Places<T>) {
    this.#before = before
    this.#places = places
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    this.#items.push(item)
    this.#rise(this.#items.length - 1)
  }

  take(): T | undefined {
    const first = this.#items[0]
    if (first !== undefined) this.remove(first)
    return first
  }

  remove(item: T): void {
    const at = this.#places.of(item)
    const last = this.#items.pop() as T
    if (last !== item) {
      this.#set(last, at)
      this.#sink(this.#rise(at))
    }
    this.#places.set(item, -1)
  }

  /** What it is ordered by has changed. */
  moved(item: T): void {
    this.#sink(this.#rise(this.#places.of(item)))
  }

  #set(item: T, at: number): void {
    this.#items[at] = item
    this.#places.set(item, at)
  }

  #rise(from: number): number {
    const item = this.#items[from] as T
    let at = from
    while (at > 0) {
      const up = (at - 1) >>> 1
      const parent = this.#items[up] as T
      if (!this.#before(item, parent)) break
      this.#set(parent, at)
      at = up
    }
    this.#set(item, at)
    return at
  }

  #sink(from: number): void {
    const item = this.#items[from] as T
    const { length } = this.#items
    let at = from
    for (;;) {
      let down = 2 * at + 1
      if (down >= length) break
      const right = down + 1
      if (right < length && this.#before(this.#items[right] as T, this.#items[down] as T)) down = right
      const child = this.#items[down] as T
      if (!this.#before(child, item)) break
      this.#set(child, at)
      at = down
    }
    this.#set(item, at)
  }
}

/** Where an item keeps its place. */
export interface Places<T> {
  of(item: T): number
  set(item: T, at: number): void
}
