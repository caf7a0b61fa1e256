import { forgetResultsOf } from './cache.ts'
import type { Context } from './context.ts'
import { eraseEntries } from './entries.ts'
import type { Target } from './erase-target.ts'
import { eraseStreams } from './streams.ts'

interface TableErasure {
  /** why there is nothing to erase, for tables that hold no content */
  readonly keeps?: string
  readonly erase?: (context: Context, target: Target) => void
  /** takes the rows of a run that is deleted; tables without have none, or keep them for the log */
  readonly forget?: (context: Context, run: { readonly seq: number; readonly run: string }) => void
}

function forgetBy(context: Context, table: string, seq: number): void {
  context.sql(`DELETE FROM ${table} WHERE run_seq = ?`).run(seq)
}

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
  spanwise_segments: {
    erase: (context, target) => {
      if ('run' in target) return eraseEntries(context, target.run, () => true)
      const { subject } = target
      for (const { seq } of context.sql(runsOfSubject).all(subject))
        eraseEntries(context, Number(seq), (whose) => whose === undefined || whose === subject)
      for (const { run_seq } of context.sql('SELECT run_seq FROM spanwise_subject_runs WHERE subject = ?').all(subject))
        eraseEntries(context, Number(run_seq), (whose) => whose === subject)
    },
  },
  spanwise_blobs: { keeps: 'what the segments no longer point at is deleted with it' },
  spanwise_places: {
    keeps: 'numbers',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_places', seq),
  },
  spanwise_subject_runs: {
    keeps: 'keyed hashes',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_subject_runs', seq),
  },
  spanwise_cache: {
    // nothing of theirs is in it; what it points at is gone
    erase: (context, target) => {
      if ('run' in target) return forgetResultsOf(context, '= ?1', target.run)
      forgetResultsOf(context, `IN (${runsOfSubject})`, target.subject)
      const about = 'IN (SELECT run_seq FROM spanwise_subject_runs WHERE subject = ?1)'
      forgetResultsOf(context, about, target.subject)
    },
    forget: (context, { seq }) => forgetResultsOf(context, '= ?1', seq),
  },
  spanwise_cache_tags: { keeps: 'keyed hashes; they go with what they stand for' },
  spanwise_archived: {
    // a subject's own secret goes too, and with it what others hold about them
    erase: (context, target) => {
      const runs = pick(target, '= ?1', `IN (${runsOfSubject})`)
      context.sql(`UPDATE spanwise_archived SET key = NULL WHERE run_seq ${runs}`).run(value(target))
    },
    forget: (context, { seq }) => forgetBy(context, 'spanwise_archived', seq),
  },
  spanwise_deleted: { keeps: 'opaque run ids, names of workflows and tenants' },
  spanwise_decisions: {
    keeps: 'positions, keys with tokens and sums of money',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_decisions', seq),
  },
  spanwise_decision_terms: {
    // tokens of documents and people go: what they stood for cannot be asked for any more
    erase: (context, target) => {
      const runs = pick(target, 'run_seq = ?1', `subject = ?1 OR (subject IS NULL AND run_seq IN (${runsOfSubject}))`)
      context
        .sql(
          `DELETE FROM spanwise_decision_terms WHERE (term GLOB 'document:*' OR term GLOB 'approver:*') AND (${runs})`,
        )
        .run(value(target))
    },
    forget: (context, { seq }) => forgetBy(context, 'spanwise_decision_terms', seq),
  },
  spanwise_seal_nodes: { keeps: 'hashes of leaves' },
  spanwise_checkpoints: { keeps: 'numbers, hashes and signatures' },
  spanwise_mail: {
    erase: (context, target) => {
      const runs = pick(target, '= ?1', `IN (${runsOfSubject})`)
      context.sql(`UPDATE spanwise_mail SET payload = NULL WHERE run_seq ${runs}`).run(value(target))
    },
    forget: (context, { seq }) => forgetBy(context, 'spanwise_mail', seq),
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
    forget: (context, { seq }) => {
      context
        .sql(
          `INSERT INTO spanwise_deleted (run_seq, run, tenant, workflow, release)
           SELECT seq, run, tenant, workflow, release FROM spanwise_runs WHERE seq = ?`,
        )
        .run(seq)
      context.sql('DELETE FROM spanwise_runs WHERE seq = ?').run(seq)
    },
  },
  spanwise_memories: {
    // also what runs about the subject have put there, whomever they said that it was about; a deleted run's memories stay
    erase: (context, target) => {
      const written = pick(target, 'seq = ?1', 'subject = ?1')
      context
        .sql(`DELETE FROM spanwise_memories WHERE run IN (SELECT run FROM spanwise_runs WHERE ${written})`)
        .run(value(target))
      if ('subject' in target) context.sql('DELETE FROM spanwise_memories WHERE subject = ?').run(target.subject)
    },
  },
  spanwise_streams: {
    // and what was forked from them; a deleted run's streams stay
    erase: eraseStreams,
  },
  spanwise_stream_parts: { keeps: 'they go with their stream' },
  spanwise_stream_producers: { keeps: 'keyed hashes and numbers; they go with their stream' },
  spanwise_counts: { keeps: 'numbers' },
  spanwise_forks: {
    erase: (context, target) => {
      const runs = pick(target, '= ?1', `IN (${runsOfSubject})`)
      context.sql(`UPDATE spanwise_forks SET token_key = NULL WHERE run_seq ${runs}`).run(value(target))
    },
    // the row stays: what a fork has copied in the log must not count twice, as in the costs of models
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
  spanwise_rates: {
    keeps: 'keyed hashes of the keys of limits, and when how much was drawn; they go when that counts no more',
  },
  spanwise_schedules: {
    // one that goes on without its input could start nothing; runs that it started are erased as runs
    erase: (context, target) => {
      if ('run' in target) return
      context.sql('DELETE FROM spanwise_schedules WHERE subject = ?').run(target.subject)
    },
  },
  spanwise_schedule_runs: {
    keeps: 'numbers',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_schedule_runs', seq),
  },
  spanwise_debounces: {
    // what is started from then on is not about the erased: it is another run
    keeps: 'keyed hashes and numbers of runs that have not begun',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_debounces', seq),
  },
  spanwise_requests: {
    keeps: 'keyed hashes and numbers of runs; they go when their time is over',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_requests', seq),
  },
  spanwise_webhooks: { keeps: 'names and counts of what the config names' },
  spanwise_deliveries: {
    keeps: 'numbers of runs and entries; what is told is read from the history when it is sent, and so is gone with it',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_deliveries', seq),
  },
  spanwise_limit_waits: {
    keeps: 'numbers of runs',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_limit_waits', seq),
  },
  spanwise_deaths: {
    keeps: 'numbers of runs, times, processes and keys with tokens',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_deaths', seq),
  },
  spanwise_store: { keeps: 'the store’s own id and key' },
  spanwise_workers: { keeps: 'processes, not people' },
  spanwise_releases: { keeps: 'names of releases of code' },
  spanwise_mail_seen: {
    keeps: 'keyed hashes; they go when the run ends',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_mail_seen', seq),
  },
  spanwise_run_tags: {
    keeps: 'keyed hashes',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_run_tags', seq),
  },
  spanwise_links: {
    keeps: 'opaque run ids and keys with tokens',
    forget: (context, { seq, run }) => {
      context.sql('DELETE FROM spanwise_links WHERE child_seq = ?').run(seq)
      context.sql('DELETE FROM spanwise_links WHERE parent_run = ?').run(run)
    },
  },
  spanwise_approvals: {
    keeps: 'opaque ids, keys with tokens and roles; question and form are in the entries',
    forget: (context, { seq }) => forgetBy(context, 'spanwise_approvals', seq),
  },
  spanwise_api_keys: { keeps: 'names of keys, which are of programs and operators, and hashes of random secrets' },
  spanwise_holds: {
    keeps: 'opaque run ids and tokens; why is in the store’s own history',
    forget: (context, { run }) => {
      context.sql('DELETE FROM spanwise_holds WHERE target = ?').run(`run:${run}`)
    },
  },
  spanwise_erasures: { keeps: 'opaque run ids and tokens' },
  spanwise_confirmed_calls: { keeps: 'numbers; what deleted runs have cost was paid all the same' },
  spanwise_identities: { keeps: 'names of models, aliases and keys: none is a person’s word' },
  spanwise_budgets: { keeps: 'sums, under names of rules and keyed hashes' },
}
