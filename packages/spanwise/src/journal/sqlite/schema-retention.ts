/** Runs whose content has left the store. */
export const retentionTables = `
-- Runs whose payloads are in files in the folder beside the store. Their rows, and their entries without payloads, are here.
CREATE TABLE spanwise_archived (
  run_seq INTEGER PRIMARY KEY,
  file    TEXT NOT NULL,     -- name in the folder
  offset  INTEGER NOT NULL,  -- of its frame
  length  INTEGER NOT NULL,
  key     BLOB,              -- (content) what its payloads are encrypted with, beside their secret; NULL once erased
  at      INTEGER NOT NULL   -- ms since 1970
) STRICT;
CREATE INDEX spanwise_archived_file ON spanwise_archived (file);

-- Runs that were deleted: what the log needs to know of them, because their leaves stay in it.
CREATE TABLE spanwise_deleted (
  run_seq  INTEGER PRIMARY KEY,
  run      TEXT NOT NULL,
  tenant   TEXT NOT NULL,
  workflow TEXT NOT NULL,
  release  INTEGER NOT NULL
) STRICT;

-- What goes with a run is found by it.
CREATE INDEX spanwise_run_tags_run ON spanwise_run_tags (run_seq);
CREATE INDEX spanwise_subject_runs_run ON spanwise_subject_runs (run_seq);
`
