import type {
  ApprovalChange,
  BudgetChange,
  NewEntry,
  NewMail,
  NewRun,
  RowChange,
  RunChange,
  RunRef,
} from '../journal/index.ts'
import type { Flight } from './cache/index.ts'

const none: NewEntry[] = Object.freeze([]) as never

/** What a run has to write at its next flush. Most flushes are entries only, so the other lists are made when they are used. */
export class Pending {
  entries: NewEntry[] = none
  row: RowChange | undefined
  park: RunChange['park']
  #taken: number[] | undefined
  #children: NewRun[] | undefined
  #send: NewMail[] | undefined
  #approvals: ApprovalChange[] | undefined
  #budgets: BudgetChange[] | undefined
  #results: { readonly flight: Flight; readonly entry: NewEntry }[] | undefined

  add(entry: NewEntry): void {
    // mostly there is one: an array of its own size
    if (this.entries.length === 0) this.entries = [entry]
    else this.entries.push(entry)
  }

  get taken(): number[] {
    this.#taken ??= []
    return this.#taken
  }

  get children(): NewRun[] {
    this.#children ??= []
    return this.#children
  }

  get send(): NewMail[] {
    this.#send ??= []
    return this.#send
  }

  get approvals(): ApprovalChange[] {
    this.#approvals ??= []
    return this.#approvals
  }

  get budgets(): BudgetChange[] {
    this.#budgets ??= []
    return this.#budgets
  }

  /** what other runs may reuse; whether they may is known when it is written */
  get results(): { readonly flight: Flight; readonly entry: NewEntry }[] {
    this.#results ??= []
    return this.#results
  }

  get isEmpty(): boolean {
    return this.entries.length === 0 && this.isPlain
  }

  /** entries and nothing else */
  get isPlain(): boolean {
    return (
      this.row === undefined &&
      this.park === undefined &&
      isNone(this.#taken) &&
      isNone(this.#children) &&
      isNone(this.#send) &&
      isNone(this.#approvals) &&
      isNone(this.#budgets) &&
      isNone(this.#results)
    )
  }

  /** Something came up before the lease was given back. */
  unpark(): void {
    this.park = undefined
    if (this.row?.base === undefined && (this.row?.status === 'waiting' || this.row?.status === 'running'))
      this.row = undefined
  }

  change({ seq, run }: RunRef, epoch: number): RunChange {
    const { entries, row, park } = this
    // no more than that: whoever is given a row as its reference would be sent the whole row
    const ref = { seq, run }
    if (this.isPlain) return { ref, epoch, entries }
    return {
      ref,
      epoch,
      entries,
      row,
      taken: some(this.#taken),
      children: some(this.#children),
      send: some(this.#send),
      approvals: some(this.#approvals),
      budgets: some(this.#budgets),
      results: some(
        this.#results?.map(({ flight, entry }) => flight.handOver(entry)).filter((one) => one !== undefined),
      ),
      park,
    }
  }
}

function isNone(list: readonly unknown[] | undefined): boolean {
  return list === undefined || list.length === 0
}

function some<T>(list: T[] | undefined): T[] | undefined {
  return isNone(list) ? undefined : list
}
