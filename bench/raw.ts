import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Latency, quantile } from './measure.ts'

/**
 * The physical limit on the same disk: a bare writer with no runtime, no hashing and no other thread. Same journal mode, same
 * durability, entries of the same size.
 */
export interface Raw {
  /** ms for `n` entries, each in a synced commit of its own: one row, appended */
  commits(n: number): number
  /** entries per second in synced commits of `batch`, in the table that Spanwise has: rows of many entries, no index */
  packed(batch: number, batches: number): number
  /** the same in a table as one would make it: a row and a place in an index for each entry */
  rows(batch: number, batches: number): number
  close(): void
}

/** bytes of a step's entry, `{"ms":0.012}` and two numbers in it, and 128 bytes of proof */
const entrySize = 184
/** Spanwise begins a new row there */
const rowSize = 8 * 1024

export function openRaw(dir: string): Raw {
  const path = join(dir, 'raw.db')
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE segments (pos INTEGER PRIMARY KEY, n INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
    CREATE TABLE entries (seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, idx INTEGER NOT NULL, after INTEGER NOT NULL,
      at INTEGER NOT NULL, kind INTEGER NOT NULL, key TEXT NOT NULL, attempt INTEGER NOT NULL, meta TEXT, payload ANY,
      flags INTEGER NOT NULL, subject TEXT, proof BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX entries_run ON entries (run, idx)`)
  const insertRow = db.prepare(
    'INSERT INTO entries (run, idx, after, at, kind, key, attempt, meta, payload, flags, subject, proof) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)',
  )
  const insertSegment = db.prepare('INSERT INTO segments (pos, n, data) VALUES (?, ?, ?)')
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const proof = new Uint8Array(128)
  const perRow = Math.ceil(rowSize / entrySize)
  let run = 0
  let pos = 1

  const timed = (commits: number, write: (i: number) => void): number => {
    const start = performance.now()
    for (let i = 0; i < commits; i++) {
      begin.run()
      write(i)
      commit.run()
    }
    return performance.now() - start
  }
  const pack = (entries: number): void => {
    for (let left = entries; left > 0; left -= perRow) {
      const n = Math.min(left, perRow)
      insertSegment.run(pos, n, new Uint8Array(n * entrySize))
      pos += n
    }
  }
  return {
    commits: (n) => timed(n, () => pack(1)),
    packed: (batch, batches) => (batch * batches) / (timed(batches, () => pack(batch)) / 1_000),
    rows: (batch, batches) => {
      const first = run + 1
      run += batch
      const ms = timed(batches, (idx) => {
        for (let r = first; r < first + batch; r++)
          insertRow.run(r, idx, idx - 1, Date.now(), 18, `add#${idx}`, 1, '{"ms":0.012}', '1\n2', 0, null, proof)
      })
      return (batch * batches) / (ms / 1_000)
    },
    close: () => db.close(),
  }
}

export function rawLatency(raw: Raw, commits: number, n: number): Latency {
  const times = Array.from({ length: n }, () => raw.commits(commits))
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95), n }
}
