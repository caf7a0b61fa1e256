import type { Throttle } from '../starts.ts'
import type { ScheduleInfo } from '../types.ts'
import type { Dry } from './fork-mark.ts'

/** A signal that arrived before anybody waited for it. */
export interface Letter {
  readonly name: string
  readonly payload: string | undefined
}

/** What a run, or a generation of it, begins with. */
export interface Started {
  /** parsed by the workflow's schema */
  readonly input: unknown
  readonly seed: string
  readonly generation: number
  readonly mailbox: readonly Letter[]
  readonly compensations: readonly { readonly step: string; readonly input: unknown }[]
  /** as the caller gave them; only here, erasable */
  readonly id: string | undefined
  readonly tags: readonly string[]
  readonly subject: string | undefined
  readonly team: string | undefined
  /** it is a fork's child, or a later generation of a fork */
  readonly dry?: Dry | undefined
  /** the input was given by an operator where the workflow's schema was not at hand */
  readonly unparsed?: boolean | undefined
  /** how often runs like it begin, as its start said; `false`: it begins at once; as its workflow says when absent */
  readonly throttle?: false | Throttle<never> | undefined
  /** which schedule started it, and for which due time */
  readonly schedule?:
    | { readonly id: string; readonly due: number; readonly trigger: ScheduleInfo['trigger'] }
    | undefined
}
