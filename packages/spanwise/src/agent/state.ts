import type { ModelMessage } from 'ai'
import type { Limit } from './errors.ts'
import type { Heard } from './untrusted.ts'

/** All that an agent goes on with: data, so that a snapshot of it stands for what happened before. */
export interface State extends Heard {
  readonly messages: readonly ModelMessage[]
  /** who has the word: the agent itself, or one that it handed over to */
  readonly active: string
  /** ms, run time at its beginning */
  readonly since: number
  readonly turns: number
  readonly calls: number
  /** how often a person let it have as much again, by limit */
  readonly granted: Readonly<Partial<Record<Limit, number>>>
  /** it was told to come to an end, because of this limit */
  readonly closing: Limit | undefined
  /** what the last turns did, where they did the same */
  readonly same: { readonly what: string; readonly times: number } | undefined
  /** how many of the messages were there before this run */
  readonly fresh: number
  /** versions of remote tools, as the run knows them */
  readonly versions: Readonly<Record<string, string>> | undefined
  /** who handed over to whom since the last call of a tool */
  readonly path: readonly string[]
}
