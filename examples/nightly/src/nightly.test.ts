import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'spanwise'
import { expect, it, onTestFinished, vi } from 'vitest'

it('killed and started again, it does each due time once, and its backups open', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'example-nightly-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const file = new URL('main.ts', import.meta.url).pathname
  const begin = () => {
    const child = spawn(process.execPath, ['--conditions=spanwise-source', file], {
      env: { ...process.env, DATA: folder, EVERY: '1s', SPANWISE_LOG: 'silent' },
      stdio: 'ignore',
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  const days = (): readonly string[] =>
    existsSync(join(folder, 'digest.txt'))
      ? readFileSync(join(folder, 'digest.txt'), 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => line.split(' ')[0] as string)
      : []
  const copies = () => readdirSync(join(folder, 'backups')).filter((name) => name.endsWith('.db'))
  const until = (what: () => void) => vi.waitFor(what, { timeout: 40_000, interval: 50 })

  const first = begin()
  await until(() => expect(days().length).toBeGreaterThan(1))
  first.kill('SIGKILL')
  await once(first, 'exit')
  const before = days().length
  const second = begin()
  await until(() => {
    expect(days().length).toBeGreaterThan(before + 2)
    expect(copies().length).toBeGreaterThan(1)
  })
  second.kill('SIGTERM')
  await once(second, 'exit')

  // what was under way when it was killed may have been published twice; none is missing
  const times = [...new Set(days())].map((day) => Date.parse(day)).sort((a, b) => a - b)
  expect(times).toEqual(times.map((_, i) => (times[0] as number) + i * 1_000))
  expect(days().length - times.length).toBeLessThanOrEqual(1)
  const copy = copies().sort().at(-1) as string
  await using app = await connect({ store: `sqlite:${join(folder, 'backups', copy)}` })
  expect((await app.schedules()).items.map(({ id }) => id)).toEqual(['backup', 'digest'])
  expect((await app.list({ workflow: 'digest', status: 'completed' })).items.length).toBeGreaterThan(0)
})
