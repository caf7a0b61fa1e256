import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { accept, result, tick } from './handler.ts'

it('what was accepted is done by calls that come and go', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'example-serverless-'))
  process.env['STORE'] = `sqlite:${join(folder, 'digest.db')}`
  onTestFinished(() => {
    delete process.env['STORE']
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  await accept({ id: 'monday', topic: 'weather' })
  await accept({ id: 'monday', topic: 'weather' })
  expect(await result('monday')).toBe('queued')
  const { idle, again } = await tick()
  expect(idle).toBe(true)
  expect(await result('monday')).toBe('waiting')
  await new Promise((resolve) => setTimeout(resolve, Date.parse(again as string) - Date.now() + 50))
  expect(await tick()).toEqual({ idle: true, again: undefined })
  expect(await result('monday')).toBe('completed')
})
