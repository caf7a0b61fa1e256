/** One line of a record file: JSON, appended as it happens, so that a process that dies leaves what came before. */
export type Line = ProcessLine | BeginLine | EndLine

/** The first line of a file: one process, or one thread of it. */
export interface ProcessLine {
  readonly t: 'process'
  readonly v: 1
  /** of the run: what was started by hand, with all that it started itself */
  readonly run: string
  readonly pid: number
  /** ms since 1970 */
  readonly at: number
  readonly script: string
  readonly label?: string
}

/** A request to a model is about to be sent. Without an end the process died before it came back. */
export interface BeginLine {
  readonly t: 'begin'
  readonly n: number
  readonly at: number
  readonly provider: string
  readonly host: string
  readonly path: string
  /** file:line:column of the program that made the call, and the function */
  readonly site?: string
}

export interface EndLine {
  readonly t: 'end'
  readonly n: number
  readonly ms: number
  readonly firstMs?: number
  readonly outcome: Outcome
  /** HTTP status, where there was one */
  readonly status?: number
  /** of an error */
  readonly code?: string
  /** as it was asked for, and as the answer names it */
  readonly model?: string
  readonly answered?: string
  readonly stream?: true
  /** of path and body, keyed by a secret that stays in the folder: equal requests have equal hashes, and no more can be told */
  readonly hash: string
  readonly usage?: Tokens
  /** only where asked for */
  readonly request?: string
  readonly response?: string
}

/** `left`: the program itself ended it. `broken`: an answer that began and did not come to its end. */
export type Outcome = 'ok' | 'refused' | 'error' | 'broken' | 'left'

export interface Tokens {
  readonly input: number
  readonly output: number
  readonly cached?: number
  readonly cacheWrite?: number
  readonly reasoning?: number
}
