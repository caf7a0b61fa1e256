import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { startProvider } from 'loopback-provider'
import { expect, it, onTestFinished } from 'vitest'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'example-gateway-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true, maxRetries: 5 }))
  return made
}

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  const main = new URL('main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=spanwise-source', main, ...args], {
    env: { ...process.env, SPANWISE_LOG: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const out = text(child.stdout)
  const [code] = await once(child, 'exit')
  return { code, out: await out }
}

it('on a bad day every mail is triaged and answered, and what it cost is told', { timeout: 120_000 }, async () => {
  const store = join(folder(), 'inbox.db')
  const first = await run('--store', store, '--id', 'one')
  expect(first.code).toBe(0)
  expect(first.out).toMatch(/12 mails triaged and answered: \d+ calls/)
  expect(first.out).toMatch(/fast +claude-haiku-4-5 +\d+ calls? +\$0\.00/)
  expect(first.out).toMatch(/smart +gpt-5 +\d+ calls? +\$0\.00/)
  expect(first.out).toMatch(/triage@1 +12 calls/)
  expect(first.out).toMatch(/openai: overload × \d+/)
  // the same run, all of it on record: no server is asked
  const again = await run('--store', store, '--id', 'one')
  expect(again.out).toContain('0 requests were sent for them')
})

it('with the address of a server, that server is asked', { timeout: 120_000 }, async () => {
  const provider = await startProvider({ keys: ['own'] })
  onTestFinished(() => provider.close())
  const { code, out } = await run(
    ...['--store', join(folder(), 'inbox.db'), '--url', provider.baseURL, '--model', 'llama', '--key', 'own'],
  )
  expect(code).toBe(0)
  expect(out).toMatch(/12 mails triaged and answered/)
  expect(out).toMatch(/llama +\d+ calls? +\$0\.000000 \+ \d+ of unknown price/)
  expect(new Set(provider.ledger.served.map(({ body }) => (body as { model?: string }).model))).toEqual(
    new Set(['llama']),
  )
})
