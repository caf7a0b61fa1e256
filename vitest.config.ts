import { defineConfig } from 'vitest/config'

// `source` makes the package's exports point at its .ts files, so that tests never run against a stale build
const conditions = ['source', 'node', 'import', 'module', 'default']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: ['source'] } }
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
          // threads and child processes that a test starts inherit this and run from source too
          execArgv: ['--conditions=source'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          include: ['packages/**/src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: [...exclude, 'test/kill/**'],
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'kill',
          pool: 'forks',
          execArgv: ['--conditions=source'],
          // these kill processes at random moments and need the machine for themselves
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 60_000,
          include: ['test/kill/**/*.test.ts'],
          exclude,
        },
      },
    ],
  },
})
