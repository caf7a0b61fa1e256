import { InvalidArgumentError } from 'commander'
import type { Terminal } from './terminal.ts'

/** What a file that defines commands is given. */
export interface Define {
  readonly screen: Terminal
  /** makes what commander calls from what handles a command: arguments, then options with the global ones */
  action(handler: (...args: never) => Promise<number>): (...given: readonly unknown[]) => Promise<void>
}

/** Commander hands over options of every shape; each handler says which it reads. */
export type Options = never

export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

export function whole(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('It is not a whole number.')
}

export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ spanwise ${line}`).join('\n')}`
}
