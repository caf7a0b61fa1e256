import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { step, workflow } from '../../packages/spanwise/src/workflow/index.ts'
import { api, clientOf } from './support.ts'

const render = step.external('render', {
  pool: 'pages',
  input: z.object({ page: z.number() }),
  output: z.object({ pages: z.number() }),
  timeout: '5m',
  backoff: 10,
  attempts: 2,
})
const print = workflow('print', { input: z.number() }, async (page) => (await render({ page })).pages)
const workflows = [print]
const pools = { pools: ['pages'] }

describe('a step that another program performs', () => {
  it('is claimed by one, kept by heartbeats, and answered once, durably', async () => {
    const { app, client } = await api({ workflows })
    const waiting = client.claimStep({ ...pools, wait: 20 })
    const run = await client.startRun({ workflow: 'print', input: 7 })
    const { step: mine } = await waiting
    expect(mine).toMatchObject({ run: run.id, step: 'render', pool: 'pages', attempt: 1, input: { page: 7 } })
    const claim = mine?.claim as string
    expect(await client.claimStep({ ...pools, wait: 0 })).toEqual({})
    expect(await client.claimStep({ pools: ['others'], wait: 0 })).toEqual({})
    await client.keepStep({ claim, progress: { done: 0.5 } })
    expect((await client.getRun({ run: run.id })).progress).toEqual({ done: 0.5 })
    await expect(client.completeStep({ claim, result: { pages: 'many' } })).rejects.toMatchObject({
      code: 'INVALID_OUTPUT',
    })
    await client.completeStep({ claim, result: { pages: 3 } })
    expect(await client.waitForRun({ run: run.id })).toMatchObject({ status: 'completed', result: 3 })
    await expect(client.completeStep({ claim, result: { pages: 4 } })).rejects.toMatchObject({ code: 'CLAIM_LOST' })
    const kinds = (await client.listEvents({ run: run.id })).items.map(({ kind, meta }) => [kind, meta['pool']])
    expect(kinds).toEqual([
      ['run.started', undefined],
      ['step.intent', 'pages'],
      ['step.result', undefined],
      ['run.completed', undefined],
    ])
    expect(app.executions('render')).toBe(1)
  })

  it('is tried again when it failed, with the same idempotency key, and parks when that does not help', async () => {
    const { app, client } = await api({ workflows })
    const run = await client.startRun({ workflow: 'print', input: 1 })
    const first = (await client.claimStep(pools)).step
    await client.failStep({ claim: first?.claim as string, message: 'out of paper', code: 'PAPER' })
    await app.advance('10s')
    const second = (await client.claimStep(pools)).step
    expect(second).toMatchObject({ attempt: 2, idempotencyKey: first?.idempotencyKey })
    await expect(client.keepStep({ claim: first?.claim as string })).rejects.toMatchObject({ status: 409 })
    await client.failStep({ claim: second?.claim as string, message: 'no printer', retry: false })
    expect(await client.waitForRun({ run: run.id })).toMatchObject({
      status: 'needs attention',
      error: { message: 'no printer' },
    })
    await client.resumeRun({ run: run.id })
    const third = (await client.claimStep(pools)).step
    await client.completeStep({ claim: third?.claim as string, result: { pages: 1 } })
    expect(await client.waitForRun({ run: run.id })).toMatchObject({ status: 'completed' })
  })

  it('goes to another one when its lease runs out, and its first holder is told', async () => {
    const { app, client } = await api({ workflows })
    await client.startRun({ workflow: 'print', input: 1 })
    const lost = (await client.claimStep({ ...pools, lease: 30 })).step
    const waiting = client.claimStep(pools)
    await app.advance('31s')
    const next = (await waiting).step
    expect(next).toMatchObject({ attempt: 1, idempotencyKey: lost?.idempotencyKey })
    await expect(client.completeStep({ claim: lost?.claim as string, result: { pages: 1 } })).rejects.toMatchObject({
      code: 'CLAIM_LOST',
    })
    await client.completeStep({ claim: next?.claim as string, result: { pages: 2 } })
  })

  it('can be answered after the process that handed it out has died', async () => {
    const { app, client } = await api({ workflows })
    const run = await client.startRun({ workflow: 'print', input: 1 })
    const claim = (await client.claimStep(pools)).step?.claim as string
    await app.crash()
    await client.keepStep({ claim })
    expect(await client.claimStep({ ...pools, wait: 0 })).toEqual({})
    await client.completeStep({ claim, result: { pages: 9 } })
    await app.crash()
    expect(await client.waitForRun({ run: run.id })).toMatchObject({ status: 'completed', result: 9 })
  })

  it('is nobody’s any more when its run is cancelled', async () => {
    const { client } = await api({ workflows })
    const run = await client.startRun({ workflow: 'print', input: 1 })
    const claim = (await client.claimStep(pools)).step?.claim as string
    await client.cancelRun({ run: run.id })
    expect(await client.waitForRun({ run: run.id })).toMatchObject({ status: 'cancelled' })
    await expect(client.keepStep({ claim })).rejects.toMatchObject({ code: 'CLAIM_LOST' })
  })

  it('is shown to its tenant only, and its claim is of use to nobody else', async () => {
    const { app, server } = await api({ workflows }, { auth: {} })
    const key = async (tenant: string) =>
      clientOf(server, (await app.createApiKey({ name: tenant, grants: [{ tenant, roles: ['operator'] }] })).secret)
    const [alpha, beta] = [await key('alpha'), await key('beta')]
    await beta.startRun({ workflow: 'print', input: 1 })
    const claim = (await beta.claimStep(pools)).step?.claim as string
    await alpha.startRun({ workflow: 'print', input: 2 })
    expect((await alpha.claimStep(pools)).step).toMatchObject({ tenant: 'alpha' })
    expect(await alpha.claimStep({ ...pools, wait: 0 })).toEqual({})
    for (const call of [
      () => alpha.keepStep({ claim }),
      () => alpha.completeStep({ claim, result: { pages: 1 } }),
      () => alpha.failStep({ claim, message: 'no' }),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'CLAIM_LOST' })
    }
    await beta.completeStep({ claim, result: { pages: 1 } })
  })
})
