import { decode, type Entry, encode, MAX_PAYLOAD, SpanwiseError } from '../../journal/index.ts'
import { CancelledError } from '../errors.ts'
import { contentOf } from './erased.ts'
import { restoreCompensation } from './lifecycle.ts'
import type { PulledItem, Runtime, Scope } from './model.ts'
import { frames, type Issued, issuedIn, itemScope, occurrence, sourceScope } from './scope.ts'

interface Options {
  readonly key: (item: unknown, index: number) => string
  readonly concurrency?: number
  readonly onError?: 'stop' | 'collect'
  readonly subject?: (item: unknown, index: number) => string
  readonly snapshots: boolean
}

/** An item under way. `after` and `time` are those of the window that began it. */
interface Active {
  readonly position: number
  readonly token: string
  readonly item: unknown
  readonly subject: string | undefined
  readonly after: number
  readonly time: number
}

type Done = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown }

/** What a snapshot holds. Sync items come from the code again, so only pulled ones are in it. */
interface Snapshot {
  readonly done: readonly {
    readonly position: number
    readonly token: string
    readonly item?: unknown
    readonly outcome: Done
  }[]
  readonly open: readonly (Active & { readonly item: unknown })[]
  readonly next: number
  readonly exhausted: boolean
  /** a pull is under way: the window that had issued it */
  readonly pulling: number | undefined
  /** registered by the items that are done, in order */
  readonly compensations: readonly { readonly step: string; readonly input: unknown; readonly prefix: string }[]
}

/** One call of `each`: which items are under way, which are done, and what comes next. */
export class EachRun {
  readonly #outer: Scope
  readonly #execution: Runtime
  readonly #name: string
  #source: Scope
  readonly #options: Options
  readonly #fn: (item: unknown, index: number) => unknown
  readonly #pulls: boolean
  readonly #items: Iterable<unknown> | AsyncIterable<unknown>
  readonly #iterator: Iterator<unknown> | undefined
  #asyncIterator: AsyncIterator<unknown> | Iterator<unknown> | undefined
  readonly #limit: number
  readonly #tokens = new Set<string>()
  readonly #active = new Map<number, Active>()
  readonly #scopes = new Map<number, Scope>()
  readonly #done: { position: number; token: string; key: string; item: unknown; outcome: Done }[] = []
  #next = 0
  #exhausted = false
  #pulling = false
  #pullingSince: Issued = { after: 0, time: 0 }
  #over = false
  #sinceSnapshot = 0
  #snapshots: boolean
  /** items read from the source by this process */
  #read = 0
  #resolve!: (results: unknown[]) => void
  #reject!: (error: unknown) => void

  constructor(
    outer: Scope,
    items: Iterable<unknown> | AsyncIterable<unknown>,
    options: Options,
    fn: (item: unknown, index: number) => unknown,
  ) {
    this.#outer = outer
    this.#execution = outer.execution
    this.#name = occurrence(outer, 'each')
    this.#source = sourceScope(outer, this.#name)
    this.#options = options
    this.#fn = fn
    this.#items = items
    // an item's subject has to have its secret before the item can be recorded: pulling is where that can be waited for
    this.#pulls = Symbol.asyncIterator in items || options.subject !== undefined
    this.#iterator = this.#pulls ? undefined : (items as Iterable<unknown>)[Symbol.iterator]()
    this.#snapshots = options.snapshots
    this.#limit = Math.max(1, Math.floor(options.concurrency ?? 16))
  }

  start(): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      try {
        const snapshot = this.#execution.recorded.snapshots.get(this.#outer.prefix + this.#name)?.at(-1)
        if (snapshot !== undefined) this.#restore(snapshot)
        this.#fill()
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  #fill(): void {
    while (!this.#over && !this.#exhausted && this.#active.size < this.#limit) {
      if (this.#pulls) {
        this.#pull()
        break
      }
      const next = (this.#iterator as Iterator<unknown>).next()
      if (next.done === true) this.#exhausted = true
      else this.#begin(this.#next, next.value, this.#options.key(next.value, this.#next), undefined)
    }
    if (!this.#over && this.#exhausted && this.#active.size === 0 && !this.#pulling) this.#finish()
  }

  #begin(position: number, item: unknown, key: string, subject: string | undefined): void {
    const token = this.#execution.keyToken(String(key), subject)
    if (this.#tokens.has(token)) {
      throw new SpanwiseError({
        code: 'DUPLICATE_KEY',
        message: `Two items of ${this.#name} have the key ${JSON.stringify(key)}.`,
        hint: 'Make `key` return something unique, or remove the duplicates first.',
      })
    }
    this.#tokens.add(token)
    this.#next = position + 1
    this.#run({ position, token, item, subject, ...issuedIn(this.#outer) }, String(key))
  }

  #run(active: Active, key: string): void {
    this.#active.set(active.position, active)
    const scope = itemScope(this.#outer, this.#name, active, key)
    this.#scopes.set(active.position, scope)
    const call = frames.run(scope, async () => this.#fn(active.item, active.position))
    call.then(
      (value) => this.#settle(active, key, scope, { ok: true, value }),
      (error) => this.#settle(active, key, scope, { ok: false, error }),
    )
  }

  #settle(active: Active, key: string, scope: Scope, outcome: Done): void {
    this.#active.delete(active.position)
    this.#scopes.delete(active.position)
    this.#execution.closeScope(scope)
    if (scope.waits) this.#snapshots = false
    if (this.#over) return
    if (!outcome.ok && (this.#options.onError !== 'collect' || outcome.error instanceof CancelledError))
      return this.#fail(outcome.error)
    this.#done.push({ position: active.position, token: active.token, key, item: active.item, outcome })
    try {
      this.#fill()
      // only while it goes on: the code behind it runs in the window of its last delivery, which a snapshot would leave out
      if (!this.#over) this.#snapshot()
    } catch (error) {
      this.#fail(error)
    }
  }

  #finish(): void {
    this.#over = true
    const results = new Array<unknown>(this.#done.length)
    for (const { position, key, item, outcome } of this.#done) {
      if (this.#options.onError !== 'collect') results[position] = (outcome as { value: unknown }).value
      else
        results[position] = outcome.ok
          ? { ok: true, key, item, value: outcome.value }
          : { ok: false, key, item, error: outcome.error }
    }
    this.#resolve(results)
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#over = true
    for (const scope of this.#scopes.values()) this.#execution.closeScope(scope)
    this.#execution.closeScope(this.#source)
    this.#leaveSource()
    this.#reject(error)
  }

  /** Lets the source close its files and connections. That it cannot is nothing beside why it is left. */
  #leaveSource(): void {
    const iterator = this.#asyncIterator
    if (iterator?.return === undefined) return
    const leave = async (): Promise<unknown> => iterator.return?.()
    frames.exit(leave).catch(() => {})
  }

  // ---- pulled items

  #pull(): void {
    if (this.#pulling) return
    this.#pulling = true
    this.#pullingSince = issuedIn(this.#source)
    const position = this.#next
    this.#execution
      .issue<{
        readonly done: boolean
        readonly key: string
        readonly item: unknown
        readonly subject: string | undefined
      }>(this.#source, {
        kind: 'item',
        name: 'item',
        effect: { type: 'pull', pull: () => this.#readOn(position) },
        settle: (entry) => {
          if (entry.kind === 'step.error')
            return { ok: false, error: decode((entry.payload ?? '').slice((entry.payload ?? '').indexOf('\n') + 1)) }
          if (entry.kind !== 'item.pulled') return undefined
          if (entry.meta['done'] === true) return { ok: true, value: { done: true } }
          const { key, item } = decode(entry.payload ?? 'null') as { key: string; item: unknown }
          return { ok: true, value: { done: false, key, item, subject: entry.meta['subject'] as string | undefined } }
        },
      })
      .then((pulled) => {
        this.#pulling = false
        if (this.#over) return
        if (pulled.done) this.#exhausted = true
        else this.#begin(position, pulled.item, pulled.key, pulled.subject)
        this.#fill()
      })
      .catch((error) => this.#fail(error))
  }

  /** Reads the source on; after a crash from its start, past what is known. Runs as an effect, not in the body. */
  async #readOn(position: number): Promise<PulledItem> {
    const fresh = this.#asyncIterator === undefined
    const source = this.#items as AsyncIterable<unknown> & Iterable<unknown>
    this.#asyncIterator ??=
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : (source as Iterable<unknown>)[Symbol.iterator]()
    for (;;) {
      const next = await this.#asyncIterator.next()
      if (next.done === true) return { done: true }
      // its place in the source, which for items that are skipped is not that of the one that is looked for
      const at = this.#read++
      const key = String(this.#options.key(next.value, at))
      const subject = this.#options.subject?.(next.value, at)
      if (fresh && position > 0 && (await this.#isKnown(key, subject))) continue
      return { done: false, key, item: next.value, subject }
    }
  }

  async #isKnown(key: string, subject: string | undefined): Promise<boolean> {
    const token = subject === undefined ? undefined : await this.#execution.subjectToken(subject)
    return this.#tokens.has(this.#execution.keyToken(key, token))
  }

  // ---- snapshots

  #snapshot(): void {
    this.#sinceSnapshot++
    // each further one comes after as many items as it would repeat, so that the sum stays linear
    if (this.#sinceSnapshot < Math.max(this.#execution.snapshotAfter, this.#done.length / 2)) return
    this.#sinceSnapshot = 0
    for (const scope of this.#scopes.values()) if (scope.waits) this.#snapshots = false
    if (!this.#snapshots || this.#execution.replaying) return
    const mine = `${this.#outer.prefix}${this.#name}[`
    const open = [...this.#active.values()].map(({ token }) => `${mine}${token}]`)
    const keepItem = this.#pulls
    const keepDone = this.#pulls && this.#options.onError === 'collect'
    const snapshot: Snapshot = {
      done: this.#done.map(({ position, token, item, outcome }) => ({
        position,
        token,
        outcome,
        ...(keepDone ? { item } : {}),
      })),
      open: [...this.#active.values()].map((active) => (keepItem ? active : { ...active, item: undefined })),
      next: this.#next,
      exhausted: this.#exhausted,
      pulling: this.#pulling ? this.#pullingSince.after : undefined,
      compensations: this.#execution.ownCompensations
        .filter(({ prefix }) => prefix.startsWith(mine) && !open.some((item) => prefix.startsWith(item)))
        .map(({ step, input, prefix }) => ({ step: step.stepName, input, prefix })),
    }
    const payload = encode(snapshot, `snapshot of ${this.#name}`)
    // too much to stand in one entry: then its history is replayed
    if (payload.length * 3 > MAX_PAYLOAD) this.#snapshots = false
    else this.#execution.snapshot(this.#outer, this.#outer.prefix + this.#name, payload)
  }

  #restore(entry: Entry): void {
    const snapshot = decode(contentOf(entry)) as Snapshot
    const items = this.#pulls ? undefined : this.#replayItems(snapshot.next)
    this.#next = snapshot.next
    this.#exhausted = snapshot.exhausted
    this.#source.counts.set('item', snapshot.next + (snapshot.exhausted ? 1 : 0))
    const keyOf = (item: unknown, position: number) => String(this.#options.key(item, position))
    for (const done of snapshot.done) {
      const item = items === undefined ? done.item : items[done.position]
      this.#tokens.add(done.token)
      this.#done.push({
        position: done.position,
        token: done.token,
        key: items === undefined && done.item === undefined ? '' : keyOf(item, done.position),
        item,
        outcome: done.outcome,
      })
    }
    for (const one of snapshot.compensations) restoreCompensation(this.#execution, one, one.prefix)
    for (const open of snapshot.open) {
      const item = items === undefined ? open.item : items[open.position]
      this.#tokens.add(open.token)
      this.#run({ ...open, item }, keyOf(item, open.position))
    }
    if (snapshot.pulling !== undefined) {
      const { current: window, time } = this.#execution
      this.#source = { ...this.#source, begun: { window, after: snapshot.pulling, time } }
      this.#pull()
    }
  }

  #replayItems(count: number): unknown[] {
    const items: unknown[] = []
    while (items.length < count) {
      const next = (this.#iterator as Iterator<unknown>).next()
      if (next.done === true) break
      items.push(next.value)
    }
    return items
  }
}
