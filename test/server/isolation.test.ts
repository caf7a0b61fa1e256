import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openApi } from '../../packages/spanwise/src/server/index.ts'
import { approval, step, workflow } from '../../packages/spanwise/src/workflow/index.ts'
import { type Api, api } from './support.ts'

type Json = { readonly [name: string]: unknown }

const secret = 'the-secret-of-beta'
const asks = workflow('asks', { input: z.string() }, async (order) => {
  await approval(`pay ${order}?`, { role: 'finance' })
})
const failing = step('failing', { attempts: 1 }, async (text: string) => {
  throw new Error(`cannot ${text}`)
})
const fails = workflow('fails', { input: z.string() }, (text) => failing(text))

interface Scene extends Api {
  /** of tenant beta */
  readonly ids: Readonly<Record<string, string>>
  readonly alpha: string
  /** a run of alpha's own */
  readonly own: string
}

async function scene(): Promise<Scene> {
  const made = await api({ workflows: [asks, fails] }, { auth: {} })
  const { app } = made
  const run = await app.start(asks, secret, { tenant: 'beta', id: 'b-1', tags: [secret] })
  const other = await app.start(fails, secret, { tenant: 'beta' })
  const own = await app.start(asks, 'mine', { tenant: 'alpha' })
  await app.schedule(asks, secret, { id: 'b-schedule', tenant: 'beta', cron: '0 7 * * *' })
  await app.streams.create(secret, { tenant: 'beta' })
  await app.idle()
  const [question] = (await app.approvals({ tenant: 'beta' })).items
  const [failure] = (await app.failures()).items
  const theirs = await app.createApiKey({ name: secret, grants: [{ tenant: 'beta', roles: ['admin'] }] })
  const mine = await app.createApiKey({
    name: 'alpha',
    grants: [{ tenant: 'alpha', roles: ['viewer', 'operator', 'approver', 'admin'], approves: ['*'] }],
  })
  const ids = {
    run: run.id,
    other: other.id,
    index: '0',
    id: 'b-1',
    workflow: 'asks',
    signal: 'any',
    approval: question?.id as string,
    schedule: 'b-schedule',
    fingerprint: failure?.fingerprint as string,
    key: theirs.id,
    webhook: 'ops',
    delivery: 'msg_1',
  }
  return { ...made, ids, alpha: mine.secret, own: own.id }
}

const operations = Object.entries(openApi('0')['paths'] as Json).flatMap(([path, item]) =>
  Object.entries(item as Json).map(
    ([method, operation]) => ({ path, method, ...(operation as Json) }) as Json & Operation,
  ),
)

interface Operation {
  readonly path: string
  readonly method: string
  readonly operationId: string
  readonly 'x-spanwise-tenant': string
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly example?: unknown } } }
}

async function snapshot({ app, ids }: Scene): Promise<unknown> {
  const run = await app.get(ids['run'] as string)
  const other = await app.get(ids['other'] as string)
  const schedule = await app.getSchedule('b-schedule', { tenant: 'beta' })
  return {
    run: await run?.status(),
    other: await other?.status(),
    schedule: await schedule?.status(),
    approvals: await app.approvals({ tenant: 'beta' }),
    runs: (await app.list({ tenant: 'beta' })).items.length,
    stream: await app.streams.get(secret, { tenant: 'beta' }),
    keys: (await app.apiKeys()).find(({ name }) => name === secret),
  }
}

function request(
  { path, method, requestBody }: Operation,
  ids: Readonly<Record<string, string>>,
  headers: Record<string, string>,
) {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    // a path that names what this test does not know would test nothing
    if (ids[name] === undefined) throw new Error(`say what {${name}} of another tenant is`)
    return encodeURIComponent(ids[name])
  })
  const body = requestBody?.content['application/json'].example ?? {}
  const reads = method === 'get' || method === 'delete'
  return {
    path: filled,
    init: {
      method: method.toUpperCase(),
      headers: { ...headers, ...(reads ? {} : { 'content-type': 'application/json' }) },
      ...(reads ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(5_000),
    } as RequestInit,
  }
}

describe('what belongs to another tenant', () => {
  it.each(operations)('is neither shown nor changed by $operationId', async (operation) => {
    const here = await scene()
    const before = await snapshot(here)
    for (const tenant of [undefined, 'beta', 'alpha', '*']) {
      const headers = {
        authorization: `Bearer ${here.alpha}`,
        ...(tenant === undefined ? {} : { 'spanwise-tenant': tenant }),
      }
      const { path, init } = request(operation, here.ids, headers)
      const response = await here.send(path, init)
      const text = await response.text()
      const where = `${operation.operationId} as ${tenant ?? 'nobody in particular'}: ${response.status} ${text}`
      expect(text, where).not.toContain(secret)
      // what names a thing of theirs is not there
      if (/\{(run|approval|key)\}/.test(operation.path)) expect(response.status, where).toBe(404)
      if (operation['x-spanwise-tenant'] === 'all') expect(response.status, where).toBe(403)
      if (tenant === 'beta' && !['none', 'run', 'approval'].includes(operation['x-spanwise-tenant'])) {
        expect(response.status, where).toBe(403)
      }
    }
    await here.app.idle()
    expect(await snapshot(here)).toEqual(before)
  })

  it.each(operations.filter(({ path }) => path.includes('{other}')))(
    'is not shown by $operationId beside what is the caller’s own',
    async (operation) => {
      const here = await scene()
      const { path, init } = request(
        operation,
        { ...here.ids, run: here.own },
        { authorization: `Bearer ${here.alpha}` },
      )
      const response = await here.send(path, init)
      expect(response.status).toBe(404)
    },
  )

  it('is there for its own callers: the requests above would find it', async () => {
    const here = await scene()
    const mine = await here.app.createApiKey({ name: 'b', grants: [{ tenant: 'beta', roles: ['viewer'] }] })
    const headers = { authorization: `Bearer ${mine.secret}` }
    for (const id of [
      'getRun',
      'listRuns',
      'listEvents',
      'getApproval',
      'listApprovals',
      'getSchedule',
      'listFailures',
    ]) {
      const operation = operations.find(({ operationId }) => operationId === id) as Operation
      const { path, init } = request(operation, here.ids, headers)
      const text = await (await here.send(path, init)).text()
      expect(text, id).toContain(secret)
    }
  })
})

describe('without a key', () => {
  it.each(operations)('$operationId is refused', async (operation) => {
    const here = await scene()
    for (const authorization of [
      undefined,
      'Bearer',
      'Bearer sw_000000000000_x',
      `Basic ${here.alpha}`,
      'Bearer ey.x.y',
    ]) {
      const { path, init } = request(operation, here.ids, authorization === undefined ? {} : { authorization })
      const response = await here.send(path, init)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
    }
  })
})

describe('with the wrong role', () => {
  const lesser = {
    viewer: [],
    operator: ['viewer', 'approver'],
    approver: ['viewer', 'operator'],
    admin: ['viewer', 'operator', 'approver'],
  }
  const guarded = operations.filter((operation) => operation['x-spanwise-role'] !== 'viewer')

  it.each(guarded)('$operationId is refused', async (operation) => {
    const here = await scene()
    for (const role of lesser[operation['x-spanwise-role'] as keyof typeof lesser]) {
      const key = await here.app.createApiKey({
        name: role,
        grants: [{ tenant: 'beta', roles: [role as 'viewer'] }],
      })
      const { path, init } = request(operation, here.ids, { authorization: `Bearer ${key.secret}` })
      const response = await here.send(path, init)
      expect(response.status, `${operation.operationId} as ${role}: ${await response.text()}`).toBe(403)
    }
  })
})
