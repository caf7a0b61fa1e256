import type { Context } from './context.ts'
import { erasedFlag } from './payloads.ts'

/** What is erased: a whole run, or everything that is about a subject (by token). */
export type Target = { readonly run: number } | { readonly subject: string }

interface TableErasure {
  /** why there is nothing to erase, for tables that hold no content */
  readonly keeps?: string
  readonly erase?: (context: Context, target: Target) => void
}

/** entries whose content belongs to the target: the run's, or the subject's by their own or by their run's subject */
const entriesOfRun = 'run_seq = ?1'
const entriesOfSubject = `subject = ?1 OR (subject IS NULL AND run_seq IN (SELECT seq FROM spanwise_runs WHERE subject = ?1))`
const runsOfSubject = 'SELECT seq FROM spanwise_runs WHERE subject = ?1'

function value(target: Target): number | string {
  return 'run' in target ? target.run : target.subject
}

function pick(target: Target, run: string, subject: string): string {
  return 'run' in target ? run : subject
}

/**
 * Every table of ours, with how its content is erased; in this order, because later ones find rows through earlier ones.
 * Leaves and commitments stay: what was recorded can still be proven to have been recorded. A test fails on a table that is
 * missing here.
 */
export const eraseRegistry: Readonly<Record<string, TableErasure>> = {
  spanwise_blobs: {
    erase: (context, target) => {
      const entries = pick(target, entriesOfRun, entriesOfSubject)
      context
        .sql(`DELETE FROM spanwise_blobs WHERE entry_seq IN (SELECT seq FROM spanwise_entries WHERE ${entries})`)
        .run(value(target))
    },
  },
  spanwise_entries: {
    erase: (context, target) => {
      const entries = pick(target, entriesOfRun, entriesOfSubject)
      context
        .sql(
          `UPDATE spanwise_entries SET payload = NULL, flags = ${erasedFlag}
           WHERE (${entries}) AND (payload IS NOT NULL OR flags <> 0)`,
        )
        .run(value(target))
    },
  },
  spanwise_mail: {
    erase: (context, target) => {
      const runs = pick(target, '= ?1', `IN (${runsOfSubject})`)
      context.sql(`UPDATE spanwise_mail SET payload = NULL WHERE run_seq ${runs}`).run(value(target))
    },
  },
  spanwise_runs: {
    erase: (context, target) => {
      const runs = pick(target, 'seq = ?1', 'subject = ?1')
      context
        .sql(
          `UPDATE spanwise_runs SET secret = NULL, outcome = CASE typeof(outcome) WHEN 'integer' THEN outcome END
           WHERE ${runs}`,
        )
        .run(value(target))
    },
  },
  spanwise_forks: {
    erase: (context, target) => {
      const runs = pick(target, '= ?1', `IN (${runsOfSubject})`)
      context.sql(`UPDATE spanwise_forks SET token_key = NULL WHERE run_seq ${runs}`).run(value(target))
    },
  },
  spanwise_subjects: {
    erase: (context, target) => {
      if ('run' in target) return
      // a subject that was never seen is erased too: a restored copy of the store must not bring it to life
      context
        .sql(
          `INSERT INTO spanwise_subjects (token, secret, erased_at) VALUES (?1, NULL, ?2)
           ON CONFLICT (token) DO UPDATE SET secret = NULL, erased_at = coalesce(erased_at, ?2)`,
        )
        .run(target.subject, Date.now())
    },
  },
  spanwise_store: { keeps: 'the store’s own id and key' },
  spanwise_workers: { keeps: 'processes, not people' },
  spanwise_releases: { keeps: 'names of releases of code' },
  spanwise_mail_seen: { keeps: 'keyed hashes; they go when the run ends' },
  spanwise_run_tags: { keeps: 'keyed hashes' },
  spanwise_links: { keeps: 'opaque run ids and keys with tokens' },
  spanwise_approvals: { keeps: 'opaque ids, keys with tokens and roles; question and form are in the entries' },
}
