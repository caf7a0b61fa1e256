/** Requests whose answer may have been lost. */
export const requestTables = `
-- What came of requests that are not the same run by their id: a repeat is answered with it. A row goes when its time is over.
CREATE TABLE spanwise_requests (
  token   TEXT PRIMARY KEY,  -- keyed hash of what was asked for and of the key that the asker gave it
  input   TEXT NOT NULL,     -- keyed hash of what came with it: another one under the same key is a conflict
  run_seq INTEGER NOT NULL,  -- the run that was started, or told
  until   INTEGER NOT NULL   -- remembered until then, ms
) STRICT, WITHOUT ROWID;
CREATE INDEX spanwise_requests_until ON spanwise_requests (until);
CREATE INDEX spanwise_requests_run ON spanwise_requests (run_seq);
`
