export const forkTables = `
-- Runs that go on from a point in another run's history, of which they hold a copy.
CREATE TABLE spanwise_forks (
  run_seq   INTEGER PRIMARY KEY,
  source    TEXT NOT NULL,     -- run that it was forked from
  idx       INTEGER NOT NULL,  -- the source's entry that it was asked from
  copied_to INTEGER NOT NULL,  -- entries below this index are copies
  token_key BLOB               -- (content) what tokens in copied keys were made with; NULL where the subject's secret makes them
) STRICT;
CREATE INDEX spanwise_forks_source ON spanwise_forks (source);
`
