export const failureIndex = `
-- Groups of failures are counted from it alone.
CREATE INDEX spanwise_runs_failures ON spanwise_runs (fingerprint, status, updated_at) WHERE fingerprint IS NOT NULL;
`
