import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startProvider } from 'loopback-provider'
import { expect, onTestFinished, test } from 'vitest'

const program = join(import.meta.dirname, 'programs/asks-once.ts')

test('a process notices that another model answers than did in the process before it, and tells it once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-identity-'))
  const provider = await startProvider()
  onTestFinished(async () => {
    await provider.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const ask = async () => {
    const args = ['--conditions=spanwise-source', program, join(folder, 'store.db'), provider.baseURL]
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, SPANWISE_LOG: 'silent' },
    })
    return JSON.parse(stdout) as { events: unknown[]; state: { answered?: string; before?: { answered: string } } }
  }
  expect((await ask()).events).toEqual([])
  expect((await ask()).events).toEqual([])
  provider.fail({ kind: 'model', model: 'gpt-5-mini-2027' })
  const changed = {
    type: 'model changed',
    alias: 'fast',
    model: 'gpt-5-mini',
    before: 'gpt-5-mini',
    after: 'gpt-5-mini-2027',
  }
  const told = await ask()
  expect(told.events).toEqual([expect.objectContaining(changed)])
  expect(told.state).toMatchObject({ answered: 'gpt-5-mini-2027', before: { answered: 'gpt-5-mini' } })
  // it still answers: that is no news
  provider.fail({ kind: 'model', model: 'gpt-5-mini-2027' })
  expect((await ask()).events).toEqual([])
})
