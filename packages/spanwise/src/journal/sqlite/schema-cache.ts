/** Results of steps that other runs may reuse. */
export const cacheTables = `
-- Where they stand in the journal. Rows go when they expire, with their run, and when they are invalidated.
CREATE TABLE spanwise_cache (
  seq     INTEGER PRIMARY KEY,
  token   TEXT NOT NULL UNIQUE,  -- keyed hash of step, version, whose it is, and key
  step    TEXT NOT NULL,
  key     TEXT NOT NULL,         -- keyed hash of step and key
  run_seq INTEGER NOT NULL,      -- run that computed it, and the index of the entry that holds it
  idx     INTEGER NOT NULL,
  at      INTEGER NOT NULL,      -- of that entry, ms
  expires INTEGER NOT NULL       -- ms; not reused from then on
) STRICT;
CREATE INDEX spanwise_cache_key ON spanwise_cache (step, key);
CREATE INDEX spanwise_cache_expires ON spanwise_cache (expires);
CREATE INDEX spanwise_cache_run ON spanwise_cache (run_seq);

CREATE TABLE spanwise_cache_tags (
  tag TEXT NOT NULL,     -- keyed hash
  seq INTEGER NOT NULL,  -- row of spanwise_cache
  PRIMARY KEY (tag, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX spanwise_cache_tags_row ON spanwise_cache_tags (seq);
`
