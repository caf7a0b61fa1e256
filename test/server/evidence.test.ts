import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, connect, type SpanwiseOptions, spanwise, step, workflow } from 'spanwise'
import { expect, it, onTestFinished } from 'vitest'
import { keyFile, readKeys } from '../../packages/spanwise/src/audit/index.ts'
import type { Client } from '../../packages/spanwise/src/server/client/index.ts'
import { serve } from '../../packages/spanwise/src/server/index.ts'
import { members } from '../support/zip.ts'
import { clientOf } from './support.ts'

const decide = step('decide', { decision: 'credit limit' }, async (who: string, { cite }) => {
  cite({ id: 'limit-policy', version: '4' })
  return { limit: 500, who }
})
const grant = workflow('grant', async (who: string) => decide(who))

interface Scene {
  readonly app: App
  readonly path: string
  /** of somebody with a role in a tenant */
  client(name: string, role?: 'viewer' | 'operator' | 'admin', tenant?: string): Promise<Client>
  /** who read which run, and why */
  reads(): Promise<readonly unknown[]>
}

async function scene(options: Partial<SpanwiseOptions> = {}): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-rest-'))
  const path = join(folder, 'store.db')
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const app = await spanwise({ store: `sqlite:${path}`, workflows: [grant], log, audit: { every: '20ms' }, ...options })
  const server = serve(app, { auth: {}, rate: false })
  onTestFinished(async () => {
    server.close()
    await app.close()
    rmSync(folder, { recursive: true })
  })
  return {
    app,
    path,
    async client(name, role = 'operator', tenant = 'default') {
      const { secret } = await app.createApiKey({ name, grants: [{ tenant, roles: [role] }] })
      return clientOf(server, secret)
    },
    reads: async () =>
      (await app.acts({ kind: 'read' })).items.map(({ run, by, reason }) => ({ run, by, reason })).toReversed(),
  }
}

/** once it is sealed */
async function bundled(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'NOT_SEALED') throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

const filesOf = async (response: Response) => members(Buffer.from(await response.arrayBuffer()))

it('a bundle comes as a zip, and holds under the published key', async () => {
  const { app, path, client } = await scene()
  const run = await app.start(grant, 'ann')
  await run.result()
  const eve = await client('eve')
  const response = await bundled(() => eve.bundleRun({ run: run.id }))
  expect(response.headers.get('content-type')).toBe('application/zip')
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename="run-${run.id}.zip"`)
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-unzipped-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of await filesOf(response)) writeFileSync(join(folder, name), text)
  const key = readKeys([keyFile(path)])[0]?.text as string
  const checked = spawnSync(process.execPath, [join(folder, 'verify.mjs'), '--key', key], { encoding: 'utf8' })
  expect(checked).toMatchObject({ status: 0 })
  const viewer = await client('vic', 'viewer')
  await expect(viewer.bundleRun({ run: run.id })).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

it('comes from a server that does no work as well, over its own reading of the file', async () => {
  const { app, path } = await scene()
  const run = await app.start(grant, 'ann')
  await run.result()
  const other = await connect({ store: `sqlite:${path}`, workflows: [] })
  const server = serve(other)
  onTestFinished(async () => {
    server.close()
    await other.close()
  })
  const client = clientOf(server)
  const files = await filesOf(await bundled(() => client.bundleRun({ run: run.id })))
  expect([...files.keys()]).toContain('evidence.json')
})

it('what is on record about a subject is exported for its tenant, by an admin', async () => {
  const { app, client } = await scene()
  await app.run(grant, 'ann', { subject: 'ann', tenant: 'alpha' })
  await app.run(grant, 'ann', { subject: 'ann', tenant: 'beta' })
  await app.run(grant, 'bo', { subject: 'bo', tenant: 'alpha' })
  const alpha = await client('al', 'admin', 'alpha')
  const files = await filesOf(await alpha.exportSubject({ subject: 'ann' }))
  const { runs } = JSON.parse(files.get('subject.json') as string) as { readonly runs: readonly { run: string }[] }
  expect(runs).toHaveLength(1)
  expect(files.get(`runs/${runs[0]?.run}.json`)).toContain('"tenant": "alpha"')
  const all = await client('root', 'admin', '*')
  const every = await filesOf(await all.exportSubject({ subject: 'ann' }))
  expect([...every.keys()].filter((name) => name.startsWith('runs/'))).toHaveLength(2)
  const operator = await client('op', 'operator', 'alpha')
  await expect(operator.exportSubject({ subject: 'ann' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

const looks: Readonly<Record<string, (client: Client, run: string) => Promise<unknown>>> = {
  getRun: (client, run) => client.getRun({ run }),
  waitForRun: (client, run) => client.waitForRun({ run }),
  listEvents: (client, run) => client.listEvents({ run }),
  getEvent: (client, run) => client.getEvent({ run, index: 1 }),
  getMoment: (client, run) => client.getMoment({ run, index: 1 }),
  getDecision: (client, run) => client.getDecision({ run, index: 1 }),
  getLineage: (client, run) => client.getLineage({ run, index: 1 }),
  explainRun: (client, run) => client.explainRun({ run }),
  'listRuns with text': (client) => client.listRuns({ text: 'ann' }),
  'listDecisions with text': (client) => client.listDecisions({ text: '500' }),
  followRun: async (client, run) => {
    for await (const _ of client.follow(run)) break
  },
  streamRun: async (client, run) => {
    for await (const _ of client.stream(run)) break
  },
  bundleRun: (client, run) => bundled(() => client.bundleRun({ run })),
}

it.each(Object.entries(looks))('%s is on record: who, which run, and why', async (_, look) => {
  const { app, client, reads } = await scene({ oversight: { access: 'reason' } })
  const run = await app.start(grant, 'ann')
  await run.result()
  const eve = await client('eve')
  await expect(look(eve, run.id)).rejects.toMatchObject({ code: 'REASON_NEEDED', status: 400 })
  expect(await reads()).toEqual([])
  const reason = 'Beschwerde vom 3. März – №7'
  const why = await Promise.all([client('ann'), client('bo')])
  for (const one of why) {
    const withReason = new Proxy(one, {
      get: (target, name) => (input: object, options: object) =>
        (target[name as 'getRun'] as (...args: unknown[]) => unknown)(input, { reason, ...options }),
    })
    await look(withReason, run.id)
    // a page that looks again is the same reading
    await look(withReason, run.id)
  }
  expect(await reads()).toEqual([
    { run: run.id, by: 'ann', reason },
    { run: run.id, by: 'bo', reason },
  ])
})

it('an export of a subject is on record for each of its runs, and for no other', async () => {
  const { app, client, reads } = await scene({ oversight: { access: true } })
  const mine = await app.start(grant, 'ann', { subject: 'ann' })
  const other = await app.start(grant, 'bo', { subject: 'bo' })
  const elsewhere = await app.start(grant, 'ann', { subject: 'ann', tenant: 'beta' })
  for (const run of [mine, other, elsewhere]) await run.result()
  const admin = await client('root', 'admin')
  await admin.exportSubject({ subject: 'ann' }, { reason: 'her request' })
  expect(await reads()).toEqual([{ run: mine.id, by: 'root', reason: 'her request' }])
})

it('who may not see a run leaves no entry, and neither does what reads nothing', async () => {
  const { app, client, reads } = await scene({ oversight: { access: true } })
  const run = await app.start(grant, 'ann')
  await run.result()
  const stranger = await client('mallory', 'operator', 'other')
  await expect(stranger.getRun({ run: run.id })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
  await expect(stranger.listEvents({ run: run.id })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
  const viewer = await client('vic', 'viewer')
  await expect(viewer.cancelRun({ run: run.id })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await viewer.countRuns()
  expect(await reads()).toEqual([])
})

it('how much of a run can be proved is told, to those who may see it', async () => {
  const here = await scene()
  const run = await here.app.start(grant, 'ann')
  await run.result()
  const client = await here.client('viewer', 'viewer')
  const entries = (await Array.fromAsync(run.events())).length
  await expect.poll(async () => (await client.getSeal({ run: run.id })).sealed).toBe(entries)
  const seal = await client.getSeal({ run: run.id })
  expect(seal).toMatchObject({ entries, sealed: entries })
  expect(seal.checkpoint?.size).toBeGreaterThanOrEqual(entries)
  expect(Math.abs(Date.parse(seal.checkpoint?.at ?? '') - Date.now())).toBeLessThan(60_000)
  await expect((await here.client('b', 'viewer', 'beta')).getSeal({ run: run.id })).rejects.toMatchObject({
    status: 404,
  })
  const unsealed = await scene({ audit: false })
  const other = await unsealed.app.start(grant, 'bob')
  await other.result()
  expect(await (await unsealed.client('v')).getSeal({ run: other.id })).toEqual({ entries, sealed: 0 })
})
