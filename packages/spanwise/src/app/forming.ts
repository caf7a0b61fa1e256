/** What a follower has of one call's answer: parts up to and with `n` of a generation. */
export interface Offset {
  readonly call: string
  readonly generation: number
  readonly n: number
}

/** What there is behind an offset. */
export interface Formed {
  readonly call: string
  /** grows each time that the answer begins anew */
  readonly generation: number
  /** number of the first part that follows */
  readonly from: number
  readonly parts: readonly unknown[]
  /** index of the entry that says what came of it, once that is on record */
  readonly entry: number | undefined
}

/** What of a part may be shown now, where it is the first of a generation or follows the one before. */
export type Shown = (part: unknown, first: boolean) => readonly unknown[]

interface Answer {
  readonly generation: number
  readonly parts: unknown[]
  /** as they came: what of them may be shown is worked out when somebody looks, which mostly nobody does */
  waiting: unknown[]
  isSeen: boolean
  readonly shown: Shown
  entry: number | undefined
}

/** how long it is kept when the record is there, ms: who followed it gets the last parts too */
const kept = 1_000

/**
 * Answers of models while they form, for whoever follows a run of this process. When what came of a call is on record, that counts. Never
 * history.
 */
export class Forming {
  readonly #now: () => number
  readonly #runs = new Map<string, Map<string, Answer>>()
  readonly #followers = new Map<string, Set<() => void>>()
  readonly #told = new Set<string>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** @param first what was shown of this call before counts no more */
  add(run: string, call: string, part: unknown, first: boolean, shown: Shown): void {
    let calls = this.#runs.get(run)
    if (calls === undefined) {
      calls = new Map()
      this.#runs.set(run, calls)
    }
    const answer = calls.get(call)
    if (answer !== undefined && !first) answer.waiting.push(part)
    // by the time: larger than any that another process gave before
    else
      calls.set(call, {
        generation: Math.max((answer?.generation ?? 0) + 1, this.#now()),
        parts: [],
        waiting: [part],
        isSeen: false,
        shown,
        entry: undefined,
      })
    this.#tell(run)
  }

  /** What came of it is on record. */
  end(run: string, call: string, entry: number): void {
    const calls = this.#runs.get(run)
    const answer = calls?.get(call)
    if (calls === undefined || answer === undefined) return
    answer.entry = entry
    setTimeout(() => {
      if (calls.get(call) === answer) calls.delete(call)
      if (calls.size === 0 && this.#runs.get(run) === calls) this.#runs.delete(run)
    }, kept).unref()
  }

  /** The run is over, or stands: what did not become a record never will. */
  settle(run: string): void {
    const calls = this.#runs.get(run)
    for (const [call, { entry }] of calls ?? []) if (entry === undefined) calls?.delete(call)
    if (calls?.size === 0) this.#runs.delete(run)
  }

  behind(run: string, seen: readonly Offset[]): readonly Formed[] {
    const found: Formed[] = []
    for (const [call, answer] of this.#runs.get(run) ?? []) {
      look(answer)
      const { generation, parts, entry } = answer
      const at = seen.find((one) => one.call === call && one.generation === generation)
      const from = at === undefined ? 0 : at.n + 1
      if (from < parts.length) found.push({ call, generation, from, parts: parts.slice(from), entry })
    }
    return found
  }

  follow(run: string, callback: () => void): () => void {
    const followers = this.#followers.get(run) ?? new Set()
    this.#followers.set(run, followers)
    followers.add(callback)
    return () => {
      followers.delete(callback)
      if (followers.size === 0 && this.#followers.get(run) === followers) this.#followers.delete(run)
    }
  }

  /** Once for all that comes in one round of the event loop. */
  #tell(run: string): void {
    if (!this.#followers.has(run) || this.#told.has(run)) return
    this.#told.add(run)
    setImmediate(() => {
      this.#told.delete(run)
      for (const callback of [...(this.#followers.get(run) ?? [])]) callback()
    })
  }
}

function look(answer: Answer): void {
  const { waiting, parts, shown } = answer
  if (waiting.length === 0) return
  answer.waiting = []
  for (const part of waiting) {
    parts.push(...shown(part, !answer.isSeen))
    answer.isSeen = true
  }
}
