import { writeSync } from 'node:fs'
import { logicalCalls } from './calls.ts'
import type { Line } from './line.ts'
import { pair, readFolder } from './read.ts'
import { reportLines } from './report.ts'
import { summarize } from './summary.ts'

export interface End {
  readonly folder: string
  readonly run: string
  /** of this process */
  readonly lines: readonly Line[]
  readonly problem: string | undefined
}

/** Prints the table of a run on stderr, where it does not mix with what the program says. A run without calls says nothing. */
export function atExit({ folder, run, lines, problem }: End): void {
  const written =
    problem === undefined ? readFolder(folder).requests.filter((each) => each.process.run === run) : pair(lines)
  if (written.length === 0) return
  const text = [
    '',
    ...reportLines(summarize(logicalCalls(written))),
    problem === undefined ? `  kept in ${folder}; all runs: spanwise baseline` : `  not kept: ${problem}`,
    '',
  ].join('\n')
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(2, bytes, at)
}
