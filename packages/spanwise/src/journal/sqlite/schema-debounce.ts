/** Starts that become one run. */
export const debounceTables = `
-- Runs that have not begun and take the input of each further start of their window. A row goes when its run begins.
CREATE TABLE spanwise_debounces (
  token   TEXT PRIMARY KEY,         -- keyed hash of tenant, workflow, key and subject
  run_seq INTEGER NOT NULL UNIQUE,
  latest  INTEGER NOT NULL,         -- index of the entry that holds the latest input
  until   INTEGER                   -- it begins by then, however many starts come, ms; NULL: when they have stopped
) STRICT, WITHOUT ROWID;
`
