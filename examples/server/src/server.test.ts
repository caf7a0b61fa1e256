import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

interface Server {
  readonly url: string
  readonly child: ChildProcess
}

async function start(folder: string): Promise<Server> {
  const child = spawn(
    process.execPath,
    ['--conditions=spanwise-source', new URL('main.ts', import.meta.url).pathname],
    {
      env: { ...process.env, PORT: '0', STORE: `sqlite:${join(folder, 'refunds.db')}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { url: String(line).trim(), child }
}

const send = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })

const read = async (url: string) => (await fetch(url)).json() as Promise<Record<string, unknown>>

it('a refund outlives the server that took it, is approved over HTTP, and is paid once', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'example-server-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const first = await start(folder)
  expect((await fetch(`${first.url}/readyz`)).status).toBe(200)

  expect((await send(`${first.url}/refunds`, { order: 'o-1', amount: 20 })).status).toBe(202)
  await expect.poll(() => read(`${first.url}/refunds/o-1`)).toMatchObject({ status: 'completed' })

  expect((await send(`${first.url}/refunds`, { order: 'o-2', amount: 900 })).status).toBe(202)
  expect((await send(`${first.url}/refunds`, { order: 'o-2', amount: 900 })).status).toBe(202)
  expect((await send(`${first.url}/refunds`, { order: 'o-2', amount: 901 })).status).toBe(409)
  expect((await send(`${first.url}/refunds`, { order: 'o-3' })).status).toBe(400)
  expect((await fetch(`${first.url}/refunds/nothing`)).status).toBe(404)

  first.child.kill('SIGTERM')
  expect(await once(first.child, 'exit')).toEqual([0, null])

  const second = await start(folder)
  const { asks } = (await read(`${second.url}/refunds/o-2`)) as { asks: { id: string }[] }
  expect(asks).toHaveLength(1)
  expect((await send(`${second.url}/approvals/${asks[0]?.id}`, { approve: true, by: 'ann' })).status).toBe(204)
  await expect.poll(() => read(`${second.url}/refunds/o-2`)).toMatchObject({ status: 'completed' })
  expect((await send(`${second.url}/approvals/${asks[0]?.id}`, { approve: false, by: 'bo' })).status).toBe(409)
})
