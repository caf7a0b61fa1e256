import { tool } from 'ai'
import { step, workflow } from 'spanwise'
import { type ApproverClaim, agent } from 'spanwise/agent'
import { journal, type TestApp, testApp } from 'spanwise/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { toolTurns, world } from './support.ts'

const Refund = z.object({ order: z.string(), amount: z.number() })

/** An agent that refunds what `wanted` says, and then tells what the tools said. */
async function desk(wanted: readonly { order: string; amount: number }[], more: object = {}) {
  const { models, asked } = await world((request) =>
    toolTurns(request) === 0
      ? { calls: wanted.map((input) => ({ name: 'refund', input })) }
      : {
          text: request.turns
            .filter(({ role }) => role === 'tool')
            .map(({ text }) => text)
            .join(' | '),
        },
  )
  const done: { order: string; amount: number }[] = []
  const refund = step('refund', { input: Refund, effect: 'at-most-once' }, async (input) => {
    done.push(input)
    return `refunded ${input.amount} for ${input.order}`
  })
  const support = agent('support', {
    model: models('fast'),
    tools: { refund },
    toolOptions: { refund: { cost: ({ amount }: { amount: number }) => amount, result: 'trusted' } },
    approve: { when: ({ cost }) => cost > 100, role: 'finance' },
    ...more,
  })
  return { support, done, asked }
}

async function open(app: TestApp) {
  await app.idle()
  return (await app.approvals()).items
}

test('a call over the limit waits for a person and is shown with what it would do; others go through', async () => {
  const { support, done } = await desk([
    { order: 'o-1', amount: 20 },
    { order: 'o-2', amount: 500 },
  ])
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, 'refund both')
  const [question, ...others] = await open(app)
  expect(others).toEqual([])
  expect(done).toEqual([{ order: 'o-1', amount: 20 }])
  expect(question).toMatchObject({ role: 'finance', question: expect.stringContaining('refund for $500') })
  expect(question?.of).toMatchObject({
    agent: 'support',
    tool: 'refund',
    args: { order: 'o-2', amount: 500 },
    cost: 500,
    version: expect.any(String),
    bound: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  expect(await run.result()).toBe('refunded 20 for o-1 | refunded 500 for o-2')
  expect(done).toHaveLength(2)
})

test('a refusal is told to the model, and nothing happens', async () => {
  const { support, done } = await desk([{ order: 'o-1', amount: 500 }])
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, 'refund')
  const [question] = await open(app)
  await app.decide(question?.id as string, { approve: false, by: 'ann', reason: 'no receipt' })
  expect(await run.result()).toContain('no receipt')
  expect(done).toEqual([])
})

test('of two calls alike each needs its own: one that is approved does not let the other through', async () => {
  const { support, done } = await desk([
    { order: 'o-1', amount: 500 },
    { order: 'o-1', amount: 500 },
  ])
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, 'refund twice')
  const [one, two] = await open(app)
  expect(two).toBeDefined()
  await app.decide(one?.id as string, { approve: true, by: 'ann' })
  expect(await open(app)).toHaveLength(1)
  expect(done).toHaveLength(1)
  await app.crash()
  expect(await open(app)).toHaveLength(1)
  expect(done).toHaveLength(1)
  await app.decide(two?.id as string, { approve: false, by: 'ann' })
  await run.result()
  expect(done).toHaveLength(1)
})

test('what an operator edits is another call, and needs another approval', async () => {
  const { support, done } = await desk([{ order: 'o-1', amount: 500 }])
  const careful = workflow('careful', async () => support('refund'))
  await using app = await testApp({ workflows: [careful] })
  const run = await app.start(careful, undefined)
  const [question] = await open(app)
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  await run.result()
  expect(done).toEqual([{ order: 'o-1', amount: 500 }])
  const entries = await journal(run)
  const effect = entries.find(({ kind, key }) => kind === 'step.result' && key.endsWith('/refund#0'))
  const fork = await run.fork({
    from: effect?.index as number,
    edit: { input: { order: 'o-1', amount: 9_000 } },
    allow: ['*'],
  })
  const [again] = await open(app)
  // the source's approval is no authority, and what it was given for is not what would be done now
  expect(done).toHaveLength(1)
  expect(again?.run).toBe(fork.id)
  await app.decide(again?.id as string, { approve: true, by: 'ben' })
  const [third] = await open(app)
  expect(done).toHaveLength(1)
  expect(third?.of).toMatchObject({ args: { order: 'o-1', amount: 9_000 }, cost: 9_000 })
  await app.decide(third?.id as string, { approve: true, by: 'ben' })
  await fork.result()
  expect(done).toEqual([
    { order: 'o-1', amount: 500 },
    { order: 'o-1', amount: 9_000 },
  ])
})

test("a fork that may do everything still asks for what its source's approver allowed", async () => {
  const { support, done } = await desk([{ order: 'o-1', amount: 500 }])
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, 'refund')
  const [question] = await open(app)
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  await run.result()
  const entries = await journal(run)
  const decided = entries.find(({ kind }) => kind === 'approval.decided')?.index as number
  const fork = await run.fork({ from: decided + 1, allow: ['*'] })
  const [again] = await open(app)
  expect(again?.run).toBe(fork.id)
  expect(done).toHaveLength(1)
  await app.crash()
  await app.decide((await open(app))[0]?.id as string, { approve: true, by: 'ben' })
  await fork.result()
  expect(done).toHaveLength(2)
  // behind the effect nothing is asked for: it was done, and is not done again
  const later = await run.fork({ from: entries.at(-1)?.index as number })
  await later.result()
  expect(done).toHaveLength(2)
})

test('an approver who has lost the right is not believed any more when the call is about to be made', async () => {
  const rights = new Set(['ann', 'ben'])
  const claims: ApproverClaim[] = []
  const { support, done } = await desk([{ order: 'o-1', amount: 500 }], {
    approve: {
      when: () => true,
      role: 'finance',
      mayApprove: (claim: ApproverClaim) => {
        claims.push(claim)
        return rights.has(claim.by)
      },
    },
  })
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, 'refund')
  const [question] = await open(app)
  rights.delete('ann')
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  const [again] = await open(app)
  expect(done).toEqual([])
  expect(again).toBeDefined()
  await app.decide(again?.id as string, { approve: true, by: 'ben' })
  await run.result()
  expect(done).toHaveLength(1)
  expect(claims.map(({ by }) => by)).toEqual(['ann', 'ben'])
  expect(claims[0]).toMatchObject({ role: 'finance', tenant: 'default', request: { tool: 'refund' } })
})

test('an approval that a resume supersedes is asked for again', async () => {
  let closed = true
  const { models } = await world((request) =>
    toolTurns(request) === 0 ? { calls: [{ name: 'refund', input: { order: 'o-1', amount: 5 } }] } : { text: 'ok' },
  )
  const done: string[] = []
  const refund = tool({ inputSchema: Refund, execute: ({ order }) => void done.push(order) })
  const gate = step('gate', { attempts: 1 }, async () => {
    if (closed) throw new Error('closed')
  })
  const support = agent('support', { model: models('fast'), tools: { refund }, approve: () => true })
  const flow = workflow('flow', async () => {
    await gate()
    return support('refund')
  })
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, undefined)
  await app.idle()
  closed = false
  await run.resume()
  const [question] = await open(app)
  await app.crash()
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  expect(await run.result()).toBe('ok')
  expect(done).toEqual(['o-1'])
})

test('a process that dies at any append makes an approved call once, and only after it was approved', async () => {
  for (let n = 1; ; n++) {
    const { support, done } = await desk([{ order: 'o-1', amount: 500 }])
    await using app = await testApp({ workflows: [support], faults: { crashAfter: n } })
    const run = await app.start(support, 'refund')
    const [question] = await open(app)
    expect(done).toEqual([])
    await app.decide(question?.id as string, { approve: true, by: 'ann' })
    await app.idle()
    expect(done.length).toBeLessThanOrEqual(1)
    const { status } = await run.status()
    // at most once: where it died in the middle of the effect, a person looks
    if (status !== 'needs attention') expect(done).toHaveLength(1)
    if (app.crashes === 0) break
    expect(n).toBeLessThan(30)
  }
})

test('a tool without approval rules is refused by a policy, with the reason', async () => {
  const { support, done } = await desk([{ order: 'o-1', amount: 5_000 }], {
    approve: ({ cost }: { cost: number }) => (cost > 1_000 ? { refuse: 'too much for anybody' } : 'allow'),
  })
  await using app = await testApp({ workflows: [support] })
  expect(await app.run(support, 'refund')).toContain('too much for anybody')
  expect(done).toEqual([])
})

test('several have to agree, and the right of each is looked at; a fork between two votes needs both anew', async () => {
  const asked: string[] = []
  const { support, done } = await desk([{ order: 'o-1', amount: 500 }], {
    approve: { when: () => true, needs: 2, mayApprove: ({ by }: ApproverClaim) => asked.push(by) > 0 },
  })
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, 'refund')
  const [one, two] = await open(app)
  await app.decide(one?.id as string, { approve: true, by: 'ann' })
  await app.idle()
  const fork = await run.fork({ from: (await journal(run)).length, allow: ['*'] })
  await app.decide(two?.id as string, { approve: true, by: 'ben' })
  await run.result()
  expect(asked).toEqual(['ann', 'ben'])
  const open2 = (await open(app)).filter(({ run: id }) => id === fork.id)
  await app.decide(open2[0]?.id as string, { approve: true, by: 'ben' })
  expect(await open(app)).toHaveLength(2)
  expect(done).toHaveLength(1)
})

test('what was approved under another version is not made: the run parks', async () => {
  const { models } = await world((request) =>
    toolTurns(request) === 0 ? { calls: [{ name: 'refund', input: { order: 'o-1', amount: 5 } }] } : { text: 'ok' },
  )
  const done: string[] = []
  const refund = tool({ inputSchema: Refund, execute: ({ order }) => void done.push(order) })
  const of = (version: string) =>
    agent('support', {
      model: models('fast'),
      tools: { refund },
      toolOptions: { refund: { version } },
      approve: () => true,
    })
  await using app = await testApp({ workflows: [of('1')] })
  const run = await app.start(of('1'), 'refund')
  const [question] = await open(app)
  await app.restart({ workflows: [of('2')] })
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  await app.idle()
  expect((await run.status()).status).toBe('needs attention')
  expect(done).toEqual([])
})

test('a reminder that was sent before the fork is not taken for the call', async () => {
  const remind = step('remind', async () => {})
  const { support, done } = await desk([{ order: 'o-1', amount: 500 }], {
    approve: { when: () => true, remind: { every: '1h', by: () => remind() } },
  })
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, 'refund')
  await app.idle()
  await app.advance('90m')
  const [question] = await open(app)
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  await run.result()
  const decided = (await journal(run)).find(({ kind }) => kind === 'approval.decided')?.index as number
  const fork = await run.fork({ from: decided + 1, allow: ['*'] })
  await app.idle()
  expect(done).toHaveLength(1)
  expect((await open(app)).filter((one) => one.run === fork.id)).toHaveLength(1)
})

test('a policy in CEL is checked where it is written, and asks where it is true', async () => {
  const { support, done } = await desk(
    [
      { order: 'o-1', amount: 20 },
      { order: 'o-2', amount: 500 },
    ],
    {
      approve: {
        when: 'tool == "refund" && (cost > 100.0 || args.order.startsWith("x-")) && tenant == "default"',
        role: 'finance',
      },
    },
  )
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, 'refund both')
  const [question, ...others] = await open(app)
  expect(others).toEqual([])
  expect(question).toMatchObject({ role: 'finance', of: { args: { order: 'o-2' } } })
  expect(done).toEqual([{ order: 'o-1', amount: 20 }])
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  await run.result()
  await expect(desk([], { approve: 'tol == "refund"' })).rejects.toMatchObject({ code: 'EXPRESSION_INVALID' })
  await expect(desk([], { approve: 'cost + 1.0' })).rejects.toMatchObject({ code: 'EXPRESSION_INVALID' })
})

test('who passed a question on has to have the right too, when the call is about to be made', async () => {
  const rights = new Set(['ann', 'lea', 'ben'])
  const claims: string[] = []
  const { support, done } = await desk([{ order: 'o-1', amount: 500 }], {
    approve: {
      when: () => true,
      role: 'finance',
      mayApprove: ({ by, role }: ApproverClaim) => {
        claims.push(`${by} as ${role}`)
        return rights.has(by)
      },
    },
  })
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, 'refund')
  await app.decide((await open(app))[0]?.id as string, { delegateTo: 'lead', by: 'ann' })
  const [passed] = await open(app)
  expect(passed).toMatchObject({ role: 'lead', of: { args: { order: 'o-1', amount: 500 } } })
  // she leaves between her word and the effect
  rights.delete('ann')
  await app.crash()
  await app.decide(passed?.id as string, { approve: true, by: 'lea' })
  const [again] = await open(app)
  expect(done).toEqual([])
  expect(again).toMatchObject({ role: 'finance' })
  await app.decide(again?.id as string, { delegateTo: 'lead', by: 'ben' })
  await app.decide((await open(app))[0]?.id as string, { approve: true, by: 'lea' })
  await run.result()
  expect(done).toHaveLength(1)
  expect(claims).toEqual(['ann as finance', 'ben as finance', 'lea as lead'])
})

test('an approval that was used is not one for the next call, nor for the same call of another run', async () => {
  const { support, done } = await desk([{ order: 'o-1', amount: 500 }])
  await using app = await testApp({ workflows: [support] })
  const one = await app.start(support, 'refund')
  const [question] = await open(app)
  const two = await app.start(support, 'refund')
  const [other] = (await open(app)).filter(({ run }) => run === two.id)
  // the same call, word for word
  expect(other?.of).toEqual(question?.of)
  const id = question?.id as string
  await app.decide(id, { approve: true, by: 'ann', sendId: 'click' })
  await one.result()
  expect(done).toHaveLength(1)
  await app.decide(id, { approve: true, by: 'ann', sendId: 'click' }).catch(() => {})
  await expect(app.decide(id, { approve: true, by: 'ann' })).rejects.toMatchObject({ code: 'APPROVAL_CLOSED' })
  await expect(app.decide(id, { delegateTo: 'lead', by: 'ann' })).rejects.toMatchObject({ code: 'APPROVAL_CLOSED' })
  await app.crash()
  expect((await open(app)).map(({ run }) => run)).toEqual([two.id])
  expect(done).toHaveLength(1)
  await app.decide(other?.id as string, { approve: false, by: 'ben' })
  await two.result()
  expect(done).toHaveLength(1)
})

test('what was approved at one price is not done at another: the run parks before the effect', async () => {
  const { models } = await world((request) =>
    toolTurns(request) === 0 ? { calls: [{ name: 'refund', input: { order: 'o-1', amount: 5 } }] } : { text: 'ok' },
  )
  const done: string[] = []
  const refund = tool({ inputSchema: Refund, execute: ({ order }) => void done.push(order) })
  const at = (cost: number) =>
    agent('support', {
      model: models('fast'),
      tools: { refund },
      toolOptions: { refund: { cost, version: '1' } },
      approve: () => true,
    })
  await using app = await testApp({ workflows: [at(5)] })
  const run = await app.start(at(5), 'refund')
  const [question] = await open(app)
  expect(question).toMatchObject({ question: expect.stringContaining('for $5') })
  await app.restart({ workflows: [at(500)] })
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  await app.idle()
  expect((await run.status()).status).toBe('needs attention')
  expect(done).toEqual([])
})
