import { cannotBegin, checkClaims, limiterClosed } from './errors.ts'
import { Heap } from './heap.ts'
import { Keeper } from './keeper.ts'
import type { KeptRate, Lease, Limiter, LimiterOptions, LimitRequest, LimitState, RateMemory } from './port.ts'
import type { Waiter } from './queue.ts'
import { adjust, comesFirst, fits, type KeyState, putBack, type RateOf, type Resource, take } from './resources.ts'
import type { Mark } from './window.ts'

/** A request under way: it has what stands before `stage`, and waits for what stands there. */
interface Waiting extends Waiter {
  readonly parts: readonly Part[]
  readonly states: readonly KeyState<Waiting>[]
  stage: number
  readonly since: number
  readonly deadline: number | undefined
  /** place among those that have a deadline; -1 for none */
  due: number
  readonly signal: AbortSignal | undefined
  readonly onAbort: (() => void) | undefined
  readonly resolve: (lease: Lease) => void
  readonly reject: (error: unknown) => void
}

interface Part {
  readonly resource: Resource<Waiting>
  readonly amount: number
}

/** keys are looked through for the first time when there are as many */
const firstSweep = 1_024

/** The limiter of one process: every decision takes the logarithm of what waits, and one timer serves all. */
export function createLimiter(options: LimiterOptions): Limiter {
  return new LocalLimiter(options)
}

class LocalLimiter implements Limiter {
  readonly #options: LimiterOptions
  readonly #weight: (tenant: string) => number
  readonly #keeper: Keeper | undefined
  readonly #memory: RateMemory | undefined
  readonly #keys = new Map<string, KeyState<Waiting>>()
  readonly #timed = new Heap<RateOf<Waiting>>((a, b) => a.wakeAt < b.wakeAt, {
    of: (rate) => rate.place,
    set: (rate, at) => {
      rate.place = at
    },
  })
  readonly #deadlines = new Heap<Waiting>((a, b) => (a.deadline as number) < (b.deadline as number), {
    of: (waiting) => waiting.due,
    set: (waiting, at) => {
      waiting.due = at
    },
  })
  /** what may have room for its first in line */
  readonly #open = new Set<Resource<Waiting>>()
  #deciding = false
  #armed: { readonly at: number; readonly cancel: () => void } | undefined
  #order = 0
  #sweepAt = firstSweep
  #closed = false

  constructor(options: LimiterOptions) {
    this.#options = options
    this.#weight = options.weight ?? (() => 1)
    this.#memory = options.memory
    this.#keeper = options.memory === undefined ? undefined : new Keeper(options.memory, options)
  }

  get busy(): boolean {
    return this.#keeper?.busy ?? false
  }

  async acquire(request: LimitRequest): Promise<Lease> {
    const { claims, tenant = 'default', priority = 0, deadline, signal } = request
    if (this.#closed) throw limiterClosed()
    signal?.throwIfAborted()
    checkClaims(claims)
    const now = this.#options.clock.now()
    if (deadline !== undefined && deadline <= now) throw cannotBegin(claims[0]?.key ?? '', deadline)
    const states = claims.map((claim) => this.#stateOf(claim.key))
    const parts: Part[] = []
    claims.forEach((claim, i) => {
      const state = states[i] as KeyState<Waiting>
      const recall = () => this.#memory?.recall(claim.key)
      for (const wider of adjust(state, claim, this.#weight, recall)) this.#open.add(wider)
      const amount = claim.amount ?? 1
      if (claim.limit !== undefined && state.places !== undefined) parts.push({ resource: state.places, amount })
      if (claim.rate !== undefined && state.rate !== undefined) parts.push({ resource: state.rate, amount })
    })
    parts.sort((a, b) => comesFirst(a.resource, b.resource))
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        tenant,
        priority,
        order: this.#order++,
        place: -1,
        parts,
        states,
        stage: 0,
        since: now,
        deadline,
        due: -1,
        signal,
        onAbort: signal === undefined ? undefined : () => this.#refuse(waiting, signal.reason),
        resolve,
        reject,
      }
      if (deadline !== undefined) this.#deadlines.add(waiting)
      if (waiting.onAbort !== undefined) signal?.addEventListener('abort', waiting.onAbort)
      this.#advance(waiting, now)
      this.#decide()
    })
  }

  limits(): readonly LimitState[] {
    const now = this.#options.clock.now()
    return [...this.#keys.values()].map(({ key, places, rate }): LimitState => {
      const oldest = [places?.queue.oldest, rate?.queue.oldest].filter((one) => one !== undefined)
      return {
        key,
        limit: places?.limit,
        held: places?.held ?? 0,
        rate: rate === undefined ? undefined : { limit: rate.window.limit, per: rate.window.per },
        drawn: rate?.window.drawn(now) ?? 0,
        waiting: (places?.queue.size ?? 0) + (rate?.queue.size ?? 0),
        since: oldest.length === 0 ? undefined : Math.min(...oldest.map(({ since }) => since)),
        next: rate === undefined || rate.place < 0 ? undefined : rate.wakeAt,
      }
    })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#keeper?.close()
    this.#armed?.cancel()
    for (const { places, rate } of this.#keys.values()) {
      for (const resource of [places, rate]) {
        for (let one = resource?.queue.peek(); one !== undefined; one = resource?.queue.peek())
          this.#end(one, limiterClosed())
      }
    }
  }

  // ---- deciding

  /** Takes what it can of what it still needs, and waits for the rest. */
  #advance(waiting: Waiting, now: number): void {
    for (;;) {
      const part = waiting.parts[waiting.stage]
      if (part === undefined) return this.#grant(waiting, now)
      const { resource, amount } = part
      if (resource.queue.size > 0 || !fits(resource, now, amount)) {
        resource.queue.add(waiting)
        if (resource.queue.peek() === waiting) this.#open.add(resource)
        return
      }
      this.#take(waiting, part)
    }
  }

  #take(waiting: Waiting, { resource, amount }: Part): void {
    take(resource, amount)
    resource.queue.charge(waiting.tenant, amount)
    waiting.stage++
  }

  /** Not from inside itself: what it leads to is done in turn, however long the chain. */
  #decide(): void {
    if (this.#deciding || this.#closed) return
    this.#deciding = true
    for (const resource of this.#open) {
      this.#open.delete(resource)
      this.#serve(resource)
    }
    this.#deciding = false
    this.#arm()
  }

  #serve(resource: Resource<Waiting>): void {
    const now = this.#options.clock.now()
    for (;;) {
      const first = resource.queue.peek()
      if (first === undefined) return this.#untimed(resource)
      const part = first.parts[first.stage] as Part
      if (fits(resource, now, part.amount)) {
        resource.queue.remove(first)
        this.#take(first, part)
        this.#advance(first, now)
        continue
      }
      const at = resource.kind === 'rate' ? resource.window.fitsAt(now, part.amount) : undefined
      if (at === undefined || first.deadline === undefined || at < first.deadline) return this.#wait(resource, at)
      this.#end(first, cannotBegin(resource.key, first.deadline))
    }
  }

  #wait(resource: Resource<Waiting>, at: number | undefined): void {
    if (resource.kind !== 'rate' || at === undefined) return this.#untimed(resource)
    resource.wakeAt = at
    if (resource.place < 0) this.#timed.add(resource)
    else this.#timed.moved(resource)
  }

  #untimed(resource: Resource<Waiting>): void {
    if (resource.kind === 'rate' && resource.place >= 0) this.#timed.remove(resource)
  }

  #grant(waiting: Waiting, now: number): void {
    const { parts, signal } = waiting
    this.#unlist(waiting)
    const marks = new Map<Part, Mark>()
    for (const part of parts)
      if (part.resource.kind === 'rate') marks.set(part, part.resource.window.draw(now, part.amount))
    const lease = this.#lease(waiting, marks, Math.max(0, now - waiting.since))
    const then = () => {
      if (signal?.aborted !== true) return waiting.resolve(lease)
      lease.release()
      waiting.reject(signal.reason)
    }
    if (this.#keeper === undefined || marks.size === 0) return then()
    let left = marks.size
    for (const [{ resource }, mark] of marks) {
      mark.unkept++
      this.#keep(resource as RateOf<Waiting>, () => {
        mark.unkept--
        this.#open.add(resource)
        if (--left === 0) then()
        this.#decide()
      })
    }
  }

  #keep(rate: RateOf<Waiting>, then?: () => void): void {
    const { key, window } = rate
    const written = (): KeptRate => {
      window.stamp(this.#options.clock.now())
      return { key, marks: window.marks, expires: window.expires }
    }
    this.#keeper?.keep(key, written, then)
  }

  #lease({ parts, states }: Waiting, marks: ReadonlyMap<Part, Mark>, waited: number): Lease {
    let released = false
    return {
      waited,
      settle: (used) => {
        for (const [{ resource, amount }, mark] of marks) {
          const real = used[resource.key]
          if (real === undefined || resource.kind !== 'rate') continue
          resource.window.correct(mark, real - amount)
          this.#keep(resource)
          this.#open.add(resource)
        }
        this.#decide()
      },
      release: () => {
        if (released) return
        released = true
        for (const { resource, amount } of parts) {
          if (resource.kind !== 'places') continue
          putBack(resource, amount)
          this.#open.add(resource)
        }
        this.#leave(states)
        this.#decide()
      },
    }
  }

  // ---- ends

  #refuse(waiting: Waiting, reason: unknown): void {
    // granted, and on its way
    if (waiting.stage === waiting.parts.length) return
    this.#end(waiting, reason)
    this.#decide()
  }

  /** It does not wait any more; what it had is for the next. */
  #end(waiting: Waiting, reason: unknown): void {
    const { parts, stage } = waiting
    this.#unlist(waiting)
    const waitsFor = parts[stage]?.resource
    waitsFor?.queue.remove(waiting)
    if (waitsFor !== undefined) this.#open.add(waitsFor)
    for (const { resource, amount } of parts.slice(0, stage)) {
      putBack(resource, amount)
      this.#open.add(resource)
    }
    this.#leave(waiting.states)
    waiting.reject(reason)
  }

  #unlist(waiting: Waiting): void {
    if (waiting.due >= 0) this.#deadlines.remove(waiting)
    if (waiting.onAbort !== undefined) waiting.signal?.removeEventListener('abort', waiting.onAbort)
  }

  // ---- time

  #arm(): void {
    const rate = this.#timed.peek()?.wakeAt
    const deadline = this.#deadlines.peek()?.deadline
    const at = Math.min(rate ?? Number.POSITIVE_INFINITY, deadline ?? Number.POSITIVE_INFINITY)
    if (at === this.#armed?.at) return
    this.#armed?.cancel()
    this.#armed = undefined
    if (at !== Number.POSITIVE_INFINITY) this.#armed = { at, cancel: this.#options.clock.at(at, () => this.#due()) }
  }

  #due(): void {
    this.#armed = undefined
    const now = this.#options.clock.now()
    for (let rate = this.#timed.peek(); rate !== undefined && rate.wakeAt <= now; rate = this.#timed.peek()) {
      this.#timed.remove(rate)
      this.#open.add(rate)
    }
    for (
      let late = this.#deadlines.peek();
      late !== undefined && (late.deadline as number) <= now;
      late = this.#deadlines.peek()
    )
      this.#end(late, cannotBegin(late.parts[late.stage]?.resource.key ?? '', late.deadline as number))
    this.#decide()
  }

  // ---- keys

  #stateOf(key: string): KeyState<Waiting> {
    let state = this.#keys.get(key)
    if (state === undefined) {
      if (this.#keys.size >= this.#sweepAt) this.#sweep()
      state = { key, places: undefined, rate: undefined, users: 0 }
      this.#keys.set(key, state)
    }
    state.users++
    return state
  }

  #leave(states: readonly KeyState<Waiting>[]): void {
    for (const state of states) {
      state.users--
      if (state.users === 0 && state.rate === undefined) this.#keys.delete(state.key)
    }
  }

  /** Keys whose rate has nothing left that counts. */
  #sweep(): void {
    const now = this.#options.clock.now()
    for (const { key, users, rate } of this.#keys.values())
      if (users === 0 && (rate === undefined || rate.window.drawn(now) === 0)) this.#keys.delete(key)
    this.#sweepAt = 2 * this.#keys.size + firstSweep
  }
}
