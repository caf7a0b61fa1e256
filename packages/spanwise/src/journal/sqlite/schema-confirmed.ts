/** What became of calls that were lost. */
export const confirmedTables = `
-- Model calls that were lost with their process, and what they did cost, where somebody has found it out. Said once for each: their run
-- may have ended long ago, and then nobody can append to it any more.
CREATE TABLE spanwise_confirmed_calls (
  run_seq INTEGER NOT NULL,
  idx     INTEGER NOT NULL,  -- of the entry that says that the call was lost
  cost    INTEGER NOT NULL,  -- nano-dollars; 0: it was not charged
  at      INTEGER NOT NULL,  -- when it was said, ms
  PRIMARY KEY (run_seq, idx)
) STRICT, WITHOUT ROWID;
`
