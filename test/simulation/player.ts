import type { Workflow } from '../../packages/spanwise/src/index.ts'
import type { Models } from '../../packages/spanwise/src/models/index.ts'
import type { Block, SignalName } from './program.ts'

export interface Input {
  readonly program: number
  readonly generation: number
  /** of a start that may become one with others */
  readonly mark?: string
}

export interface Letter {
  readonly signal: SignalName
  /** unique */
  readonly serial: string
}

/** Who runs a program, and for whom its words are. */
export interface Player {
  readonly version: 0 | 1
  readonly programs: readonly Block[]
  readonly sub: Workflow<Input, unknown>
  readonly models: Models<'sim'>
  /** the run, or the one that it is a fork of */
  readonly root: string
  /** that its input has */
  readonly mark: string | undefined
  /** everything that the program saw, in the order in which it saw it */
  readonly trace: string[]
  /** signals that it took, and what it registered to be undone, in order */
  readonly took: Letter[]
  readonly undo: string[]
  /** a source of items is an effect: it is read outside of the code */
  readonly pause: () => Promise<void>
  wrong(what: string): void
}
