/** What limits have to remember. */
export const limitTables = `
-- What was drawn from rates and still counts. Written before that begins which draws it.
CREATE TABLE spanwise_rates (
  token   TEXT PRIMARY KEY,  -- keyed hash of the limit's key
  marks   TEXT NOT NULL,     -- JSON: [[ms since 1970, amount], …], at most 65
  expires INTEGER NOT NULL   -- nothing of it counts any more, ms
) STRICT, WITHOUT ROWID;
CREATE INDEX spanwise_rates_expires ON spanwise_rates (expires);

-- Free runs that wait for a limit: their places in the queues are in their worker's memory and go with it.
CREATE TABLE spanwise_limit_waits (
  run_seq INTEGER PRIMARY KEY
) STRICT;
`
