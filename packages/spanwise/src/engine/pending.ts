import type { ApprovalChange, NewEntry, NewMail, NewRun, RowChange, RunChange, RunRef } from '../journal/index.ts'

/** What a run has to write at its next flush. */
export class Pending {
  entries: NewEntry[] = []
  row: RowChange | undefined
  taken: number[] = []
  children: NewRun[] = []
  send: NewMail[] = []
  approvals: ApprovalChange[] = []
  park: RunChange['park']

  get isEmpty(): boolean {
    return (
      this.entries.length === 0 &&
      this.row === undefined &&
      this.taken.length === 0 &&
      this.children.length === 0 &&
      this.send.length === 0 &&
      this.approvals.length === 0 &&
      this.park === undefined
    )
  }

  /** Something came up before the lease was given back. */
  unpark(): void {
    this.park = undefined
    if (this.row?.base === undefined && (this.row?.status === 'waiting' || this.row?.status === 'running'))
      this.row = undefined
  }

  change(ref: RunRef, epoch: number): RunChange {
    return {
      ref,
      epoch,
      entries: this.entries,
      ...(this.row === undefined ? {} : { row: this.row }),
      ...(this.taken.length === 0 ? {} : { taken: this.taken }),
      ...(this.children.length === 0 ? {} : { children: this.children }),
      ...(this.send.length === 0 ? {} : { send: this.send }),
      ...(this.approvals.length === 0 ? {} : { approvals: this.approvals }),
      ...(this.park === undefined ? {} : { park: this.park }),
    }
  }
}
