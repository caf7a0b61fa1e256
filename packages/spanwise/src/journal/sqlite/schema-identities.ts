/** Which models answer. */
export const identityTables = `
-- The model that answered last under an alias, for each of its candidates: another one is a change that nobody here has made.
CREATE TABLE spanwise_identities (
  alias    TEXT NOT NULL,
  provider TEXT NOT NULL,
  model    TEXT NOT NULL,     -- as it is asked for
  account  TEXT NOT NULL,     -- name of the candidate's key; '' where it has none
  answered TEXT NOT NULL,     -- as the provider says
  before   TEXT,              -- what answered before that
  at       INTEGER NOT NULL,  -- since when it answers, ms
  PRIMARY KEY (alias, provider, model, account)
) STRICT, WITHOUT ROWID;
`
