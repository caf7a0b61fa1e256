import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

it('killed in the middle and started again, the script describes no city twice', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'example-script-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const begin = (): { readonly child: ChildProcess; said(): string } => {
    const child = spawn(
      process.execPath,
      ['--conditions=spanwise-source', new URL('main.ts', import.meta.url).pathname],
      {
        env: { ...process.env, STORE: `sqlite:${join(folder, 'guide.db')}`, SLOW: '300' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    onTestFinished(() => void child.kill('SIGKILL'))
    let out = ''
    child.stdout.on('data', (text) => {
      out += text
    })
    return { child, said: () => out }
  }
  const first = begin()
  await expect.poll(first.said, { interval: 5 }).toContain('described Lima')
  // recorded, not only said
  await new Promise((resolve) => setTimeout(resolve, 100))
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const second = begin()
  expect(await once(second.child, 'exit')).toEqual([0, null])
  expect(second.said()).not.toContain('described Oslo')
  expect(second.said()).not.toContain('described Lagos')
  expect(second.said()).toContain('Oslo has 4 letters\nLagos has 5 letters\nLima has 4 letters')
})
