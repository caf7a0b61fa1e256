import { z } from 'zod'
import { type Approved, signal, step, workflow } from '../workflow/index.ts'
import { goto, graph } from './index.ts'

// what the compiler knows of a graph, and what it refuses

const Case = z.object({
  question: z.string(),
  intent: z.enum(['refund', 'question']).optional(),
  messages: z.array(z.string()).default([]),
  facts: z.record(z.string(), z.number()).default({}),
  total: z.number().default(0),
  answer: z.string().optional(),
})

const empty = graph('support', {
  state: Case,
  output: z.object({ answer: z.string().optional() }),
  reducers: { messages: 'append', facts: 'merge', total: (sum: number, more: number) => sum + more },
})

// nodes: functions see the state and return an update
const a = empty.node('classify', (state) => ({ intent: state.question === '' ? 'refund' : 'question' }) as const)
// @ts-expect-error the state has no such key
empty.node('classify', (state) => ({ intent: state.nothing }))
// @ts-expect-error an intent is one of two
empty.node('classify', () => ({ intent: 'other' }))
// @ts-expect-error two nodes of one name
a.node('classify', () => ({}))
// @ts-expect-error that is where it begins
a.node('start', () => ({}))
// reducers: one message or several, a part of the facts, what is added
a.node('b', () => ({ messages: 'one', facts: { x: 1 }, total: 2 }))
a.node('b', () => ({ messages: ['one', 'two'] }))
// @ts-expect-error a sum grows by a number
a.node('b', () => ({ total: '2' }))
// @ts-expect-error only lists are appended to
graph('g', { state: Case, reducers: { question: 'append' } })
// @ts-expect-error only records are merged
graph('g', { state: Case, reducers: { messages: 'merge' } })

// steps, workflows and graphs with inputs and results of their own
const lookUp = step('look-up', async (id: number) => ({ name: `order ${id}` }))
const child = workflow('child', async (text: string) => text.length)
const inner = graph('inner', { state: z.object({ n: z.number() }) }).node('one', ({ n }) => ({ n: n + 1 }))
const b = a
  .node('look-up', lookUp, {
    input: (state) => state.messages.length,
    output: ({ name }) => ({ answer: name }),
    attempts: 5,
  })
  .node('child', child, { input: (state) => state.question, output: (length) => ({ total: length }) })
  .node('inner', inner, { input: () => ({ n: 1 }), output: ({ n }) => ({ total: n }) })
// @ts-expect-error it takes a number
a.node('look-up', lookUp, { input: (state) => state.question, output: () => ({}) })
// @ts-expect-error it needs an input
a.node('look-up', lookUp, { output: () => ({}) })
// @ts-expect-error its result is no update
a.node('look-up', lookUp, { input: () => 1 })
// @ts-expect-error the same for a workflow
a.node('child', child, { input: (state) => state.question })

// edges: names of nodes
const wired = b
  .edge('start', 'classify')
  .route('classify', (state) => state.intent ?? 'question', { refund: 'look-up', question: 'child' })
  .edge(['look-up', 'child'], 'inner', { join: 'any' })
  .edge('inner', 'end')
  .onError('look-up', 'child', { update: (error) => ({ messages: error.message }) })
  .goto('child', ['end'])
// @ts-expect-error there is no such node
b.edge('classify', 'nowhere')
// @ts-expect-error it leaves no node of this graph
b.edge('nowhere', 'classify')
// @ts-expect-error the end leads nowhere
b.edge('end', 'classify')
// @ts-expect-error a key without a target
b.route('classify', (state) => state.intent ?? 'question', { refund: 'look-up' })
// @ts-expect-error a target that is no node
b.route('classify', (state) => state.intent ?? 'question', { refund: 'look-up', question: 'nowhere' })
// with something for all others
b.route('classify', (state) => state.question, { yes: 'child' }, { otherwise: 'end' })
// @ts-expect-error that is no node either
b.route('classify', (state) => state.question, { yes: 'child' }, { otherwise: 'nowhere' })
// @ts-expect-error
b.onError('classify', 'nowhere')
// @ts-expect-error
b.goto('classify', ['nowhere'])
b.body('by-hand', async () => goto('end', { answer: 'x' }))

// many
a.each('each', lookUp, {
  over: (state) => state.messages,
  each: (message) => message.length,
  join: { first: (order) => order.name !== '' },
  output: (outcomes) => ({ messages: outcomes.map((one) => (one.ok ? one.value.name : one.error.message)) }),
})
a.each('each', child, { over: (state) => state.messages, output: (outcomes) => ({ total: outcomes.length }) })
// @ts-expect-error it takes numbers, and the items are texts
a.each('each', lookUp, { over: (state) => state.messages, output: () => ({}) })

// people and signals
a.approval('ask', {
  question: (state) => state.question,
  form: z.object({ amount: z.number() }),
  output: (decision) =>
    decision.status === 'approved' ? { total: decision.form.amount } : { answer: decision.status },
}).wait('paid', signal('paid', z.object({ amount: z.number() })), { output: ({ amount }) => ({ total: amount }) })

// input, first state, result
graph('g', {
  input: z.object({ id: z.number() }),
  state: Case,
  initial: ({ id }) => ({ question: String(id) }),
  finish: (state) => state.total,
})
// @ts-expect-error the input is not a first state
graph('g', { input: z.object({ id: z.number() }), state: Case })
// @ts-expect-error the last state is not a result
graph('g', { state: Case, output: z.object({ other: z.string() }) })

export const result: Promise<{ answer?: string | undefined }> = wired({ question: 'why' })
// @ts-expect-error the question is missing
wired({ total: 1 })
export type Unused = Approved
