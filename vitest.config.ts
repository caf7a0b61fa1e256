import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// each store has a thread and each kill test processes that load the product from its source: what was compiled once is kept
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'spanwise-compile-cache')

// `spanwise-source` makes the package's exports point at its .ts files, so that tests never run against a stale build;
// vitest hands the list on to its worker processes, and the threads and forks that a test starts inherit it from there
const conditions = ['spanwise-source', 'node', 'import', 'default']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: conditions } }
// what is waited for takes as long as the machine takes: a poll that gives up after a second tests the machine
const patient = { poll: { timeout: 20_000 } }
const exclude = ['**/node_modules/**', '**/dist/**']

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          pool: 'forks',
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: patient,
          include: [
            'packages/**/src/**/*.test.ts',
            'test/**/*.test.ts',
            'examples/**/*.test.ts',
            'bench/**/*.test.ts',
            'studio/src/**/*.test.ts',
          ],
          exclude: [...exclude, 'test/kill/**'],
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'kill',
          pool: 'forks',
          // these kill processes at random moments and need the machine for themselves: one by one, after the others
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 600_000,
          expect: patient,
          hookTimeout: 60_000,
          include: ['test/kill/**/*.test.ts'],
          exclude,
        },
      },
    ],
  },
})
