import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spanwise } from 'spanwise'
import { listen } from 'spanwise/server'
import { expect, it, onTestFinished } from 'vitest'
import { report } from './src/workflow.ts'

async function worker(command: string, file: string, url: string, key: string): Promise<string> {
  const child = spawn(command, [join(import.meta.dirname, file), url, '--once'], {
    env: { ...process.env, SPANWISE_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  const [code] = await once(child, 'close')
  expect([code, said]).toEqual([0, expect.stringMatching(/^answered/)])
  return said
}

it('is performed by a Python program and a shell script, with a key', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-external-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  await using app = await spanwise({ store: `sqlite:${join(folder, 'external.db')}`, workflows: [report] })
  const { secret } = await app.createApiKey({ name: 'workers', grants: [{ tenant: '*', roles: ['operator'] }] })
  const server = await listen(app, { port: 0, auth: {} })
  onTestFinished(() => server.close())
  const run = await app.start(report, 'the quick brown fox')
  await worker('python3', 'worker.py', server.url, secret)
  expect(await worker('sh', 'worker.sh', server.url, secret)).toContain('4 WORDS')
  expect(await run.result()).toBe('4 WORDS')
})
