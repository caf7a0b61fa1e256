import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type App,
  ApprovalExpiredError,
  ApprovalRejectedError,
  approval,
  type OpenApproval,
  race,
  sleep,
  step,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { errorOf, reaches, until, wait, world } from './support/world.ts'

const asked = async (app: App, role?: string): Promise<OpenApproval> => {
  const { items } = await until(
    () => app.approvals(role === undefined ? {} : { role }),
    (page) => page.items.length > 0,
  )
  return items[0] as OpenApproval
}

describe('an approval', () => {
  it('resolves when somebody approves, with who and when', async () => {
    const flow = workflow('flow', async () => {
      const { by, at, form } = await approval('pay?', { role: 'finance', of: { cents: 5 } })
      return [by, at instanceof Date, form]
    })
    const { app } = await world({ linger: 0 }).open([flow])
    const run = await app.start(flow)
    const question = await asked(app)
    expect(question).toMatchObject({
      run: run.id,
      workflow: 'flow',
      question: 'pay?',
      role: 'finance',
      of: { cents: 5 },
      hasForm: false,
      expiresAt: undefined,
    })
    await app.decide(question.id, { approve: true, by: 'ann' })
    expect(await run.result()).toEqual(['ann', true, undefined])
    expect((await app.approvals()).items).toEqual([])
  })

  it('throws when somebody rejects, or nobody answers: never approves by silence', async () => {
    const flow = workflow('flow', async (timeout: number) => {
      try {
        await approval('pay?', { timeout })
        return 'approved'
      } catch (error) {
        if (error instanceof ApprovalRejectedError) return `${error.by}: ${error.reason}`
        return error instanceof ApprovalExpiredError ? 'silence' : String(error)
      }
    })
    for (const linger of [0, 200]) {
      const { app } = await world({ linger }).open([flow])
      const rejected = await app.start(flow, 60_000)
      await app.decide((await asked(app)).id, { approve: false, by: 'bob', reason: 'too dear' })
      expect(await rejected.result()).toBe('bob: too dear')
      expect(await app.run(flow, 15)).toBe('silence')
      expect((await app.approvals()).items).toEqual([])
    }
  })

  it('that is not caught needs attention; a decision cannot be retried away', async () => {
    const flow = workflow('flow', async () => approval('pay?', { timeout: 5 }))
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    expect(await errorOf(run.result())).toMatchObject({ cause: { code: 'APPROVAL_EXPIRED' } })
  })

  it('counts the first decision; the second is told so', async () => {
    const flow = workflow('flow', async () => {
      const { by } = await approval('pay?')
      return by
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    const { id } = await asked(app)
    const decisions = await Promise.allSettled(['ann', 'bob', 'cy'].map((by) => app.decide(id, { approve: true, by })))
    expect(decisions.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect((decisions[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'APPROVAL_CLOSED' })
    expect(await run.result()).toBe('ann')
    expect(await errorOf(app.decide(id, { approve: true, by: 'dee' }))).toMatchObject({ code: 'APPROVAL_CLOSED' })
    expect(await errorOf(app.decide('nonsense', { approve: true, by: 'dee' }))).toMatchObject({
      code: 'APPROVAL_UNKNOWN',
    })
  })

  it('has a form that must fit, checked before the decision counts, parsed for the code', async () => {
    const form = z.object({ limit: z.coerce.number() })
    const flow = workflow('flow', async () => {
      const answer = await approval('how much?', { form })
      return answer.form
    })
    for (const linger of [0, 200]) {
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow)
      const { id, hasForm } = await asked(app)
      expect(hasForm).toBe(true)
      await wait(linger === 0 ? 20 : 0)
      expect(await errorOf(app.decide(id, { approve: true, by: 'ann', form: { limit: 'x' } }))).toMatchObject({
        code: 'INVALID_FORM',
      })
      expect(await errorOf(app.decide(id, { approve: true, by: 'ann' }))).toMatchObject({ code: 'INVALID_FORM' })
      expect((await asked(app)).id).toBe(id)
      await app.decide(id, { approve: true, by: 'ann', form: { limit: '7' } })
      expect(await run.result()).toEqual({ limit: 7 })
    }
  })

  it('needs no form to be rejected', async () => {
    const flow = workflow('flow', async () => approval.ask('how much?', { form: z.object({ n: z.number() }) }))
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await app.decide((await asked(app)).id, { approve: false, by: 'ann' })
    expect(await run.result()).toEqual({ status: 'rejected', by: 'ann' })
  })

  it('can be asked so that the code branches', async () => {
    const flow = workflow('flow', async (timeout: number) => {
      const answer = await approval.ask('ok?', { timeout })
      return answer.status
    })
    const { app } = await world().open([flow])
    expect(await app.run(flow, 5)).toBe('expired')
    const run = await app.start(flow, 60_000)
    await app.decide((await asked(app)).id, { approve: true, by: 'ann' })
    expect(await run.result()).toBe('approved')
  })

  it('is listed for its role', async () => {
    const flow = workflow('flow', async (role: string) => approval.ask(`${role}?`, { role }))
    const { app } = await world().open([flow])
    await Promise.all(['finance', 'legal', 'finance'].map((role) => app.start(flow, role)))
    await until(
      () => app.approvals(),
      ({ items }) => items.length === 3,
    )
    expect((await app.approvals({ role: 'finance' })).items.map(({ question }) => question)).toEqual([
      'finance?',
      'finance?',
    ])
    const first = await app.approvals({ limit: 2 })
    expect(first.items.length).toBe(2)
    expect((await app.approvals({ limit: 2, after: first.after as string })).items.length).toBe(1)
  })

  it('is withdrawn when its branch has lost, or its run was cancelled', async () => {
    const flow = workflow('flow', async (hurry: boolean) => {
      if (hurry) return (await race({ ok: () => approval('ok?'), soon: () => sleep(300) })).key
      return approval('ok?')
    })
    for (const linger of [0, 200]) {
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow, true)
      const { id } = await asked(app)
      expect(await run.result()).toBe('soon')
      expect((await app.approvals()).items).toEqual([])
      expect(await errorOf(app.decide(id, { approve: true, by: 'ann' }))).toMatchObject({ code: 'APPROVAL_CLOSED' })
      const other = await app.start(flow, false)
      await asked(app)
      await other.cancel('no')
      await reaches(other, 'cancelled')
      expect((await app.approvals()).items).toEqual([])
    }
  })

  it('decided while its run needs attention counts when it is resumed', async () => {
    let broken = true
    const work = step('work', { attempts: 1 }, async () => {
      await wait(20)
      if (broken) throw new TypeError('bug')
      return 'worked'
    })
    const flow = workflow('flow', async () => {
      const answer = approval('ok?')
      return [await work(), (await answer).by]
    })
    for (const linger of [0, 200]) {
      broken = true
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow)
      await reaches(run, 'needs attention')
      await app.decide((await asked(app)).id, { approve: true, by: 'ann' })
      broken = false
      await run.resume()
      expect(await run.result()).toEqual(['worked', 'ann'])
    }
  })

  it('survives a crash, and is asked once', async () => {
    const flow = workflow('flow', async () => (await approval('ok?')).by)
    const around = world()
    const first = await around.open([flow])
    const run = await first.app.start(flow, undefined, { id: 'x' })
    const { id } = await asked(first.app)
    first.crash()
    const { app } = await around.open([flow])
    expect((await asked(app)).id).toBe(id)
    await app.decide(id, { approve: true, by: 'ann' })
    expect(await (await app.get(run.id))?.result()).toBe('ann')
    const requests = (await around.store.entries(run.id)).filter(({ kind }) => kind === 'approval.requested')
    expect(requests.length).toBe(1)
  })
})
