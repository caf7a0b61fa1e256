/** One execution of a step's function, as the world outside has seen it. */
export interface Call {
  readonly nonce: number
  readonly step: string
  readonly site: string
  /** idempotency key */
  readonly key: string
  readonly attempt: number
  readonly run: string
  /** process that executed it */
  readonly process: number
  /** when it began, and after how many disruptions of the run */
  readonly at: number
  readonly disruptions: number
  effects: number
}

/** What was really done outside: nothing here is rolled back or forgotten when a process dies. */
export class Ledger {
  readonly calls: Call[] = []
  readonly #byKey = new Map<string, Call[]>()
  /** the other side deduplicates by key where the promise depends on it */
  readonly #deduplicates: boolean

  constructor(deduplicates: boolean) {
    this.#deduplicates = deduplicates
  }

  begin(call: Omit<Call, 'nonce' | 'effects'>): Call {
    const made: Call = { ...call, nonce: this.calls.length, effects: 0 }
    this.calls.push(made)
    const others = this.#byKey.get(call.key)
    if (others === undefined) this.#byKey.set(call.key, [made])
    else others.push(made)
    return made
  }

  effect(call: Call): void {
    if (this.#deduplicates && call.step === 'sure' && this.done(call.key) !== undefined) return
    call.effects++
  }

  of(key: string): readonly Call[] {
    return this.#byKey.get(key) ?? []
  }

  /** The execution that took effect, if one did. */
  done(key: string): Call | undefined {
    return this.of(key).find(({ effects }) => effects > 0)
  }
}
