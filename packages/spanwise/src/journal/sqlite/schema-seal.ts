/** What was sealed: a Merkle tree over the leaves of spanwise_segments, and signed promises about it. */
export const sealTables = `
-- Roots of complete subtrees of 256 leaves (level 8), of 256 of those (16), and so on: enough to prove one entry without
-- reading all of them. Made from leaves alone, and could be made again.
CREATE TABLE spanwise_seal_nodes (
  level INTEGER NOT NULL,
  idx   INTEGER NOT NULL,  -- counts the subtrees of a level from the left
  root  BLOB NOT NULL,     -- 32 bytes
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

-- Checkpoints (c2sp.org/tlog-checkpoint): copies are kept outside the store.
CREATE TABLE spanwise_checkpoints (
  size INTEGER PRIMARY KEY,  -- leaves under it
  note TEXT NOT NULL
) STRICT;
`
