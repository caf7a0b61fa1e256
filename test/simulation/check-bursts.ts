import { decode, type Entry, type RunRow } from '../../packages/spanwise/src/journal/index.ts'
import type { Input } from './player.ts'
import type { World } from './world.ts'

interface Story {
  readonly row: RunRow
  readonly entries: readonly Entry[]
}

/** Runs that came of bursts; forks of them are none. */
export function burstsOf<T extends Story>(stories: readonly T[]): readonly T[] {
  return stories.filter(
    ({ row, entries }) =>
      row.workflow === 'main' && marksOf(entries).length > 0 && entries.every(({ kind }) => kind !== 'run.forked'),
  )
}

/** Each start that was acknowledged is in the run that was named, and in no other; a run begins with the latest. */
export function checkBursts({ marks, processes, wrong }: World, stories: readonly Story[]): void {
  const bursts = burstsOf(stories)
  const told = new Map<string, string>()
  for (const { row, entries } of bursts) {
    const own = marksOf(entries)
    for (const mark of own) {
      const other = told.get(mark)
      if (other !== undefined) wrong.push(`${mark} is in ${other.slice(0, 6)} and in ${row.run.slice(0, 6)}`)
      told.set(mark, row.run)
    }
    for (const { played } of processes) {
      const player = played.get(`${row.run}@0`)
      if (player !== undefined && player.mark !== own.at(-1))
        wrong.push(`${row.run.slice(0, 6)} began with ${player.mark}, and ${own.at(-1)} was the latest`)
    }
  }
  for (const [mark, run] of marks)
    if (told.get(mark) !== run) wrong.push(`${mark} became part of ${run.slice(0, 6)} and is in ${told.get(mark)}`)
}

function marksOf(entries: readonly Entry[]): readonly string[] {
  return entries.flatMap(({ kind, payload }) => {
    if (kind !== 'run.started' && kind !== 'run.debounced') return []
    return (decode(payload as string) as { readonly input: Input }).input.mark ?? []
  })
}
