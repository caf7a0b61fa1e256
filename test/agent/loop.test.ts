import { tool } from 'ai'
import { parallel, step, workflow } from 'spanwise'
import { agent } from 'spanwise/agent'
import { prompt } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { lastText, systemOf, toolTurns, world } from './support.ts'

const look = (log: string[] = []) =>
  tool({
    description: 'looks something up',
    inputSchema: z.object({ what: z.string() }),
    execute: ({ what }) => {
      log.push(what)
      return { what, found: 7 }
    },
  })

test('an agent runs as a run of its own: each turn and each tool call is an entry', async () => {
  const { models, asked } = await world((request) =>
    toolTurns(request) < 2
      ? { calls: [{ name: 'look', input: { what: `thing ${toolTurns(request)}` } }] }
      : { text: 'Seven.' },
  )
  const log: string[] = []
  const researcher = agent('researcher', {
    model: models('fast'),
    instructions: prompt('research', 'You look things up.'),
    tools: { look: look(log) },
  })
  await using app = await testApp({ workflows: [researcher] })
  const run = await app.start(researcher, 'How many?')
  expect(await run.result()).toBe('Seven.')
  expect(log).toEqual(['thing 0', 'thing 1'])
  const entries = await journal(run)
  expect(entries.map(({ kind }) => kind)).toEqual([
    'run.started',
    'model.call',
    'model.result',
    'step.result',
    'model.call',
    'model.result',
    'step.result',
    'model.call',
    'model.result',
    'run.completed',
  ])
  expect(entries[3]?.key).toBe('agent(researcher)#0[0]/look#0')
  expect(entries[1]?.meta['prompt']).toBe('research')
  expect(systemOf(asked[0] as never)).toContain('You look things up.')
  expect(lastText(asked[1] as never)).toContain('<untrusted source="look">')
})

test.each(['crashAfter', 'crashBefore'] as const)(
  'a process that dies (%s) at any append asks for no recorded turn and repeats no recorded tool',
  async (how) => {
    for (let n = 1; ; n++) {
      const { models, provider } = await world((request) =>
        toolTurns(request) < 4
          ? {
              calls: [
                { name: 'look', input: { what: `a ${toolTurns(request)}` } },
                { name: 'count', input: { text: 'xyz' } },
              ],
            }
          : { text: '{"answer":7}' },
      )
      const count = step('count', { input: z.object({ text: z.string() }) }, async ({ text }) => text.length)
      const researcher = agent('researcher', {
        model: models('fast'),
        tools: { look: look(), count },
        output: z.object({ answer: z.number() }),
      })
      const both = workflow('both', async () => parallel({ a: () => researcher('one'), b: () => researcher('two') }))
      await using app = await testApp({ workflows: [both], faults: { [how]: n } })
      const run = await app.start(both, undefined)
      expect(await run.result()).toEqual({ a: { answer: 7 }, b: { answer: 7 } })
      const entries = await journal(run)
      const answered = entries.filter(({ kind }) => kind === 'model.result').length
      const lost = entries.filter(({ kind, meta }) => kind === 'model.attempt' && meta['unconfirmed'] === true).length
      expect(answered).toBe(6)
      expect(entries.filter(({ kind }) => kind === 'step.result')).toHaveLength(8)
      expect(provider.ledger.served.length).toBeLessThanOrEqual(answered + lost)
      if (app.crashes === 0) break
      expect(n).toBeLessThan(60)
    }
  },
)

test('a step keeps its options as a tool: at most once, and unknown after a crash', async () => {
  const { models } = await world((request) =>
    toolTurns(request) === 0 ? { calls: [{ name: 'pay', input: { amount: 5 } }] } : { text: lastText(request) },
  )
  let paid = 0
  const pay = step(
    'pay',
    { description: 'pays', input: z.object({ amount: z.number() }), effect: 'at-most-once' },
    async () => {
      paid++
      throw new Error('the line went dead')
    },
  )
  const payer = agent('payer', { model: models('fast'), tools: { pay }, toolOptions: { pay: { result: 'trusted' } } })
  await using app = await testApp({ workflows: [payer] })
  const run = await app.start(payer, 'pay')
  expect(await run.result()).toContain('the line went dead')
  expect(paid).toBe(1)
  const kinds = (await journal(run)).map(({ kind }) => kind)
  expect(kinds).toContain('step.intent')
})

test('what does not fit is told to the model: arguments, unknown tools, an answer', async () => {
  const answers = [
    {
      calls: [
        { name: 'look', input: { which: 1 } },
        { name: 'lok', input: {} },
      ],
    },
    { text: '{"answer":"x"}' },
    { text: '{"answer":7}' },
  ]
  const { models, asked } = await world((_, n) => answers[n] as never)
  const log: string[] = []
  const researcher = agent('researcher', {
    model: models('fast'),
    tools: { look: look(log) },
    output: z.object({ answer: z.number() }),
  })
  await using app = await testApp({ workflows: [researcher] })
  expect(await app.run(researcher, 'How many?')).toEqual({ answer: 7 })
  expect(log).toEqual([])
  const told = asked[1]?.turns.filter(({ role }) => role === 'tool').map(({ text }) => text) ?? []
  expect(told[0]).toMatch(/Invalid input for tool look/)
  expect(told[1]).toMatch(/unavailable tool 'lok'/)
  expect(lastText(asked[2] as never)).toMatch(/does not fit/)
})

test('agents and workflows are tools of agents, and typed input is asked for as such', async () => {
  const { models } = await world((request) => {
    const system = systemOf(request)
    if (system.startsWith('You sum up.')) return { text: 'In short: yes.' }
    return toolTurns(request) === 0
      ? {
          calls: [
            { name: 'sum-up', input: { prompt: 'this' } },
            { name: 'double', input: { n: 4 } },
          ],
        }
      : {
          text: request.turns
            .filter(({ role }) => role === 'tool')
            .map(({ text }) => text)
            .join(' '),
        }
  })
  const summer = agent('summer', { model: models('fast'), instructions: 'You sum up.' })
  const double = workflow('double', { input: z.object({ n: z.number() }) }, async ({ n }) => n * 2)
  const chief = agent('chief', {
    model: models('fast'),
    input: z.object({ topic: z.string() }),
    prompt: ({ topic }) => `About ${topic}`,
    tools: { 'sum-up': summer, double },
    toolOptions: { 'sum-up': { result: 'trusted' }, double: { result: 'trusted' } },
  })
  await using app = await testApp({ workflows: [chief, double] })
  const run = await app.start(chief, { topic: 'mail' })
  expect(await run.result()).toBe('In short: yes. 8')
  const keys = (await journal(run)).map(({ key }) => key)
  expect(keys.some((key) => key.startsWith('agent(chief)#0[0]/agent(summer)#0[0]/model'))).toBe(true)
  expect(keys).toContain('agent(chief)#0[0]/child(double)#0')
})

test('an agent hands the conversation over, and whoever has it answers', async () => {
  const { models } = await world((request) =>
    systemOf(request).startsWith('You are the front desk')
      ? { calls: [{ name: 'hand_over_to_billing', input: {} }] }
      : { text: 'Billing here.' },
  )
  const billing = agent('billing', { model: models('fast'), instructions: 'You are billing.', description: 'bills' })
  const desk = agent('desk', { model: models('fast'), instructions: 'You are the front desk.', handoffs: [billing] })
  await using app = await testApp({ workflows: [desk] })
  expect(await app.run(desk, 'My bill?')).toBe('Billing here.')
})

test('what cannot work is told where it is written', async () => {
  const { models } = await world(() => ({ text: '' }))
  const model = models('fast')
  const code = (name: string) => expect.objectContaining({ code: name })
  expect(() => agent('a/b', { model })).toThrow(code('INVALID_NAME'))
  expect(() => agent('a', { model, maxTurns: 0 })).toThrow(code('AGENT_INVALID'))
  const bare = step('bare', async (n: number) => n)
  expect(() => agent('a', { model, tools: { bare } })).toThrow(/no input schema/)
  expect(() => agent('a', { model, tools: { 'two words': look() } })).toThrow(/cannot be named/)
  await expect(async () => agent('a', { model })('x')).rejects.toMatchObject({ code: 'OUTSIDE_RUN' })
})
