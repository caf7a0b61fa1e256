/** An index over decisions: positions in the log, names and tokens, never content. Made from the log alone, and could be made again. */
export const decisionTables = `
-- Operations that a model influenced, and steps that are decisions by their own word. Up to the position 'decided' in spanwise_store.
CREATE TABLE spanwise_decisions (
  seq     INTEGER PRIMARY KEY,
  run_seq INTEGER NOT NULL,
  key     TEXT NOT NULL,     -- of the operation, as stored
  pos     INTEGER,           -- of the entry that has its outcome; NULL while it has none
  idx     INTEGER,           -- the index of that entry, and the delivery that made the code ask for it
  after   INTEGER,
  at      INTEGER,           -- ms
  failed  INTEGER,           -- 1 when it came to an error
  cost    INTEGER,           -- nano-dollars
  subject TEXT,              -- token; NULL stands for the run's
  parts   TEXT NOT NULL      -- positions of its model calls and documents, JSON
) STRICT;
CREATE INDEX spanwise_decisions_key ON spanwise_decisions (run_seq, key);
CREATE UNIQUE INDEX spanwise_decisions_pos ON spanwise_decisions (pos) WHERE pos IS NOT NULL;

-- What was at work where: names of models and prompts, tokens of documents and of people who decided.
CREATE TABLE spanwise_decision_terms (
  term    TEXT NOT NULL,
  run_seq INTEGER NOT NULL,
  idx     INTEGER NOT NULL,  -- of the entry with which its effect on the run began
  after   INTEGER NOT NULL,  -- the delivery that made the code ask for it
  key     TEXT NOT NULL,     -- of the operation, as stored
  subject TEXT,              -- token; NULL stands for the run's
  PRIMARY KEY (term, run_seq, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX spanwise_decision_terms_run ON spanwise_decision_terms (run_seq);
`
