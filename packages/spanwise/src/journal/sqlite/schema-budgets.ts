/** What is used of budgets. */
export const budgetTables = `
-- What is used of budgets for model calls. Changed in the commit of the entries that cause it, so it is what they add up to.
CREATE TABLE spanwise_budgets (
  budget TEXT NOT NULL,     -- name of its rule, with a keyed hash of whose it is
  window INTEGER NOT NULL,  -- when its window began, ms; 0 where it has none
  used   INTEGER NOT NULL,  -- nano-dollars or tokens; what calls under way may cost at most is in it
  PRIMARY KEY (budget, window)
) STRICT, WITHOUT ROWID;
`
