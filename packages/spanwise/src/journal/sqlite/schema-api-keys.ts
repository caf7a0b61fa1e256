/** Who may use the server. */
export const apiKeyTables = `
-- Keys of the API. A revoked one stays: what it did stands in histories under its name.
CREATE TABLE spanwise_api_keys (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  hash       TEXT NOT NULL,     -- SHA-256 of its secret
  grants     TEXT NOT NULL,     -- JSON: tenants and roles
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
`
