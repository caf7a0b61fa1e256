import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { agent } from '../../packages/spanwise/src/agent/index.ts'
import { graph } from '../../packages/spanwise/src/graph/index.ts'
import { signal, step, workflow } from '../../packages/spanwise/src/workflow/index.ts'
import { api, clientOf } from './support.ts'

const go = signal('go')
const waits = workflow('waits', { input: z.string() }, async () => {
  await go.wait()
})
const done = workflow('done', { input: z.string() }, async (text) => text)
const workflows = [waits, done]

describe('an erasure over the API', () => {
  it('is told before what it reaches; what it did is on record under the caller’s name', async () => {
    const { app, client } = await api({ workflows })
    const mine = await app.start(done, 'secret', { subject: 'customer-7' })
    await app.start(waits, 'secret', { subject: 'customer-7' })
    const other = await app.start(done, 'kept', { subject: 'customer-8' })
    await app.idle()
    const plan = await client.planErasure({ subject: 'customer-7' })
    expect(plan).toMatchObject({ open: 1, holds: [], needsSecond: false })
    expect(plan.runs.map(({ workflow: name, whole }) => [name, whole])).toEqual([
      ['done', true],
      ['waits', true],
    ])
    expect((await client.getRun({ run: mine.id })).input).toBe('secret')
    const act = await client.eraseContent({ subject: 'customer-7', reason: 'request of 3 March' })
    expect(act).toMatchObject({ kind: 'erased', reason: 'request of 3 March' })
    expect((await client.listEvents({ run: mine.id })).items[0]?.payload).toBeUndefined()
    expect((await client.getRun({ run: other.id })).input).toBe('kept')
    expect((await client.listActs({ kind: 'erased' })).items).toMatchObject([{ id: act.id, by: act.by }])
  })

  it('is refused while a legal hold is on it, and the plan says so', async () => {
    const { app, client } = await api({ workflows })
    const run = await app.start(done, 'secret', { subject: 'customer-7' })
    await client.holdContent({ subject: 'customer-7', reason: 'claim' })
    expect((await client.planErasure({ subject: 'customer-7' })).holds).toMatchObject([{ reason: 'claim' }])
    expect((await client.planErasure({ run: run.id })).holds).toMatchObject([{ reason: 'claim' }])
    const erase = () => client.eraseContent({ subject: 'customer-7', reason: 'request' })
    await expect(erase()).rejects.toMatchObject({ code: 'LEGAL_HOLD', status: 409 })
    expect((await client.listActs({ open: true })).items.length).toBe(1)
    await client.releaseHold({ subject: 'customer-7', reason: 'settled' })
    await expect(client.releaseHold({ subject: 'customer-7', reason: 'settled' })).rejects.toMatchObject({
      status: 409,
    })
    await expect(erase()).resolves.toMatchObject({ kind: 'erased' })
  })

  it('names one thing', async () => {
    const { client } = await api({ workflows })
    await expect(client.planErasure({})).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(client.planErasure({ run: 'a', subject: 'b' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(client.planErasure({ run: 'nobody' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
  })

  it('that two have to agree to needs the key of another admin: neither a name, nor the own one, nor a lesser one', async () => {
    const { app, server } = await api({ workflows, oversight: { secondPerson: true } }, { auth: {} })
    const key = (name: string, tenant: string, role: 'admin' | 'operator') =>
      app.createApiKey({ name, grants: [{ tenant, roles: [role] }] })
    const [ann, bob, operator, local] = await Promise.all([
      key('ann', '*', 'admin'),
      key('bob', '*', 'admin'),
      key('op', '*', 'operator'),
      key('local', 'acme', 'admin'),
    ])
    const run = await app.start(done, 'secret', { subject: 'customer-7' })
    await app.idle()
    const client = clientOf(server, ann.secret)
    expect((await client.planErasure({ subject: 'customer-7' })).needsSecond).toBe(true)
    const on = { subject: 'customer-7', reason: 'request' }
    for (const more of [
      {},
      { second: 'bob' },
      { secondKey: ann.secret },
      { secondKey: operator.secret },
      { secondKey: local.secret },
      { secondKey: 'sw_000000000000_x' },
    ])
      await expect(client.eraseContent({ ...on, ...more })).rejects.toMatchObject({
        code: 'SECOND_PERSON_NEEDED',
        status: 403,
      })
    expect((await client.getRun({ run: run.id })).input).toBe('secret')
    expect(await client.eraseContent({ ...on, secondKey: bob.secret })).toMatchObject({ by: 'ann', second: 'bob' })
  })
})

describe('the catalogue', () => {
  it('has graphs laid out, and what an agent may do', async () => {
    const State = z.object({ n: z.number() })
    const add = step('add', { input: State }, async ({ n }) => ({ n: n + 1 }))
    const loop = graph('loop', { input: State, state: State })
      .node('add', add)
      .node('check', () => ({}))
      .edge('start', 'add')
      .edge('add', 'check')
      .route('check', ({ n }) => (n < 3 ? 'again' : 'enough'), { again: 'add', enough: 'end' })
    const clerk = agent('clerk', {
      model: 'any-model' as never,
      description: 'answers letters',
      tools: { add },
      output: z.object({ letter: z.string() }),
      budget: '$0.50',
      maxTurns: 7,
    })
    const { client } = await api({ workflows: [loop, clerk, done] })
    const { graph: drawn } = await client.getWorkflow({ workflow: 'loop' })
    expect(drawn?.rows).toEqual([['start'], ['add'], ['check'], ['end']])
    expect(drawn?.nodes).toEqual([
      { name: 'add', kind: 'step', many: false },
      { name: 'check', kind: 'function', many: false },
    ])
    expect(drawn?.lines.map(({ from, to, label }) => `${from} ${label} ${to}`)).toEqual([
      'start  add',
      'add  check',
      'check again add',
      'check enough end',
    ])
    const found = await client.getWorkflow({ workflow: 'clerk' })
    expect(found.agent).toMatchObject({ model: 'any-model', maxTurns: 7, budgets: ['$0.50'], hasRules: false })
    expect(found.agent?.tools.map(({ name }) => name)).toEqual(['add'])
    expect(found.output).toMatchObject({ properties: { letter: { type: 'string' } } })
    expect(await client.getWorkflow({ workflow: 'done' })).not.toHaveProperty('graph')
  })
})
