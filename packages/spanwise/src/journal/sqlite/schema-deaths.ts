/** Which runs processes died of. */
export const deathTables = `
-- Runs that were in memory when their process died, as long as they have not left memory in order since.
CREATE TABLE spanwise_deaths (
  run_seq INTEGER PRIMARY KEY,
  count   INTEGER NOT NULL,  -- deaths in a row at the same entry
  state   INTEGER NOT NULL,  -- 0: noted; 1: a suspect, claimed alone; 2: on trial; 3: condemned
  passed  INTEGER NOT NULL,  -- trials that it lived through without getting further
  step    TEXT,              -- key of the step that it began on trial
  deaths  TEXT NOT NULL      -- JSON: the latest, oldest first
) STRICT;
CREATE INDEX spanwise_deaths_state ON spanwise_deaths (state) WHERE state > 0;
`
