/** Higher priority first, then first come. */
export interface Queue<T> {
  add(item: T, priority: number): void
  peek(): T | undefined
  take(): T | undefined
  remove(item: T): boolean
  readonly length: number
}

export function createQueue<T>(): Queue<T> {
  const places: { readonly item: T; readonly priority: number }[] = []
  return {
    add: (item, priority) => {
      let low = 0
      let high = places.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((places[middle]?.priority as number) >= priority) low = middle + 1
        else high = middle
      }
      places.splice(low, 0, { item, priority })
    },
    peek: () => places[0]?.item,
    take: () => places.shift()?.item,
    remove: (item) => {
      const index = places.findIndex((place) => place.item === item)
      if (index >= 0) places.splice(index, 1)
      return index >= 0
    },
    get length() {
      return places.length
    },
  }
}
