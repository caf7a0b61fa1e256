import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { GET, POST } from './app/api/summaries/route.ts'
import { app, close } from './lib/spanwise.ts'

it('a route takes in, another one answers, and there is one app however often modules are loaded', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'example-route-'))
  process.env['STORE'] = `sqlite:${join(folder, 'summaries.db')}`
  onTestFinished(async () => {
    await close()
    delete process.env['STORE']
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const url = 'http://localhost/api/summaries'
  const post = (body: unknown) => POST(new Request(url, { method: 'POST', body: JSON.stringify(body) }))
  expect((await post({ id: 's' })).status).toBe(400)
  expect((await post({ id: 's', text: 'Once upon a time' })).status).toBe(202)
  const read = async () => (await GET(new Request(`${url}?id=s`))).json()
  await expect.poll(read).toEqual({ status: 'completed', summary: 'Once…' })
  expect((await GET(new Request(`${url}?id=t`))).status).toBe(404)
  expect(await app()).toBe(await app())
})
