import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { OlderNote } from '../../older.ts'
import type { Context } from '../context.ts'

/**
 * How far the log had come when it was last looked at, in a small file beside the store, written behind: every second in which
 * something was written, and at the end. A store that is put back from a backup has come less far, and this is how that is seen.
 */
interface Acknowledged {
  /** id of the store */
  readonly store: string
  readonly position: number
  /** ISO 8601 */
  readonly at: string
}

/** ms between two writes of the file */
const every = 1_000

export function positionFile(store: string): string {
  return `${store}.position`
}

/** The position of the last entry of the log; 0 when it is empty. */
export function lastPosition(context: Context): number {
  const row = context.sql('SELECT pos, n FROM spanwise_segments ORDER BY pos DESC LIMIT 1').get()
  return row === undefined ? 0 : Number(row['pos']) + Number(row['n']) - 1
}

export function readAcknowledged(store: string): Acknowledged | undefined {
  try {
    return JSON.parse(readFileSync(positionFile(store), 'utf8')) as Acknowledged
  } catch {
    // missing, or torn by a power loss: then nothing is known, which is what it is there to bear
    return undefined
  }
}

/**
 * Called when a store is opened, before anything is written to it: afterwards its log may come as far as the lost one did. What is
 * seen is kept in the store until it is accepted.
 */
export function noteIfOlder(context: Context, store: string): OlderNote | undefined {
  const known = readAcknowledged(store)
  const position = lastPosition(context)
  if (known?.store !== context.id || !(known.position > position)) return olderNote(context)
  const seen = new Date().toISOString()
  const before = olderNote(context)
  const note: OlderNote = {
    seen,
    position,
    acknowledged: Math.max(known.position, before?.acknowledged ?? 0),
    acknowledgedAt: known.at,
  }
  context.sql(`INSERT OR REPLACE INTO spanwise_store (name, value) VALUES ('older', ?)`).run(JSON.stringify(note))
  writePosition(context, store, position)
  return note
}

export function olderNote(context: Context): OlderNote | undefined {
  const row = context.sql(`SELECT value FROM spanwise_store WHERE name = 'older'`).get()
  return row === undefined ? undefined : (JSON.parse(String(row['value'])) as OlderNote)
}

export interface PositionKeeper {
  /** something may have been written */
  touch(): void
  /** Writes when it is time; answers in how many ms that is, undefined when there is nothing to write. */
  idle(): number | undefined
  close(): void
}

export function keepPosition(context: Context, store: string): PositionKeeper {
  let written = lastPosition(context)
  let touched = false
  let next = 0
  const write = (): void => {
    touched = false
    const position = lastPosition(context)
    if (position === written) return
    writePosition(context, store, position)
    written = position
  }
  return {
    touch: () => {
      touched = true
    },
    idle: () => {
      if (!touched) return undefined
      const now = performance.now()
      if (now < next) return Math.max(1, next - now)
      next = now + every
      write()
      return undefined
    },
    close: write,
  }
}

function writePosition(context: Context, store: string, position: number): void {
  const known: Acknowledged = { store: context.id, position, at: new Date().toISOString() }
  const partial = `${positionFile(store)}.${process.pid}`
  try {
    writeFileSync(partial, JSON.stringify(known), { mode: 0o600 })
    renameSync(partial, positionFile(store))
  } catch {
    // a full disk stops the store itself before long, and says so; this file only makes a later notice possible
    rmSync(partial, { force: true })
  }
}
