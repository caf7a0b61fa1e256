import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Latency, quantile } from './measure.ts'

/**
 * The physical limit on the same disk: a bare writer with no runtime, no hashing and no other thread. Same journal mode, same
 * durability, a table of the shape of ours with the index that replay needs, rows of the same size.
 */
export interface Raw {
  /** ms for `n` rows, each in a synced commit of its own */
  commits(n: number): number
  /** rows per second in synced commits of `batch` rows */
  batched(batch: number, batches: number): number
  close(): void
}

export function openRaw(dir: string): Raw {
  const path = join(dir, 'raw.db')
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE entries (seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, idx INTEGER NOT NULL, after INTEGER NOT NULL,
      at INTEGER NOT NULL, kind INTEGER NOT NULL, key TEXT NOT NULL, attempt INTEGER NOT NULL, meta TEXT, payload ANY,
      flags INTEGER NOT NULL, subject TEXT, proof BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX entries_run ON entries (run, idx)`)
  const insert = db.prepare(
    'INSERT INTO entries (run, idx, after, at, kind, key, attempt, meta, payload, flags, subject, proof) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)',
  )
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const proof = new Uint8Array(128)
  let run = 0
  const row = (of: number, idx: number) =>
    insert.run(of, idx, idx - 1, Date.now(), 18, `add#${idx}`, 1, '{"ms":0.012}', '1\n2', 0, null, proof)
  return {
    commits(n) {
      run++
      const start = performance.now()
      for (let i = 0; i < n; i++) {
        begin.run()
        row(run, i)
        commit.run()
      }
      return performance.now() - start
    },
    batched(batch, batches) {
      const first = run + 1
      run += batch
      const start = performance.now()
      for (let i = 0; i < batches; i++) {
        begin.run()
        for (let r = 0; r < batch; r++) row(first + r, i)
        commit.run()
      }
      return (batch * batches) / ((performance.now() - start) / 1_000)
    },
    close: () => db.close(),
  }
}

export function rawLatency(raw: Raw, commits: number, n: number): Latency {
  const times = Array.from({ length: n }, () => raw.commits(commits))
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95), n }
}
