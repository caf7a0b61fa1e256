/** Named streams: an append is a row, whatever stands before it. */
export const streamTables = `
-- Rows go when streams are deleted or have expired and no fork needs them, or are erased with subject or run.
CREATE TABLE spanwise_streams (
  seq       INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant    TEXT NOT NULL,
  name      TEXT NOT NULL,     -- (content)
  type      TEXT NOT NULL,     -- media type
  json      INTEGER NOT NULL,  -- 1: positions count messages, else bytes
  tail      INTEGER NOT NULL,  -- where the next append goes
  source    INTEGER,           -- seq of the stream that it is a fork of
  fork_at   INTEGER NOT NULL,  -- what is before it stands in the source
  ttl       INTEGER,           -- ms without use after which it is gone
  expires   INTEGER,           -- ms; gone from then on, moved by use where there is a ttl
  ordering  TEXT,              -- a writer's last word on its order (content)
  closed_at INTEGER,           -- ms
  closed_by TEXT,              -- token, epoch and number of the producer whose append closed it
  digest    TEXT,              -- SHA-256 of all of it (content)
  seal      INTEGER,           -- index of the entry in the store's own history that has it
  deleted   INTEGER NOT NULL DEFAULT 0,  -- 1: forks need it still
  subject   TEXT,              -- token of whom it is about
  run       TEXT,              -- opaque id of the run that made it
  created   INTEGER NOT NULL   -- ms
) STRICT;
CREATE UNIQUE INDEX spanwise_streams_name ON spanwise_streams (tenant, name);
CREATE INDEX spanwise_streams_source ON spanwise_streams (source) WHERE source IS NOT NULL;
CREATE INDEX spanwise_streams_subject ON spanwise_streams (subject) WHERE subject IS NOT NULL;
CREATE INDEX spanwise_streams_run ON spanwise_streams (run) WHERE run IS NOT NULL;
CREATE INDEX spanwise_streams_expires ON spanwise_streams (expires) WHERE expires IS NOT NULL;

CREATE TABLE spanwise_stream_parts (
  id     INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL,
  start  INTEGER NOT NULL,  -- position of what it begins with
  stop   INTEGER NOT NULL,  -- and of what comes behind it
  data   BLOB NOT NULL      -- one append (content)
) STRICT;
CREATE UNIQUE INDEX spanwise_stream_parts_place ON spanwise_stream_parts (stream, start, stop);

CREATE TABLE spanwise_stream_producers (
  stream   INTEGER NOT NULL,
  producer TEXT NOT NULL,     -- keyed hash
  epoch    INTEGER NOT NULL,
  seq      INTEGER NOT NULL,  -- the last one that was appended
  PRIMARY KEY (stream, producer)
) STRICT, WITHOUT ROWID;
`
