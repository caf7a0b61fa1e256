import { step, workflow } from 'spanwise'

/** Your table and the record that it was done, in one commit: neither without the other. */
const count = step.transaction('count', (tx, name: string) => {
  tx.run('CREATE TABLE IF NOT EXISTS visits (name TEXT PRIMARY KEY, n INTEGER NOT NULL)')
  tx.run('INSERT INTO visits VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = n + 1', name)
  return tx.get<{ n: number }>('SELECT n FROM visits WHERE name = ?', name)?.n ?? 0
})

export const visit = workflow('visit', async (name: string) => count(name))
