import type { LanguageModel } from 'ai'
import { step } from 'spanwise'
import { agent } from 'spanwise/agent'
import { graph } from 'spanwise/graph'
import { z } from 'zod'
import { type Orders, orderNumber } from './orders.ts'

const Case = z.object({
  text: z.string(),
  intent: z.enum(['refund', 'question']).optional(),
  order: z.object({ id: z.string(), item: z.string(), total: z.number() }).optional(),
  decision: z.enum(['approved', 'rejected', 'expired']).optional(),
  facts: z.array(z.string()).default([]),
  draft: z.string().default(''),
  good: z.boolean().default(false),
})

/** refunds above it are for a person to decide */
const limit = 100

/** A support desk as a graph: who writes what is decided by the state, money moves once, a person has the last word on much of it. */
export function supportDesk(model: LanguageModel, orders: Orders) {
  const refund = step(
    'refund',
    { effect: 'at-most-once' },
    async ({ order, amount }: { order: string; amount: number }) => orders.refund(order, amount),
  )
  const triage = agent('triage', {
    model,
    instructions: 'You sort messages to a shop. Answer whether it is a refund that is wanted, or a question.',
    output: z.object({ intent: z.enum(['refund', 'question']) }),
    maxTurns: 2,
  })
  const writer = agent('writer', {
    model,
    instructions: 'You write short, friendly answers to customers of a shop. Use the facts, and nothing else.',
    output: z.object({ answer: z.string() }),
    budget: '$0.20',
    maxTurns: 2,
  })
  const critic = agent('critic', {
    model,
    instructions: 'You check an answer to a customer. It is good if it says all facts.',
    output: z.object({ good: z.boolean() }),
    maxTurns: 2,
  })

  return graph('support', {
    input: z.object({ text: z.string() }),
    state: Case,
    output: z.object({ answer: z.string(), decision: Case.shape.decision }),
    reducers: { facts: 'append' },
    finish: ({ draft, decision }) => ({ answer: draft, decision }),
  })
    .node('triage', triage, { input: ({ text }) => text, output: ({ intent }) => ({ intent }) })
    .node('find-order', async ({ text }) => {
      const order = await orders.find(orderNumber(text))
      return { order, facts: `order ${order.id}: ${order.item}, $${order.total}` }
    })
    .approval('review', {
      question: ({ order }) => `Refund $${order?.total} for ${order?.item}?`,
      role: 'support',
      timeout: '2d',
      of: ({ order, text }) => ({ order, text }),
      output: ({ status }) => ({ decision: status, facts: `the refund was ${status}` }),
    })
    .node('refund', refund, {
      input: ({ order }) => ({ order: order?.id ?? '', amount: order?.total ?? 0 }),
      output: ({ receipt }) => ({ facts: `refunded, receipt ${receipt}` }),
    })
    .node('write', writer, {
      input: ({ text, facts }) => `Message: ${text}\nFacts: ${facts.join('; ')}`,
      output: ({ answer }) => ({ draft: answer }),
    })
    .node('check', critic, {
      input: ({ draft, facts }) => `Answer: ${draft}\nFacts: ${facts.join('; ')}`,
      output: ({ good }) => ({ good }),
    })
    .node('decide', () => ({}), { effect: 'none' })
    .edge('start', 'triage')
    .edge('start', 'find-order')
    .onError('find-order', 'write', { update: (error) => ({ facts: error.message }) })
    .edge(['triage', 'find-order'], 'decide')
    .route(
      'decide',
      ({ intent, order }) => (intent === 'refund' ? ((order?.total ?? 0) > limit ? 'much' : 'little') : 'question'),
      {
        much: 'review',
        little: 'refund',
        question: 'write',
      },
    )
    .route('review', ({ decision }) => (decision === 'approved' ? 'yes' : 'no'), { yes: 'refund', no: 'write' })
    .edge('refund', 'write')
    .edge('write', 'check')
    .route('check', ({ good }) => (good ? 'good' : 'again'), { good: 'end', again: 'write' }, { max: 2, beyond: 'end' })
}
