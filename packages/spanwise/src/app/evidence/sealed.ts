import { unknownRun } from '../unknown-run.ts'
import type { WithStore } from './exports.ts'

/** How much of a run can be proved now. */
export interface RunSeal {
  readonly entries: number
  /** of them, those under the latest checkpoint: the others are sealed within seconds, where the store is sealed at all */
  readonly sealed: number
  /** the latest one of the store */
  readonly checkpoint: { readonly size: number; readonly at: Date | undefined } | undefined
}

/** @throws RUN_UNKNOWN */
export async function sealOf(withStore: WithStore, run: string): Promise<RunSeal> {
  return withStore(async (store) => {
    if ((await store.run(run)) === undefined) throw unknownRun(run)
    const latest = await store.sealed()
    const indexes = (await store.entries(run)).map(({ index }) => index)
    const isSealed = async (at: number): Promise<boolean> => {
      const position = await store.positionOf(run, indexes[at] as number)
      return latest !== undefined && position !== undefined && position < latest.size
    }
    // entries of a run are in the log in their order
    let [from, to] = [0, indexes.length]
    while (from < to) {
      const middle = Math.floor((from + to) / 2)
      if (await isSealed(middle)) from = middle + 1
      else to = middle
    }
    return {
      entries: indexes.length,
      sealed: from,
      checkpoint: latest === undefined ? undefined : { size: latest.size, at: timeOf(latest.note) },
    }
  })
}

/** As the note says it; who signed it is for those to check who have the evidence. */
function timeOf(note: string): Date | undefined {
  const time = /^time (.+)$/m.exec(note)?.[1]
  return time === undefined ? undefined : new Date(time)
}
