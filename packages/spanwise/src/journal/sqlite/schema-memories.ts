/** What agents remember over runs. */
export const memoryTables = `
-- Found by space and vector, each vector looked at. Rows go when they expire, are forgotten, or are erased with subject or run.
CREATE TABLE spanwise_memories (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order in which they came
  id      TEXT NOT NULL UNIQUE,
  space   TEXT NOT NULL,     -- keyed hash of whose it is
  subject TEXT,              -- token of whom it is about
  run     TEXT,              -- opaque id of the run that put it here
  text    TEXT NOT NULL,     -- (content)
  vector  TEXT,              -- base64 of float32: as telling as the text (content)
  at      INTEGER NOT NULL,  -- ms
  expires INTEGER            -- ms; not found from then on
) STRICT;
CREATE INDEX spanwise_memories_space ON spanwise_memories (space, seq);
CREATE INDEX spanwise_memories_subject ON spanwise_memories (subject) WHERE subject IS NOT NULL;
CREATE INDEX spanwise_memories_run ON spanwise_memories (run) WHERE run IS NOT NULL;
CREATE INDEX spanwise_memories_expires ON spanwise_memories (expires) WHERE expires IS NOT NULL;
`
