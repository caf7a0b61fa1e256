/** Webhooks, and what has to be told to whom. */
export const webhookTables = `
-- Those that a config has named, and how they go. One that is not named any more stays, with its deliveries.
CREATE TABLE spanwise_webhooks (
  name         TEXT PRIMARY KEY,
  way          INTEGER NOT NULL,            -- 0: in, 1: out
  about        TEXT NOT NULL,               -- JSON, for people; no secrets
  since        INTEGER NOT NULL,            -- position in the log from which on it is told
  disabled_at  INTEGER,
  disabled_why TEXT,
  created_at   INTEGER NOT NULL,
  accepted     INTEGER NOT NULL DEFAULT 0,  -- what came in: taken, had come before, of no interest, refused
  repeated     INTEGER NOT NULL DEFAULT 0,
  ignored      INTEGER NOT NULL DEFAULT 0,
  refused      INTEGER NOT NULL DEFAULT 0,
  last_at      INTEGER,
  refused_at   INTEGER,
  refusal      TEXT                         -- error code
) STRICT, WITHOUT ROWID;

-- What is to be told, up to the position 'told' in spanwise_store. What is told is read from the run's history when it is sent.
CREATE TABLE spanwise_deliveries (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,  -- the same over all attempts
  webhook    TEXT NOT NULL,
  type       TEXT NOT NULL,
  run_seq    INTEGER,               -- NULL: it is in no run's history, and 'about' is all there is to it
  idx        INTEGER,               -- of the entry that it tells of
  approval   TEXT,
  about      TEXT,                  -- JSON: names and numbers
  at         INTEGER NOT NULL,
  state      INTEGER NOT NULL,      -- 0: pending, 1: delivered, 2: dead
  attempts   INTEGER NOT NULL DEFAULT 0,
  next_at    INTEGER,               -- NULL once it is not pending
  status     INTEGER,               -- HTTP, of the latest answer
  error      TEXT,                  -- why there was none: a code
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX spanwise_deliveries_pending ON spanwise_deliveries (webhook, run_seq, seq) WHERE state = 0;
CREATE INDEX spanwise_deliveries_state ON spanwise_deliveries (webhook, state, seq);
CREATE INDEX spanwise_deliveries_ended ON spanwise_deliveries (updated_at) WHERE state > 0;
CREATE INDEX spanwise_deliveries_run ON spanwise_deliveries (run_seq);
`
