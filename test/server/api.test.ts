import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { approval, signal, step, workflow } from '../../packages/spanwise/src/workflow/index.ts'
import { api } from './support.ts'

const greetStep = step('greet', async (name: string) => `hello ${name}`)
const greet = workflow('greet', { input: z.string(), output: z.string() }, (name) => greetStep(name))
const go = signal('server-go', z.object({ n: z.number() }))
const waits = workflow('waits', async (_: string) => (await go.wait()).n)
const asks = workflow('asks', async (order: string) => {
  const { by } = await approval(`pay ${order}?`, { role: 'finance' })
  return by
})
let broken = true
const breaks = step('breaks', { attempts: 1 }, async (input: { readonly card: string }) => {
  if (broken && input.card === 'bad') throw new Error(`card ${input.card} declined`)
  return { paid: input.card }
})
const charge = workflow('charge', { input: z.object({ card: z.string() }) }, (input) => breaks(input))
const workflows = [greet, waits, asks, charge]

describe('runs over HTTP', () => {
  it('starts a run, shows it with input and result, and lists it', async () => {
    const { app, client } = await api({ workflows })
    const run = await client.startRun({ workflow: 'greet', input: 'Ada', id: 'a-1', tags: ['vip'], team: 'sales' })
    await app.idle()
    expect(await client.getRun({ run: run.id })).toMatchObject({
      workflow: 'greet',
      status: 'completed',
      input: 'Ada',
      result: 'hello Ada',
      key: 'a-1',
      tags: ['vip'],
      team: 'sales',
      tenant: 'default',
    })
    expect(await client.findRun({ workflow: 'greet', id: 'a-1' })).toMatchObject({ id: run.id })
    expect((await client.listRuns({ workflow: 'greet', status: ['completed'], tag: ['vip'] })).items).toHaveLength(1)
    expect((await client.listRuns({ tag: ['vip', 'other'] })).items).toHaveLength(0)
    expect(await client.countRuns()).toMatchObject({ completed: 1, failed: 0 })
  })

  it('refuses what does not fit with a problem that has code, detail and hint', async () => {
    const { client, send } = await api({ workflows })
    await expect(client.startRun({ workflow: 'greet', input: 7 })).rejects.toMatchObject({
      status: 400,
      code: 'INVALID_INPUT',
      message: expect.stringContaining('does not fit its schema'),
      hint: expect.stringMatching(/./),
    })
    await expect(client.startRun({ workflow: 'none' })).rejects.toMatchObject({ status: 404, code: 'WORKFLOW_UNKNOWN' })
    await expect(client.getRun({ run: 'nope' })).rejects.toMatchObject({ status: 404, code: 'RUN_UNKNOWN' })
    const wrong = await send('/api/v1/runs?limit=many&colour=red')
    expect(wrong.headers.get('content-type')).toBe('application/problem+json')
    expect(await wrong.json()).toMatchObject({
      status: 400,
      code: 'INVALID_REQUEST',
      detail: expect.stringMatching(/limit.*colour/),
    })
    expect(await (await send('/api/v1/nothing')).json()).toMatchObject({ code: 'NOT_FOUND', status: 404 })
    const form = await send('/api/v1/runs', { method: 'POST', body: 'workflow=greet' })
    expect(await form.json()).toMatchObject({ status: 415, code: 'UNSUPPORTED_BODY' })
    const large = await send('/api/v1/runs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ workflow: 'greet', input: 'x'.repeat(1024 * 1024) }),
    })
    expect(await large.json()).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' })
  })

  it('takes a request that is repeated under one Idempotency-Key once', async () => {
    const { app, client } = await api({ workflows })
    const again = { idempotencyKey: 'k-1' }
    const first = await client.startRun({ workflow: 'waits', input: 'x' }, again)
    expect((await client.startRun({ workflow: 'waits', input: 'x' }, again)).id).toBe(first.id)
    expect((await client.startRun({ workflow: 'waits', input: 'x' }, { idempotencyKey: 'k-2' })).id).not.toBe(first.id)
    await expect(client.startRun({ workflow: 'waits', input: 'y' }, again)).rejects.toMatchObject({
      code: 'ID_CONFLICT',
    })
    await app.idle()
    const value = { run: first.id, signal: 'server-go', value: { n: 3 } }
    await client.signalRun(value, { idempotencyKey: 's-1' })
    await app.idle()
    expect(await client.waitForRun({ run: first.id })).toMatchObject({ status: 'completed', result: 3 })
    const one = await client.forkRun({ run: first.id, from: 0 }, { idempotencyKey: 'f' })
    expect((await client.forkRun({ run: first.id, from: 0 }, { idempotencyKey: 'f' })).id).toBe(one.id)
    expect((await client.listForks({ run: first.id })).items).toHaveLength(1)
  })

  it('pages by cursor through what is there, while more comes', async () => {
    const { client } = await api({ workflows })
    const ids: string[] = []
    for (let n = 0; n < 7; n++) ids.push((await client.startRun({ workflow: 'waits', input: String(n) })).id)
    const first = await client.listRuns({ limit: 3 })
    await client.startRun({ workflow: 'waits', input: 'late' })
    const second = await client.listRuns({ limit: 3, after: first.after as string })
    const third = await client.listRuns({ limit: 3, after: second.after as string })
    expect([...first.items, ...second.items, ...third.items].map(({ id }) => id)).toEqual(ids.reverse())
    expect(third.after).toBeUndefined()
  })

  it('shows histories in pages, with long payloads cut and whole when asked for alone', async () => {
    const { app, client } = await api({ workflows })
    const run = await client.startRun({ workflow: 'greet', input: 'x'.repeat(10_000) })
    await app.idle()
    const page = await client.listEvents({ run: run.id, limit: 2 })
    expect(page.items.map(({ kind, isCut }) => [kind, isCut])).toEqual([
      ['run.started', true],
      ['step.result', true],
    ])
    const rest = await client.listEvents({ run: run.id, from: page.next as number })
    expect(rest.items.map(({ kind }) => kind)).toEqual(['run.completed'])
    expect(rest.next).toBeUndefined()
    const whole = await client.getEvent({ run: run.id, index: 1 })
    expect(whole.payload).toMatchObject({ input: 'x'.repeat(10_000) })
    await expect(client.getEvent({ run: run.id, index: 99 })).rejects.toMatchObject({ code: 'ENTRY_UNKNOWN' })
    expect((await client.getMoment({ run: run.id, index: 1 })).done).toMatchObject([{ key: 'greet#0' }])
  })

  it('answers an approval once', async () => {
    const { app, client } = await api({ workflows })
    const run = await client.startRun({ workflow: 'asks', input: 'o-7' })
    await app.idle()
    const [question] = (await client.listApprovals()).items
    expect(question).toMatchObject({ question: 'pay o-7?', role: 'finance', mayDecide: true, run: run.id })
    const approvalId = question?.id as string
    await client.decideApproval({ approval: approvalId, approve: true })
    await expect(client.decideApproval({ approval: approvalId, approve: false })).rejects.toMatchObject({ status: 409 })
    expect(await client.getApproval({ approval: approvalId })).toMatchObject({ state: 'decided' })
    await app.idle()
    expect((await client.getRun({ run: run.id })).status).toBe('completed')
  })

  it('shows failures, says what resuming all of one would do, and does it', async () => {
    const { app, client } = await api({ workflows })
    broken = true
    for (const n of [1, 2, 3]) await client.startRun({ workflow: 'charge', input: { card: 'bad' }, id: `c-${n}` })
    await app.idle()
    const [failure] = (await client.listFailures({ open: true })).items
    expect(failure).toMatchObject({ workflow: 'charge', needsAttention: 3 })
    const fingerprint = failure?.fingerprint as string
    expect(await client.getFailure({ fingerprint })).toMatchObject({ needsAttention: 3 })
    const plan = await client.resumeRuns({ fingerprint, dryRun: true })
    expect(plan).toMatchObject({ matched: 3, done: 0 })
    expect(plan.plans).toHaveLength(3)
    broken = false
    expect(await client.resumeRuns({ fingerprint })).toMatchObject({ matched: 3, done: 3 })
    await app.idle()
    expect(await client.countRuns()).toMatchObject({ completed: 3 })
    await expect(client.cancelRuns({})).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('edits the input of a failed step when it resumes, compares with a fork, and gives up', async () => {
    const { app, client } = await api({ workflows })
    broken = true
    const run = await client.startRun({ workflow: 'charge', input: { card: 'bad' } })
    const other = await client.startRun({ workflow: 'charge', input: { card: 'bad' } })
    await app.idle()
    await client.resumeRun({ run: run.id, edit: { input: { card: 'good' } } })
    await client.giveUpRun({ run: other.id, reason: 'gone' })
    await app.idle()
    expect(await client.getRun({ run: run.id })).toMatchObject({ status: 'completed', result: { paid: 'good' } })
    expect(await client.getRun({ run: other.id })).toMatchObject({ status: 'failed' })
    const { rows } = await client.diffRuns({ run: run.id, other: other.id })
    expect(rows.length).toBeGreaterThan(1)
    await expect(client.cancelRun({ run: run.id })).rejects.toMatchObject({ status: 409, code: 'RUN_ENDED' })
  })

  it('makes, changes, pauses, triggers and deletes a schedule', async () => {
    const { app, client } = await api({ workflows })
    const made = await client.putSchedule({ schedule: 'daily', workflow: 'greet', input: 'Ada', cron: '0 7 * * *' })
    expect(made).toMatchObject({ id: 'daily', workflow: 'greet', cron: '0 7 * * *', started: 0 })
    expect(await client.changeSchedule({ schedule: 'daily', cron: '0 8 * * *' })).toMatchObject({ cron: '0 8 * * *' })
    expect((await client.nextTimes({ schedule: 'daily', count: 2 })).items).toHaveLength(2)
    expect((await client.pauseSchedule({ schedule: 'daily', reason: 'holiday' })).paused).toMatchObject({
      reason: 'holiday',
    })
    expect((await client.continueSchedule({ schedule: 'daily' })).paused).toBeUndefined()
    const run = await client.triggerSchedule({ schedule: 'daily' }, { idempotencyKey: 't' })
    expect((await client.triggerSchedule({ schedule: 'daily' }, { idempotencyKey: 't' })).id).toBe(run.id)
    await app.idle()
    expect((await client.getRun({ run: run.id })).result).toBe('hello Ada')
    expect((await client.listSchedules()).items).toHaveLength(1)
    await client.deleteSchedule({ schedule: 'daily' })
    await expect(client.getSchedule({ schedule: 'daily' })).rejects.toMatchObject({ code: 'SCHEDULE_UNKNOWN' })
    const preview = await client.previewTimes({ every: '1h', count: 3 })
    expect(preview.items).toHaveLength(3)
  })

  it('says what can be started, and with which schema', async () => {
    const { client } = await api({ workflows })
    const { items } = await client.listWorkflows()
    expect(items.map(({ name }) => name)).toEqual(['greet', 'waits', 'asks', 'charge'])
    expect(items[3]?.input).toMatchObject({ type: 'object', properties: { card: { type: 'string' } } })
    expect(items[1]?.input).toBeUndefined()
    expect(await client.whoAmI()).toMatchObject({ grants: [{ tenant: '*', roles: ['admin'] }] })
    expect(await client.getHealth()).toMatchObject({ live: true, ready: true })
    expect(await client.getCosts({ by: ['model', 'day'], since: '7d' })).toMatchObject({
      rows: [],
      total: { cost: '0' },
    })
    expect((await client.listLimits()).items).toEqual([])
    expect((await client.listArchives()).items).toEqual([])
    expect(await client.getRetention()).toEqual({ rules: [], keepDecisions: 184 * 86_400_000 })
    expect(await client.retainRuns({ rules: [{ keep: '1d', action: 'delete' }], dryRun: true })).toMatchObject({
      deleted: 0,
    })
  })
})

describe('what happens in a run, live', () => {
  it('tells history, then what comes, then the end; and goes on where a lost line was', async () => {
    const { app, client, send } = await api({ workflows })
    const run = await client.startRun({ workflow: 'waits', input: 'x' })
    await app.idle()
    const seen: string[] = []
    const following = (async () => {
      for await (const message of client.follow(run.id)) {
        seen.push(message.type === 'entry' ? message.entry.kind : message.type)
        if (message.type === 'state' && message.state.status === 'waiting' && seen.length < 3) {
          await client.signalRun({ run: run.id, signal: 'server-go', value: { n: 1 } })
        }
      }
    })()
    await expect.poll(() => seen.length).toBeGreaterThan(1)
    await app.idle()
    await following
    expect(seen.filter((one) => one !== 'state')).toEqual(['run.started', 'signal.received', 'run.completed', 'end'])
    const later = await send(`/api/v1/runs/${run.id}/live`, { headers: { 'last-event-id': '1' } })
    const text = await later.text()
    expect([...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]))).toEqual([2])
    expect(text).toContain('event: end')
  })
})
