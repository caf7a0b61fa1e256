import { createOpenAI } from '@ai-sdk/openai'
import { generateText, isStepCount, tool } from 'ai'
import { startProvider } from 'loopback-provider'
import { approval, each, spanwise, step, workflow } from 'spanwise'
import { gateway, prompt } from 'spanwise/models'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

async function provided() {
  const provider = await startProvider()
  onTestFinished(() => provider.close())
  return gateway({
    models: { fast: createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('gpt-5-mini') },
  })
}

const rules = step('rules', async (_: void, { cite }) => {
  cite({ id: 'refund-policy', version: '2026-01', hash: 'sha256-abc' })
  return 'Refund within 14 days.'
})

test('one record has everything that led to a decision and came of it', async () => {
  const models = await provided()
  const ask = prompt('refund', 'May we refund? {{rules}} {{mail}}', { version: '3' })
  let tries = 0
  const judge = step(
    'judge',
    { decision: 'refund', backoff: 1 },
    async (input: { mail: string; rules: string }, { cite }) => {
      cite({ id: 'mail-7' })
      const { text } = await generateText({ model: models('fast'), ...ask(input) })
      if (++tries === 1) throw new Error('the mail server hung up')
      return { refund: true, words: text.length > 0 }
    },
  )
  const pay = step('pay', async (amount: number) => `paid ${amount}`)
  const flow = workflow('refund-flow', async (mail: string) => {
    const verdict = await judge({ mail, rules: await rules() })
    await approval('Pay it?', { role: 'finance', of: verdict })
    return pay(40)
  })
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow, 'My parcel is lost.', { subject: 'customer-17' })
  await expect.poll(async () => (await app.approvals()).items.length).toBe(1)
  const [asked] = (await app.approvals()).items
  await app.decide(asked?.id as string, { approve: true, by: 'ann', reason: 'known customer' })
  await run.result()

  const { items } = await app.decisions({
    subject: 'customer-17',
    approver: 'ann',
    prompt: 'refund@3',
    outcome: 'approved',
  })
  expect(items).toHaveLength(1)
  const [found] = items
  expect(found).toMatchObject({ workflow: 'refund-flow', key: 'judge#0', label: 'refund', outcome: 'done', answers: 1 })
  expect(found?.cost).toBeGreaterThan(0n)
  const record = await app.decision(found?.id as string)
  expect(record).toMatchObject({
    subject: 'customer-17',
    input: { mail: 'My parcel is lost.', rules: 'Refund within 14 days.' },
    result: { refund: true, words: true },
    documents: [
      { id: 'refund-policy', version: '2026-01', direct: false },
      { id: 'mail-7', direct: true },
    ],
    retries: [{ why: 'transient', error: { message: 'the mail server hung up' } }],
    approvals: {
      before: [],
      after: [
        {
          question: 'Pay it?',
          role: 'finance',
          of: { refund: true },
          state: 'approved',
          by: 'ann',
          reason: 'known customer',
        },
      ],
    },
    edited: false,
    superseded: undefined,
  })
  // the answer was recorded once and used again by the second attempt
  expect(record.calls).toHaveLength(1)
  expect(record.calls[0]).toMatchObject({
    alias: 'fast',
    model: 'gpt-5-mini',
    state: 'answered',
    prompt: { id: 'refund', version: '3', hash: ask.hash },
  })
  expect(record.calls[0]?.answerId).toBeDefined()
  expect(JSON.stringify(record.calls[0]?.asked)).toContain('My parcel is lost.')
  expect(record.effects.map(({ key, state, direct }) => [key, state, direct])).toEqual([
    ['approval#0', 'done', true],
    ['pay#0', 'done', false],
    ['run.completed', 'done', false],
  ])
  // by any entry of it, and by text
  expect((await app.decision(`${run.id}/${record.calls[0]?.entries[0]}`)).id).toBe(record.id)
  expect((await app.decisions({ text: 'parcel is lost' })).items).toHaveLength(1)
  expect((await app.decisions({ text: 'nobody said this' })).items).toHaveLength(0)
  await expect(app.decision(`${run.id}/0`)).rejects.toMatchObject({ code: 'DECISION_UNKNOWN' })

  const { sources } = await app.lineage(record.id)
  expect(sources.map(({ kind, name, direct }) => [kind, name, direct])).toEqual([
    ['input', 'input', false],
    ['step', 'rules#0', false],
    ['document', 'refund-policy@2026-01', false],
    ['model', record.calls[0]?.answered ?? 'gpt-5-mini', true],
    ['prompt', 'refund@3', true],
    ['document', 'mail-7', true],
  ])
  for (const of of [{ document: 'refund-policy' }, { document: 'mail-7' }, { prompt: 'refund@3' }, { model: 'fast' }])
    expect((await app.lineage(of)).items.map(({ id }) => id)).toEqual([record.id])
  expect((await app.lineage({ approver: 'ann' })).items).toEqual([])
})

test('tools that a model used are told with what they gave back; items of an each have no part in each other', async () => {
  const models = await provided()
  const look = step('look', async (what: string, { cite }) => {
    cite({ id: `page-${what}` })
    return `${what}: 7`
  })
  const score = step('score', { decision: true }, async (what: string) => what.length)
  const flow = workflow('tooled', async () => {
    await each(['a', 'b'], { key: (what) => what }, async (what) => score(await look(what)))
    await generateText({
      model: models('fast'),
      prompt: 'Look something up.',
      tools: {
        lookup: tool({
          description: 'looks something up',
          inputSchema: z.object({ what: z.string() }),
          execute: ({ what }) => look(what),
        }),
      },
      stopWhen: isStepCount(4),
    })
  })
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  await app.run(flow)
  const { items } = await app.decisions()
  const named = items.map(({ key }) => key.replace(/\[.*?\]/, '[…]'))
  expect(named).toEqual(['model[…]#0', 'model[…]#0', 'each#0[…]/score#0', 'each#0[…]/score#0'])
  const first = await app.decision(items[1]?.id as string)
  expect(first.calls[0]?.tools).toMatchObject([{ name: 'lookup', result: expect.stringMatching(/: 7$/) }])
  // what the other item read is none of its business; what comes after the each saw both
  const a = (await app.lineage({ document: 'page-a' })).items.map(({ key }) => key.replace(/\[.*?\]/, '[…]'))
  expect(a).toEqual(['model[…]#0', 'model[…]#0', 'each#0[…]/score#0'])
  const itemOf = async (id: string | undefined) =>
    (await app.lineage(id as string)).sources.filter(({ kind }) => kind === 'document')
  expect(await itemOf(items[2]?.id)).toHaveLength(1)
  expect(await itemOf(items[1]?.id)).toHaveLength(2)
})

test('a citation without an id fails its step, and what is no decision name is refused at once', async () => {
  const bad = step('bad', { attempts: 1 }, async (_: void, { cite }) => cite({ id: '' }))
  const flow = workflow('bad-cite', () => bad())
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow)
  await expect(run.result()).rejects.toThrow('cited something that is no document')
  expect(() => step('odd', { decision: '' }, async () => 1)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})
