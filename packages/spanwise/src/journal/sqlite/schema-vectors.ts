/** Vectors as they are in memory: a third of the bytes less, and nothing to decode when each is looked at. */
export const vectorTables = `
ALTER TABLE spanwise_memories RENAME TO spanwise_memories_before;
CREATE TABLE spanwise_memories (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order in which they came
  id      TEXT NOT NULL UNIQUE,
  space   TEXT NOT NULL,     -- keyed hash of whose it is
  subject TEXT,              -- token of whom it is about
  run     TEXT,              -- opaque id of the run that put it here
  text    TEXT NOT NULL,     -- (content)
  vector  ANY,               -- float32, little-endian; base64 of it where an earlier version put it. As telling as the text (content)
  at      INTEGER NOT NULL,  -- ms
  expires INTEGER            -- ms; not found from then on
) STRICT;
INSERT INTO spanwise_memories SELECT * FROM spanwise_memories_before;
DROP TABLE spanwise_memories_before;
CREATE INDEX spanwise_memories_space ON spanwise_memories (space, seq);
CREATE INDEX spanwise_memories_subject ON spanwise_memories (subject) WHERE subject IS NOT NULL;
CREATE INDEX spanwise_memories_run ON spanwise_memories (run) WHERE run IS NOT NULL;
CREATE INDEX spanwise_memories_expires ON spanwise_memories (expires) WHERE expires IS NOT NULL;
`
