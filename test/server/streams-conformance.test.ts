import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runConformanceTests } from '@durable-streams/server-conformance-tests'
import { spanwise } from 'spanwise'
import { listen } from 'spanwise/server'
import { afterAll, beforeAll } from 'vitest'

// the public suite of the protocol, against a server on loopback over a store in a file: what `--run <url>/streams` runs
const suite = { baseUrl: '' }
let close = async (): Promise<void> => {}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-conformance-'))
  const app = await spanwise({ store: `sqlite:${join(folder, 'one.db')}`, workflows: [] })
  // pages of other origins are let in only where they are named: one test is a preflight from there
  const server = await listen(app, { port: 0, studio: false, origins: ['https://example.com'] })
  suite.baseUrl = `${server.url}/streams`
  close = async () => {
    await server.close()
    await app.close()
    rmSync(folder, { recursive: true })
  }
})
afterAll(() => close())

runConformanceTests(suite)
