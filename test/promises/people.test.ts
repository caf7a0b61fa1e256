import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { approval, step, webhook, workflow } from '../../packages/spanwise/src/index.ts'
import { journal, steps, type TestApp, testApp } from '../../packages/spanwise/src/testing/index.ts'

async function open(app: TestApp) {
  await app.idle()
  return (await app.approvals()).items
}

describe('an approval that several have to give', () => {
  const flow = workflow('several', async () => {
    const { by, votes = [] } = await approval('launch?', { needs: 2, form: z.object({ word: z.string() }) })
    return [by, votes.map(({ by: who, form }) => [who, form.word])]
  })

  it('takes two people: who has agreed does not count again', async () => {
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    const [one, two] = await open(app)
    expect(one?.question).toBe('launch? (2 have to agree)')
    await app.decide(one?.id as string, { approve: true, by: 'ann', form: { word: 'a' } })
    await app.decide(two?.id as string, { approve: true, by: 'ann', form: { word: 'b' } })
    const [again, ...more] = await open(app)
    expect(more).toEqual([])
    expect(again?.question).toBe('launch? (2 have to agree); ann did')
    await app.crash()
    await app.decide((await open(app))[0]?.id as string, { approve: true, by: 'ben', form: { word: 'c' } })
    expect(await run.result()).toEqual([
      'ann, ben',
      [
        ['ann', 'a'],
        ['ben', 'c'],
      ],
    ])
  })

  it('is refused by the first no, and asks nobody any more', async () => {
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    const [one] = await open(app)
    await app.decide(one?.id as string, { approve: false, by: 'ann' })
    expect(await open(app)).toEqual([])
    await expect(run.result()).rejects.toMatchObject({ cause: { code: 'APPROVAL_REJECTED' } })
  })
})

describe('an approval that nobody answers', () => {
  const flow = workflow('climbs', async () => {
    const answer = await approval.ask('pay?', {
      role: 'clerk',
      timeout: '4d',
      escalate: [
        { after: '1d', role: 'lead' },
        { after: '1d', role: 'head' },
      ],
    })
    return answer.status === 'approved' ? answer.by : answer.status
  })

  it('goes on to the next role, one after the other, until its time is over', async () => {
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    const roles: (string | undefined)[] = []
    for (let day = 0; day < 4; day++) {
      const [question, ...more] = await open(app)
      expect(more).toEqual([])
      roles.push(question?.role)
      await app.advance('1d')
    }
    expect(roles).toEqual(['clerk', 'lead', 'head', 'head'])
    expect(await run.result()).toBe('expired')
  })

  it('is decided by whoever is asked then, and not by who was', async () => {
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    const [first] = await open(app)
    await app.advance('1d')
    const [second] = await open(app)
    await expect(app.decide(first?.id as string, { approve: true, by: 'clerk' })).rejects.toMatchObject({
      code: 'APPROVAL_CLOSED',
    })
    await app.decide(second?.id as string, { approve: true, by: 'lead' })
    expect(await run.result()).toBe('lead')
  })
})

describe('a question that is passed on', () => {
  it('is asked of the other role, with what is left of its time', async () => {
    const flow = workflow('passed', async () => (await approval('pay?', { role: 'clerk', timeout: '2d' })).by)
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    const [first] = await open(app)
    await app.advance('1d')
    await app.decide(first?.id as string, { delegateTo: 'lead', by: 'cleo', reason: 'not my desk' })
    const [second] = await open(app)
    expect(second).toMatchObject({ role: 'lead', expiresAt: first?.expiresAt })
    await app.crash()
    await app.decide(second?.id as string, { approve: true, by: 'lee' })
    expect(await run.result()).toBe('lee')
    const decided = (await journal(run)).filter(({ kind }) => kind === 'approval.decided')
    expect(decided.map(({ meta }) => meta['delegated'] ?? false)).toEqual([true, false])
  })
})

describe('reminders', () => {
  it('are sent while nobody answers, signed, and tried again until they are taken', async () => {
    const got: { id: string; body: string; valid: boolean }[] = []
    let down = true
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        const id = String(request.headers['webhook-id'])
        const at = String(request.headers['webhook-timestamp'])
        const expected = createHmac('sha256', 'hush').update(`${id}.${at}.${body}`).digest('base64')
        got.push({ id, body, valid: request.headers['webhook-signature'] === `v1,${expected}` })
        response.writeHead(down ? 503 : 204).end()
        down = false
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
    const remind = webhook('remind-clerk', { url, secret: () => 'hush', allowPrivate: true })
    const flow = workflow('reminded', async () => {
      return (await approval('pay?', { role: 'clerk', remind: { every: '4h', by: remind } })).by
    })
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await app.idle()
    await app.advance('4h')
    await app.advance('10s')
    await app.advance('4h')
    const [question] = await open(app)
    await app.decide(question?.id as string, { approve: true, by: 'ann' })
    expect(await run.result()).toBe('ann')
    await app.advance('9h')
    expect(got).toHaveLength(3)
    expect(got.every(({ valid }) => valid)).toBe(true)
    expect(got[0]?.id).toBe(got[1]?.id)
    expect(got[2]?.id).not.toBe(got[1]?.id)
    expect(JSON.parse(got[2]?.body ?? '')).toMatchObject({ question: 'pay?', role: 'clerk', times: 2, run: run.id })
    const sent = (await steps(run)).filter(({ key }) => key.includes('remind-clerk'))
    expect(sent).toHaveLength(2)
  })

  it('that cannot be sent change nothing', async () => {
    const broken = step('broken-reminder', { attempts: 1 }, async () => {
      throw new Error('no line')
    })
    const flow = workflow('unreminded', async () => {
      return (await approval('pay?', { remind: { every: '1h', by: () => broken() } })).by
    })
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await app.idle()
    await app.advance('3h')
    const [question] = await open(app)
    await app.decide(question?.id as string, { approve: true, by: 'ann' })
    expect(await run.result()).toBe('ann')
  })
})
