/** The journal itself, and how a run finds its entries in it. */
export const logTables = `
-- The journal: segments of entries in commit order. Rows are inserted and never changed, but for erasure, which takes payloads
-- away and leaves proofs.
CREATE TABLE spanwise_segments (
  pos  INTEGER PRIMARY KEY,  -- position in the log of the first entry; the others follow without a gap
  n    INTEGER NOT NULL,     -- entries
  data BLOB NOT NULL         -- (content) segment.ts
) STRICT;

-- Where the entries of a run are: written when it parks or ends, else after some thousand entries of all runs. What is newer than
-- the position 'indexed' in spanwise_store may be missing here and is read from the segments. Rows may overlap.
CREATE TABLE spanwise_places (
  run_seq  INTEGER NOT NULL,
  from_idx INTEGER NOT NULL,  -- first and last index in this row
  to_idx   INTEGER NOT NULL,
  data     BLOB NOT NULL,     -- places.ts
  PRIMARY KEY (run_seq, from_idx)
) STRICT, WITHOUT ROWID;

-- Runs that hold entries about a subject other than their own.
CREATE TABLE spanwise_subject_runs (
  subject TEXT NOT NULL,  -- token
  run_seq INTEGER NOT NULL,
  PRIMARY KEY (subject, run_seq)
) STRICT, WITHOUT ROWID;

-- Payloads that would make the pages of the journal slow to walk.
CREATE TABLE spanwise_blobs (
  pos  INTEGER PRIMARY KEY,  -- of the entry in the log
  data BLOB NOT NULL         -- (content) codec text, zstd
) STRICT;
`
