import { decode, type Entry, encode, MAX_PAYLOAD, type Meta } from '../../journal/index.ts'
import { contentOf } from './erased.ts'
import { restoreCompensation } from './lifecycle.ts'
import type { Ground, Runtime, Scope } from './model.ts'
import { applyPatch, type Patch, patchOf } from './patch.ts'
import { frames, type Issued, issuedIn, occurrence, type Restored, roundScope } from './scope.ts'

/** What a round comes to: the continuation of the next one, or the result. */
export type Turn<S, R> =
  | { readonly next: S }
  /** `last`: the continuation as it stands at the end, for whoever looks at the history */
  | { readonly done: R; readonly last?: S }

export interface LoopOptions<S> {
  /** what its keys begin with: `graph(support)` */
  readonly name: string
  readonly start: S
  /**
   * Which rounds write a snapshot. `'every'`: each one, for continuations that stay small. `'growing'`: one after as many rounds as
   * it would save, for continuations that hold all that was said, so that the sum stays linear.
   */
  readonly snapshots: 'every' | 'growing'
  /**
   * What becomes of the rest of a round that fails. `'close'` (default): it is abandoned, as behind a failed `parallel`. `'leave'`: it
   * is left to finish, where nobody goes on behind the failure: then it counts when the run is resumed.
   */
  readonly onFailure?: 'close' | 'leave'
  /** Takes over what an operator wrote into a continuation where the run was forked; it is the new continuation by default. */
  readonly rewrite?: (state: S, edit: unknown) => S
}

/** Payload of a loop's snapshot; `round`, the next one, is in its meta. */
export interface LoopSnapshot<S> {
  /** missing where `patch` says what came of the one before */
  readonly state?: S
  readonly patch?: Patch
  readonly after: number
  readonly time: number
  /** places of the signals that nobody had taken */
  readonly letters: readonly number[]
  /** registered by the rounds that are done, in order; beside a patch, those that came since the snapshot before */
  readonly compensations: readonly Registered[]
}

interface Registered {
  readonly step: string
  readonly input: unknown
  readonly prefix: string
}

/** What patches are made of: the state that was written last, and what has been written since all of one was. */
interface Written<S> {
  readonly state: S
  /** characters of the last whole one, and of the patches since */
  readonly whole: number
  readonly patches: number
  readonly count: number
  /** compensations up to here are on record */
  readonly compensations: number
}

/** so many patches are read at most to know a state */
const mostPatches = 256

/** the first snapshot of a growing loop */
const firstGrowing = 8

/** One loop: which round it is in, and what the next one begins with. */
export class LoopRun<S, R> {
  readonly #outer: Scope
  readonly #execution: Runtime
  readonly #options: LoopOptions<S>
  readonly #turn: (state: S, round: number) => Promise<Turn<S, R>>
  readonly #name: string
  readonly #key: string
  #round = 0
  /** the round after which a snapshot was last due */
  #tried = 0
  #written: Written<S> | undefined
  #ground: Ground | undefined
  /** places of the signals that rounds since the last snapshot took */
  #taken: number[] = []

  constructor(outer: Scope, options: LoopOptions<S>, turn: (state: S, round: number) => Promise<Turn<S, R>>) {
    this.#outer = outer
    this.#execution = outer.execution
    this.#options = options
    this.#turn = turn
    this.#name = occurrence(outer, options.name)
    this.#key = outer.prefix + this.#name
  }

  async run(): Promise<R> {
    const restored = this.#restore()
    this.#ground = this.#execution.groundOf(this.#outer, this.#key)
    let state = restored?.state ?? this.#options.start
    let issued: Issued | Restored = restored ?? issuedIn(this.#outer)
    for (;;) {
      const scope = roundScope(this.#outer, this.#name, this.#round, issued)
      const turn = await this.#play(scope, state)
      this.#taken.push(...scope.took)
      this.#round++
      if ('done' in turn) {
        if (turn.last !== undefined) this.#write(turn.last, true)
        return turn.done
      }
      state = turn.next
      issued = issuedIn(this.#outer)
      if (this.#isDue) this.#write(state, false)
    }
  }

  async #play(scope: Scope, state: S): Promise<Turn<S, R>> {
    let closes = this.#options.onFailure !== 'leave'
    try {
      const turn = await frames.run(scope, async () => this.#turn(state, this.#round))
      closes = true
      return turn
    } finally {
      if (closes) this.#execution.closeScope(scope)
    }
  }

  get #isDue(): boolean {
    const { snapshots } = this.#options
    return snapshots === 'every' || this.#round - this.#tried >= Math.max(firstGrowing, this.#round / 2)
  }

  #restore(): (Restored & { readonly state: S }) | undefined {
    const chain = this.#execution.recorded.snapshots.get(this.#key)
    if (chain === undefined) return undefined
    const { round, state, compensations, begun } = readLoop<S>(chain)
    this.#round = this.#tried = round
    for (const one of compensations) restoreCompensation(this.#execution, one, one.prefix)
    const { rewritten } = this.#execution.recorded
    if (!rewritten.has(this.#key)) return { state, ...begun }
    const edit = rewritten.get(this.#key)
    return { state: this.#options.rewrite?.(state, edit) ?? (edit as S), ...begun }
  }

  #write(state: S, done: boolean): void {
    // on record already
    if (this.#execution.replaying) return
    this.#tried = this.#round
    const compensations = this.#execution.ownCompensations
      .filter(({ prefix }) => prefix.startsWith(`${this.#key}[`))
      .map(({ step, input, prefix }) => ({ step: step.stepName, input, prefix }))
    const begun = { ...issuedIn(this.#outer), letters: this.#execution.mailbox.places }
    const now = { state, compensations: compensations.length }
    const patch = this.#patched(state, begun, compensations)
    if (patch !== undefined && this.#put(patch, { patch: true, ...(done ? { done } : {}) })) {
      const { whole, patches, count } = this.#written as Written<S>
      this.#written = { ...now, whole, patches: patches + patch.length, count: count + 1 }
      return
    }
    // what may not be on record in part may not be as a whole either, but for the last one
    if (patch !== undefined && !done) return
    const whole = encode({ state, ...begun, compensations }, `state of ${this.#name}`)
    const ground = done ? undefined : this.#ground?.(this.#taken)
    if (this.#put(whole, { ...(ground === undefined ? {} : { ground }), ...(done ? { done } : {}) }))
      this.#written = { ...now, whole: whole.length, patches: 0, count: 0 }
  }

  /** @returns whether it is on record: patches are made of nothing else, and signals are taken by nothing else */
  #put(payload: string, meta: Meta): boolean {
    // too much to stand in one entry: then its history is replayed
    if (payload.length * 3 > MAX_PAYLOAD) return false
    const taken = this.#taken.length === 0 ? {} : { taken: this.#taken.join(',') }
    if (!this.#execution.snapshot(this.#outer, this.#key, payload, { round: this.#round, ...taken, ...meta }))
      return false
    this.#taken = []
    return true
  }

  /** What changed since the last one, while all of that is less than writing all again: so the sum stays linear. */
  #patched(state: S, begun: Restored, compensations: readonly Registered[]): string | undefined {
    const before = this.#written
    if (before === undefined || this.#options.snapshots !== 'every' || before.count >= mostPatches) return undefined
    if (compensations.length < before.compensations) return undefined
    const patch = patchOf(before.state, state)
    if (patch === undefined) return undefined
    const since = compensations.slice(before.compensations)
    const text = encode({ patch, ...begun, compensations: since }, `state of ${this.#name}`)
    return before.patches + text.length > before.whole ? undefined : text
  }
}

/** A state from a whole snapshot and the patches behind it. */
export function readLoop<S>(chain: readonly Pick<Entry, 'index' | 'meta' | 'payload'>[]): {
  readonly round: number
  readonly state: S
  readonly compensations: readonly Registered[]
  readonly begun: Restored
} {
  const snapshots = chain.map((entry) => decode(contentOf(entry)) as LoopSnapshot<S>)
  const { after, time, letters } = snapshots.at(-1) as LoopSnapshot<S>
  return {
    round: Number(chain.at(-1)?.meta['round']),
    state: snapshots.reduce<unknown>((state, snapshot) => stateAfter(state, snapshot), undefined) as S,
    compensations: snapshots.flatMap((snapshot) => snapshot.compensations),
    begun: { after, time, letters },
  }
}

/** What a snapshot says the state is, where it was `before` at the one before. */
export function stateAfter(before: unknown, { state, patch }: LoopSnapshot<unknown>): unknown {
  return patch === undefined ? state : applyPatch(before, patch)
}
