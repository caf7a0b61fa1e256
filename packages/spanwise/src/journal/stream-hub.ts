import type { NewStream, StreamAppend, StreamQuery, StreamRead, StreamRef, StreamStore } from './streams.ts'

/** How often a store is looked at that others write to as well, ms. */
const interval = 250
/** a read by which a `ttl` is moved, when that much of it is over: a stream is not written to by each of its readers */
const useAfter = 0.01

/** Streams of one store, for everybody in this process: who waits for more is told, and readers at one place share a read. */
export class StreamHub {
  readonly #store: StreamStore
  readonly #now: () => number
  readonly #alone: boolean
  /** there is an entry that says so */
  closed: (() => void) | undefined
  readonly #waiting = new Map<string, Set<() => void>>()
  readonly #reads = new Map<string, Map<string, Promise<StreamRead>>>()

  /** @param alone nobody else writes to it */
  constructor(store: StreamStore, now: () => number, alone: boolean) {
    this.#store = store
    this.#now = now
    this.#alone = alone
  }

  create(stream: NewStream): ReturnType<StreamStore['createStream']> {
    return this.#store.createStream(stream)
  }

  async append(append: StreamAppend): ReturnType<StreamStore['appendStream']> {
    const done = await this.#told(append, this.#store.appendStream(append))
    if (append.close === true && done.state === 'ok') this.closed?.()
    return done
  }

  delete(ref: StreamRef & { readonly now: number }): ReturnType<StreamStore['deleteStream']> {
    return this.#told(ref, this.#store.deleteStream(ref))
  }

  async read(query: StreamQuery): Promise<StreamRead> {
    const read = await this.#shared(query)
    if (read.state === 'ok') this.#use(query, read.row)
    return read
  }

  /** The same; where there is nothing yet, when there is, after `patience` ms, or at the abort. */
  async await(query: StreamQuery, patience: number, signal?: AbortSignal): Promise<StreamRead> {
    const until = performance.now() + patience
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<void>()
      // known before it is read, so that nothing is missed
      const leave = this.#join(query, resolve)
      let timer: NodeJS.Timeout | undefined
      try {
        const read = await this.read({ ...query, now: this.#now() })
        if (read.state !== 'ok' || read.next > query.from || read.row.closedAt !== undefined) return read
        const rest = until - performance.now()
        if (rest <= 0 || signal?.aborted === true) return read
        timer = setTimeout(resolve, this.#alone ? rest : Math.min(rest, interval))
        signal?.addEventListener('abort', resolve as () => void)
        await promise
      } finally {
        leave()
        clearTimeout(timer)
        signal?.removeEventListener('abort', resolve as () => void)
      }
    }
  }

  #join(ref: StreamRef, wake: () => void): () => void {
    const key = keyOf(ref)
    const waiting = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, waiting)
    waiting.add(wake)
    return () => {
      waiting.delete(wake)
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key)
    }
  }

  /** Also when the answer got lost: it may have been applied. */
  async #told<T>(ref: StreamRef, done: Promise<T>): Promise<T> {
    try {
      return await done
    } finally {
      const key = keyOf(ref)
      // who asks from now on has to see it
      this.#reads.delete(key)
      for (const wake of this.#waiting.get(key) ?? []) wake()
    }
  }

  #shared(query: StreamQuery): Promise<StreamRead> {
    const key = keyOf(query)
    const place = `${query.from} ${query.limit}`
    const reads = this.#reads.get(key) ?? new Map<string, Promise<StreamRead>>()
    this.#reads.set(key, reads)
    const known = reads.get(place)
    if (known !== undefined) return known
    const read = this.#store.readStream(query).finally(() => {
      reads.delete(place)
      if (reads.size === 0 && this.#reads.get(key) === reads) this.#reads.delete(key)
    })
    reads.set(place, read)
    return read
  }

  #use(
    ref: StreamRef,
    { ttl, expires }: { readonly ttl: number | undefined; readonly expires: number | undefined },
  ): void {
    const now = this.#now()
    if (ttl === undefined || expires === undefined || now + ttl - expires < ttl * useAfter) return
    // a stream that could not be kept alive is read all the same
    this.#store.useStream({ tenant: ref.tenant, name: ref.name, now }).catch(() => {})
  }
}

function keyOf({ tenant, name }: StreamRef): string {
  return JSON.stringify([tenant, name])
}

const hubs = new WeakMap<StreamStore, StreamHub>()

/** The one of a store that this process works on. */
export function streamHub(store: StreamStore, now: () => number): StreamHub {
  let hub = hubs.get(store)
  if (hub === undefined) {
    hub = new StreamHub(store, now, true)
    hubs.set(store, hub)
  }
  return hub
}
