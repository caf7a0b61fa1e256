import type { DatabaseSync } from 'node:sqlite'
import type { OlderNote } from '../../older.ts'
import { statuses } from '../codes.ts'
import { createContext } from '../context.ts'
import { storeError } from '../faults.ts'
import { storeFile } from '../owner.ts'
import { openStoreFile } from './open-file.ts'
import { olderNote } from './position.ts'

/** Runs of a workflow that wait for what should have come. */
export interface Waits {
  readonly workflow: string
  readonly runs: number
  /** the one that waits longest */
  readonly run: string
  /** ms since 1970 */
  readonly since: number
}

export interface WaitFacts {
  readonly older: OlderNote | undefined
  /** due, and nobody takes them */
  readonly due: readonly Waits[]
  /** their deadline has passed, and they have not ended */
  readonly late: readonly Waits[]
  /** wait for somebody, and ten times as long as half of those that wait in their workflow; `usual` in ms */
  readonly long: readonly (Waits & { readonly usual: number })[]
}

const waiting = statuses.code('waiting')
const needsAttention = statuses.code('needs attention')
/** as many of a workflow have to wait before one of them is unlike the others */
const peers = 5
/** times as long as usual */
const far = 10

/**
 * What a person may have to look after. Nothing is written.
 * @param patience what is due, or late, for less long is not told, ms
 */
export function waitFacts(path: string, now: number, patience: number): WaitFacts {
  const store = storeFile(path)
  const { db } = openStoreFile(store)
  const grouped = (since: string, where: string): readonly Waits[] =>
    db
      .prepare(
        `SELECT workflow, count(*) AS runs, run, min(${since}) AS since FROM spanwise_runs
         WHERE ${where} GROUP BY workflow ORDER BY runs DESC`,
      )
      .all(now - patience)
      .map(toWaits)
  try {
    return {
      older: olderNote(createContext(db, store, 'locked')),
      // what was given back by a worker that ended is due since ever: since it was written last
      due: grouped(
        'max(wake_at, updated_at)',
        `owner IS NULL AND wake_at IS NOT NULL AND max(wake_at, updated_at) <= ? AND status <= ${waiting}`,
      ),
      late: grouped('deadline', `deadline <= ? AND status < ${needsAttention}`),
      long: longWaits(db, now, patience),
    }
  } catch (error) {
    throw storeError(error, store)
  } finally {
    db.close()
  }
}

function toWaits(row: Record<string, unknown>): Waits {
  const { workflow, runs, run, since } = row
  return { workflow: String(workflow), runs: Number(runs), run: String(run), since: Number(since) }
}

/** What has a time to wake at waits for that; the others wait for a signal, an answer, a child, a limit. */
function longWaits(db: DatabaseSync, now: number, patience: number): WaitFacts['long'] {
  const waits = `FROM spanwise_runs WHERE status = ${waiting} AND owner IS NULL AND wake_at IS NULL`
  const workflows = db.prepare(`SELECT workflow, count(*) AS runs ${waits} GROUP BY workflow HAVING runs >= ${peers}`)
  const median = db.prepare(
    `SELECT updated_at AS at ${waits} AND workflow = ? ORDER BY updated_at DESC LIMIT 1 OFFSET ?`,
  )
  const longest = db.prepare(
    `SELECT workflow, count(*) AS runs, run, min(updated_at) AS since ${waits} AND workflow = ? AND updated_at <= ?`,
  )
  return workflows.all().flatMap(({ workflow, runs }) => {
    const at = median.get(String(workflow), Math.floor(Number(runs) / 2))?.['at']
    const usual = now - Number(at)
    const found = toWaits(longest.get(String(workflow), now - Math.max(usual * far, patience)) ?? {})
    return found.runs === 0 ? [] : [{ ...found, usual }]
  })
}
