import { apiKeyTables } from './schema-api-keys.ts'
import { budgetTables } from './schema-budgets.ts'
import { deathTables } from './schema-deaths.ts'
import { failureIndex } from './schema-failures.ts'
import { forkTables } from './schema-fork.ts'
import { limitTables } from './schema-limits.ts'
import { logTables } from './schema-log.ts'
import { retentionTables } from './schema-retention.ts'
import { schemaSchedules } from './schema-schedules.ts'
import { sealTables } from './schema-seal.ts'

/**
 * Version 1. Every table of ours begins with `spanwise_`: users' own tables may live in the same file.
 * Columns that hold what users wrote are marked (content): `erase-registry.ts` says how each is erased.
 */
export const version1 = `
-- Facts about this store.
CREATE TABLE spanwise_store (
  name  TEXT PRIMARY KEY,  -- 'id', 'created', 'key': the HMAC key behind every token, 'indexed': see spanwise_places
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Processes that own runs.
CREATE TABLE spanwise_workers (
  id      TEXT PRIMARY KEY,
  pid     INTEGER NOT NULL,
  host    TEXT NOT NULL,
  lease   INTEGER NOT NULL,  -- ms
  expires INTEGER NOT NULL   -- ms since 1970; moved on by every renewal
) STRICT, WITHOUT ROWID;

-- Releases of the users' code in the order in which the store first saw them: an older one leaves runs of a newer one alone.
CREATE TABLE spanwise_releases (
  seq  INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- One row per run: a projection, written at transitions only. What happened is in spanwise_segments.
CREATE TABLE spanwise_runs (
  seq         INTEGER PRIMARY KEY,
  run         TEXT NOT NULL UNIQUE,   -- opaque id, unique everywhere
  tenant      TEXT NOT NULL,
  workflow    TEXT NOT NULL,
  id_token    TEXT NOT NULL,          -- keyed hash of the user's id
  input_token TEXT NOT NULL,          -- keyed hash of the unparsed input: what a conflict is judged by
  status      INTEGER NOT NULL,       -- codes.ts
  owner       TEXT,                   -- worker that advances it; NULL is free
  epoch       INTEGER NOT NULL,       -- counts owners; an append under an older one is refused
  wake_at     INTEGER,                -- when a free run is due, ms; NULL: not before mail arrives
  base        INTEGER NOT NULL,       -- entries below it are not needed to go on
  priority    INTEGER NOT NULL,
  deadline    INTEGER,
  release     INTEGER NOT NULL,       -- spanwise_releases: of the code that advanced it last
  subject     TEXT,                   -- token of the subject whose secret covers the run
  parent_run  TEXT,
  parent_key  TEXT,
  linked      INTEGER NOT NULL,       -- 1 when spanwise_links or spanwise_schedule_runs has rows for it
  fingerprint TEXT,                   -- of the failure that it needs attention for
  code        TEXT,                   -- error code of a run that failed or needs attention
  outcome     ANY,                    -- of an ended run: index of the entry that holds it, or codec text (content)
  secret      BLOB,                   -- 32 bytes; NULL when a subject's is used or when erased
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  UNIQUE (tenant, workflow, id_token)
) STRICT;
CREATE INDEX spanwise_runs_due ON spanwise_runs (priority DESC, wake_at) WHERE owner IS NULL AND wake_at IS NOT NULL;
CREATE INDEX spanwise_runs_owner ON spanwise_runs (owner) WHERE owner IS NOT NULL;
CREATE INDEX spanwise_runs_status ON spanwise_runs (status);
CREATE INDEX spanwise_runs_fingerprint ON spanwise_runs (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX spanwise_runs_subject ON spanwise_runs (subject) WHERE subject IS NOT NULL;

${logTables}${sealTables}
-- Inboxes: what others have to say to a run. A row goes when the owner commits its delivery, or when the run ends.
CREATE TABLE spanwise_mail (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: deliveries name it
  run_seq INTEGER NOT NULL,
  kind    INTEGER NOT NULL,  -- codes.ts
  name    TEXT NOT NULL,
  payload TEXT,              -- (content) codec text
  at      INTEGER NOT NULL
) STRICT;
CREATE INDEX spanwise_mail_run ON spanwise_mail (run_seq, id);

-- What a late duplicate of delivered mail is recognised by; goes when the run ends.
CREATE TABLE spanwise_mail_seen (
  run_seq INTEGER NOT NULL,
  token   TEXT NOT NULL,  -- keyed hash of the sender's dedupe text
  PRIMARY KEY (run_seq, token)
) STRICT, WITHOUT ROWID;

-- People and things that content is about. Without the secret their content is unreadable and unguessable.
CREATE TABLE spanwise_subjects (
  token     TEXT PRIMARY KEY,  -- keyed hash of the readable subject
  secret    BLOB,              -- (content) 32 bytes; NULL once erased
  erased_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE spanwise_run_tags (
  token   TEXT NOT NULL,  -- keyed hash of the tag
  run_seq INTEGER NOT NULL,
  PRIMARY KEY (token, run_seq)
) STRICT, WITHOUT ROWID;

-- Runs that wait for a run: its outcome is mailed to them in its last commit.
CREATE TABLE spanwise_links (
  child_seq  INTEGER NOT NULL,
  parent_run TEXT NOT NULL,
  parent_key TEXT NOT NULL,
  PRIMARY KEY (child_seq, parent_run, parent_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX spanwise_links_parent ON spanwise_links (parent_run);

-- A projection of approval entries for the list of open ones; questions and forms are in the entries.
CREATE TABLE spanwise_approvals (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  run_seq    INTEGER NOT NULL,
  key        TEXT NOT NULL,
  role       TEXT,
  at         INTEGER NOT NULL,
  expires_at INTEGER,
  entry      INTEGER NOT NULL,  -- index of the entry that asks
  state      INTEGER NOT NULL  -- codes.ts
) STRICT;
CREATE INDEX spanwise_approvals_open ON spanwise_approvals (state) WHERE state = 0;
CREATE INDEX spanwise_approvals_run ON spanwise_approvals (run_seq);
${forkTables}${failureIndex}${limitTables}${schemaSchedules}${budgetTables}${deathTables}${retentionTables}${apiKeyTables}`
