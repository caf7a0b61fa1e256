/** What forbids that runs and subjects are let go, and what was erased. Why and by whom is in the store's own entries. */
export const ledgerTables = `
CREATE TABLE spanwise_holds (
  target TEXT PRIMARY KEY,  -- 'run:' and its id, or 'subject:' and its token
  idx    INTEGER NOT NULL   -- of the entry that says why
) STRICT, WITHOUT ROWID;

CREATE TABLE spanwise_erasures (
  id     TEXT PRIMARY KEY,
  target TEXT NOT NULL,     -- as above
  at     INTEGER NOT NULL   -- ms
) STRICT, WITHOUT ROWID;
`
