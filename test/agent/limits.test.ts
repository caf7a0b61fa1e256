import { createOpenAI } from '@ai-sdk/openai'
import { tool } from 'ai'
import { startProvider } from 'loopback-provider'
import { parallel, workflow } from 'spanwise'
import { agent, spending } from 'spanwise/agent'
import { gateway } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { lastText, systemOf, toolTurns, world } from './support.ts'

const look = () => tool({ inputSchema: z.object({ n: z.number() }), execute: ({ n }) => n })
/** always another call, never an answer, unless it may call nothing */
const restless = (request: Parameters<Parameters<typeof world>[0]>[0]) =>
  request.toolChoice === 'none'
    ? { text: `Enough after ${toolTurns(request)}.` }
    : { calls: [{ name: 'look', input: { n: toolTurns(request) } }] }

test('turns: fails by name, finishes with what is there, or asks a person for as much again', async () => {
  const { models, asked } = await world(restless)
  const common = { model: models('fast'), tools: { look: look() }, maxTurns: 3 }
  const failing = agent('failing', common)
  const finishing = agent('finishing', { ...common, onLimit: 'finish' })
  const asking = agent('asking', { ...common, onLimit: { ask: { role: 'lead' } } })
  await using app = await testApp({ workflows: [failing, finishing, asking] })
  const run = await app.start(failing, 'go')
  await expect(run.result()).rejects.toMatchObject({ cause: { code: 'AGENT_LIMIT', limit: 'turns' } })
  expect(asked).toHaveLength(3)
  expect(await app.run(finishing, 'go')).toBe('Enough after 3.')
  expect(asked).toHaveLength(7)
  expect(lastText(asked[6] as never)).toMatch(/limit of turns/)
  const third = await app.start(asking, 'go')
  await app.idle()
  const [question] = (await app.approvals()).items
  expect(question).toMatchObject({ role: 'lead', question: expect.stringContaining('3 turns') })
  await app.decide(question?.id as string, { approve: true, by: 'ann' })
  await app.idle()
  expect(asked).toHaveLength(13)
  const [again] = (await app.approvals()).items
  await app.decide(again?.id as string, { approve: false, by: 'ann' })
  await expect(third.result()).rejects.toMatchObject({ cause: { code: 'AGENT_LIMIT' } })
})

test('tool calls: those of one turn together stay within the limit', async () => {
  const { models } = await world((request) =>
    request.toolChoice === 'none'
      ? { text: 'done' }
      : { calls: [1, 2, 3].map((n) => ({ name: 'look', input: { n: n + toolTurns(request) } })) },
  )
  let looked = 0
  const counted = tool({ inputSchema: z.object({ n: z.number() }), execute: () => ++looked })
  const busy = agent('busy', {
    model: models('fast'),
    tools: { look: counted },
    maxToolCalls: 5,
    onLimit: 'finish',
  })
  await using app = await testApp({ workflows: [busy] })
  expect(await app.run(busy, 'go')).toBe('done')
  expect(looked).toBe(5)
})

test('time: what is under way is not waited for', async () => {
  const { models } = await world(restless)
  const common = { model: models('fast'), tools: { look: look() }, approve: () => true, timeout: '10m' } as const
  const late = agent('late', common)
  const brief = agent('brief', { ...common, onLimit: 'finish' })
  await using app = await testApp({ workflows: [late, brief] })
  const one = await app.start(late, 'go')
  const two = await app.start(brief, 'go')
  await app.idle()
  expect((await app.approvals()).items).toHaveLength(2)
  await app.advance('11m')
  await expect(one.result()).rejects.toMatchObject({ cause: { code: 'AGENT_LIMIT', limit: 'time' } })
  expect(await two.result()).toBe('Enough after 0.')
  expect((await app.approvals()).items).toHaveLength(0)
})

test('tokens and money: many agents at once never use more than the budget around them, over crashes too', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const provider = await startProvider({
    respond: (request) =>
      request.tools.some(({ name }) => name === 'a')
        ? { calls: names.map((name) => ({ name, input: { prompt: 'go' } })) }
        : restless(request),
  })
  onTestFinished(() => provider.close())
  const real = createOpenAI({ baseURL: provider.baseURL, apiKey: 'sk-any' })
  const models = gateway({
    models: { fast: { candidates: [real.chat('gpt-5-mini')], maxOutputTokens: 50 } },
    prices: { overrides: [{ model: 'gpt-5-mini', input: 1_000, output: 1_000 }] },
  })
  const busy = agent('busy', { model: models('fast'), tools: { look: look() }, maxTurns: 1_000 })
  const leader = agent('leader', {
    model: models('fast'),
    tools: Object.fromEntries(names.map((name) => [name, busy])),
    budget: ['$12', '1M tokens'],
  })
  await using app = await testApp({ workflows: [leader], faults: { crashAfter: 12 } })
  const run = await app.start(leader, 'go')
  await expect(run.result()).rejects.toMatchObject({ cause: { code: 'AGENT_LIMIT', limit: 'money', agent: 'leader' } })
  let cost = 0
  for (const { kind, meta } of await journal(run))
    if (kind === 'model.result' || (kind === 'model.attempt' && meta['unconfirmed'] === true))
      cost += Number(meta['cost'])
  expect(app.crashes).toBe(1)
  expect(cost).toBeGreaterThan(4e9)
  expect(cost).toBeLessThanOrEqual(12e9)
})

test('a share is one of the budget around it, and the last answer has money kept for it', async () => {
  const provider = await startProvider({ respond: restless })
  onTestFinished(() => provider.close())
  const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'sk-any' })
  const models = gateway({
    models: { fast: { candidates: [openai.chat('gpt-5-mini')], maxOutputTokens: 50 } },
    prices: { overrides: [{ model: 'gpt-5-mini', input: 1_000, output: 1_000 }] },
  })
  const part = agent('part', { model: models('fast'), tools: { look: look() }, budget: '50%', onLimit: 'finish' })
  const alone = workflow('alone', async () => part('go'))
  const shared = workflow('shared', async () =>
    spending('$16', () => parallel({ a: () => part('a'), b: () => part('b') })),
  )
  await using app = await testApp({ workflows: [alone, shared] })
  await expect(app.run(alone, undefined)).rejects.toMatchObject({ cause: { code: 'AGENT_INVALID' } })
  const run = await app.start(shared, undefined)
  expect(await run.result()).toEqual({ a: expect.stringMatching(/^Enough/), b: expect.stringMatching(/^Enough/) })
  const used = { a: 0, b: 0 }
  for (const { kind, key, meta } of await journal(run))
    if (kind === 'model.result') used[key.includes('/a/') ? 'a' : 'b'] += Number(meta['cost'])
  expect(used.a).toBeLessThanOrEqual(8e9)
  expect(used.b).toBeLessThanOrEqual(8e9)
  expect(used.a).toBeGreaterThan(2e9)
})

test('the same call with the same result again and again, and two who hand over to each other, end by name', async () => {
  const { models, asked } = await world((request) => {
    const system = systemOf(request)
    if (system.startsWith('one')) return { calls: [{ name: 'hand_over_to_two', input: {} }] }
    if (system.startsWith('two')) return { calls: [{ name: 'hand_over_to_one', input: {} }] }
    return { calls: [{ name: 'look', input: { n: 1 } }] }
  })
  const stuck = agent('stuck', { model: models('fast'), tools: { look: look() } })
  const one: ReturnType<typeof agent> = agent('one', {
    model: models('fast'),
    instructions: 'one',
    handoffs: () => [two as never],
  })
  const two: ReturnType<typeof agent> = agent('two', {
    model: models('fast'),
    instructions: 'two',
    handoffs: () => [one as never],
  })
  await using app = await testApp({ workflows: [stuck, one] })
  await expect(app.run(stuck, 'go')).rejects.toMatchObject({ cause: { code: 'AGENT_LOOP', agent: 'stuck' } })
  expect(asked).toHaveLength(3)
  await expect(app.run(one, 'go')).rejects.toMatchObject({ cause: { code: 'AGENT_LOOP' } })
  expect(asked.length).toBeLessThan(12)
})
