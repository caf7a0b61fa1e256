import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spanwise } from 'spanwise'
import { createClient } from 'spanwise/client'
import { listen } from 'spanwise/server'
import { expect, it, onTestFinished } from 'vitest'
import { type Api, api } from './support.ts'

const json = { 'content-type': 'application/json' }

async function scene(): Promise<Api & { key(tenant: string, role: 'viewer' | 'operator'): Promise<string> }> {
  const made = await api({ workflows: [] }, { auth: {} })
  const key = async (tenant: string, role: 'viewer' | 'operator') =>
    (await made.app.createApiKey({ name: `${tenant} ${role}`, grants: [{ tenant, roles: [role] }] })).secret
  return { ...made, key }
}

it('a stream of another tenant is not there, whatever is asked of it, and stays as it is', async () => {
  const { app, send, key } = await scene()
  await app.streams.create('plans', { tenant: 'beta' })
  await app.streams.append('plans', 'their secret', { tenant: 'beta' })
  const before = await app.streams.get('plans', { tenant: 'beta' })
  const alpha = await key('alpha', 'operator')
  const requests: readonly (readonly [RequestInit, string])[] = [
    [{ method: 'GET' }, ''],
    [{ method: 'GET' }, '?offset=now'],
    [{ method: 'GET' }, '?offset=-1&live=sse'],
    [{ method: 'GET' }, '?offset=-1&live=long-poll'],
    [{ method: 'HEAD' }, ''],
    [{ method: 'POST', headers: json, body: '1' }, ''],
    [{ method: 'POST', headers: { 'stream-closed': 'true' } }, ''],
    [{ method: 'DELETE' }, ''],
    [{ method: 'PUT', headers: { 'stream-forked-from': 'plans' } }, '-fork'],
  ]
  for (const [init, more] of requests) {
    for (const tenant of [undefined, 'beta', '*']) {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${alpha}`)
      if (tenant !== undefined) headers.set('spanwise-tenant', tenant)
      const response = await send(`/streams/plans${more}`, { ...init, headers })
      const where = `${init.method} ${more} as ${tenant}`
      expect(response.status, where).toBe(tenant === undefined ? 404 : tenant === '*' ? 400 : 403)
      expect(await response.text(), where).not.toContain('secret')
    }
  }
  expect(await app.streams.get('plans', { tenant: 'beta' })).toEqual(before)
  const own = await send('/streams/plans', { headers: { authorization: `Bearer ${await key('beta', 'viewer')}` } })
  expect(await own.json()).toEqual(['their secret'])
})

it('a viewer reads and does not write, and nobody does without a key', async () => {
  const { app, send, key } = await scene()
  await app.streams.create('feed', { tenant: 'acme' })
  const authorization = `Bearer ${await key('acme', 'viewer')}`
  expect((await send('/streams/feed', { headers: { authorization } })).status).toBe(200)
  expect((await send('/streams/feed', { method: 'HEAD', headers: { authorization } })).status).toBe(200)
  for (const method of ['PUT', 'POST', 'DELETE'])
    expect((await send('/streams/feed', { method, headers: { authorization, ...json } })).status, method).toBe(403)
  for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'])
    expect((await send('/streams/feed', { method })).status, method).toBe(401)
})

it('a body that is too large, a page of another origin and a wrong name are refused', async () => {
  const { send } = await api({ workflows: [] }, { bodyLimit: 100 })
  expect((await send('/streams/a', { method: 'PUT' })).status).toBe(201)
  const body = 'x'.repeat(101)
  expect((await send('/streams/a', { method: 'POST', body })).status).toBe(413)
  const foreign = { origin: 'https://evil.example' }
  const refused = await send('/streams/a', { method: 'POST', body: 'x', headers: foreign })
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([403, 'ORIGIN_REFUSED'])
  for (const name of ['a%00b', 'a//b', '__ds/x', 'a%2F..%2Fb'])
    expect((await send(`/streams/${name}`, { method: 'PUT' })).status, name).toBe(400)
})

it('numbers that JavaScript has no room for come back as they were', async () => {
  const { send } = await api({ workflows: [] })
  await send('/streams/n', { method: 'PUT', headers: json })
  const body = '[12345678901234567890123, 1.10, {"a" : [1e400, "x,]\\"["]}]'
  expect((await send('/streams/n', { method: 'POST', headers: json, body })).status).toBe(204)
  expect(await (await send('/streams/n')).text()).toBe('[12345678901234567890123,1.10,{"a" : [1e400, "x,]\\"["]}]')
})

it('streams are listed, of one’s own tenant', async () => {
  const { app, server, key } = await scene()
  await app.streams.create('a', { tenant: 'acme' })
  await app.streams.create('b', { tenant: 'beta' })
  const { clientOf } = await import('./support.ts')
  const { items } = await clientOf(server, await key('acme', 'viewer')).listStreams({})
  expect(items).toMatchObject([{ name: 'a', tenant: 'acme', isClosed: false, length: 0 }])
})

it('a reader goes on where it was when the server is started anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-streams-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const start = async (port: number) => {
    const app = await spanwise({ store: `sqlite:${join(folder, 'one.db')}`, workflows: [] })
    const server = await listen(app, { port, studio: false })
    return { ...server, app, stop: () => server.close().then(() => app.close()) }
  }
  const first = await start(0)
  const { streams } = createClient({ url: first.url })
  await streams.create('news')
  const found: unknown[] = []
  const reading = (async () => {
    for await (const { messages } of streams.tail('news')) found.push(...messages)
  })()
  await streams.append('news', { n: 1 })
  await streams.append('news', [2, 3])
  await expect.poll(() => found).toEqual([{ n: 1 }, [2, 3]])
  await first.stop()
  const second = await start(first.port)
  await streams.append('news', 'after')
  await streams.close('news')
  await reading
  expect(found).toEqual([{ n: 1 }, [2, 3], 'after'])
  await expect(streams.append('news', 4)).rejects.toMatchObject({ status: 409, code: 'STREAM_CLOSED' })
  await second.stop()
})
