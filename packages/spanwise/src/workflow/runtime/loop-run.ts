import { decode, type Entry, encode, MAX_PAYLOAD } from '../../journal/index.ts'
import { contentOf } from './erased.ts'
import { restoreCompensation } from './lifecycle.ts'
import type { Runtime, Scope } from './model.ts'
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
  readonly state: S
  readonly after: number
  readonly time: number
  /** places of the signals that nobody had taken */
  readonly letters: readonly number[]
  /** registered by the rounds that are done, in order */
  readonly compensations: readonly { readonly step: string; readonly input: unknown; readonly prefix: string }[]
}

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
  #kept = 0
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
    return snapshots === 'every' || this.#round - this.#kept >= Math.max(firstGrowing, this.#round / 2)
  }

  #restore(): (Restored & { readonly state: S }) | undefined {
    const entry = this.#execution.recorded.snapshots.get(this.#key)
    if (entry === undefined) return undefined
    const { round, snapshot } = readLoopSnapshot<S>(entry)
    this.#round = this.#kept = round
    for (const one of snapshot.compensations) restoreCompensation(this.#execution, one, one.prefix)
    const { rewritten } = this.#execution.recorded
    const { state, ...begun } = snapshot
    if (!rewritten.has(this.#key)) return { state, ...begun }
    const edit = rewritten.get(this.#key)
    return { state: this.#options.rewrite?.(state, edit) ?? (edit as S), ...begun }
  }

  #write(state: S, done: boolean): void {
    // on record already
    if (this.#execution.replaying) return
    const snapshot: LoopSnapshot<S> = {
      state,
      after: issuedIn(this.#outer).after,
      time: issuedIn(this.#outer).time,
      letters: this.#execution.mailbox.places,
      compensations: this.#execution.ownCompensations
        .filter(({ prefix }) => prefix.startsWith(`${this.#key}[`))
        .map(({ step, input, prefix }) => ({ step: step.stepName, input, prefix })),
    }
    const payload = encode(snapshot, `state of ${this.#name}`)
    // too much to stand in one entry: then its history is replayed
    if (payload.length * 3 > MAX_PAYLOAD) return
    const taken = this.#taken.length === 0 ? {} : { taken: this.#taken.join(',') }
    this.#execution.snapshot(this.#outer, this.#key, payload, {
      round: this.#round,
      ...taken,
      ...(done ? { done } : {}),
    })
    this.#kept = this.#round
    this.#taken = []
  }
}

export function readLoopSnapshot<S>(entry: Pick<Entry, 'meta' | 'payload'>): {
  readonly round: number
  readonly snapshot: LoopSnapshot<S>
} {
  return { round: Number(entry.meta['round']), snapshot: decode(contentOf(entry)) as LoopSnapshot<S> }
}
