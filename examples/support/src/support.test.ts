import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { picture, visitsOf } from 'spanwise/graph'
import { gateway } from 'spanwise/models'
import { testApp } from 'spanwise/testing'
import { expect, it, onTestFinished } from 'vitest'
import { offlineModel } from './offline.ts'
import { ordersInMemory } from './orders.ts'
import { supportDesk } from './support.ts'

async function desk() {
  const server = await offlineModel()
  onTestFinished(() => server.close())
  const provider = createOpenAICompatible({
    name: 'any',
    baseURL: server.baseURL,
    supportsStructuredOutputs: true,
    includeUsage: true,
  })
  const prices = { overrides: [{ model: 'gpt-5-mini', input: 0.25, output: 2 }] }
  const orders = ordersInMemory()
  return {
    orders,
    support: supportDesk(gateway({ models: { smart: provider('gpt-5-mini') }, prices })('smart'), orders),
  }
}

it('refunds a little by itself, and much when a person says so', async () => {
  const { support, orders } = await desk()
  await using app = await testApp({ workflows: [support], faults: { crashAfter: 7 } })
  expect((await app.run(support, { text: 'refund A-17 please' })).answer).toContain('receipt R-A-17')
  const run = await app.start(support, { text: 'order A-42 came broken, money back' })
  await expect.poll(async () => (await app.approvals({})).items.length).toBe(1)
  const [question] = (await app.approvals({})).items
  expect(question?.question).toBe('Refund $429 for espresso machine?')
  await app.decide(question?.id as string, { approve: true, by: 'ada' })
  expect((await run.result()).decision).toBe('approved')
  expect(orders.refunded).toEqual(['A-17 38', 'A-42 429'])
  expect(picture(support, 'text', await visitsOf(run.events(), support))).toContain('● review (approval)')
})

it('answers a question about nothing it knows, too', async () => {
  const { support, orders } = await desk()
  await using app = await testApp({ workflows: [support] })
  expect((await app.run(support, { text: 'do you ship to Norway?' })).answer).toContain(
    'there is no order in the message',
  )
  expect(orders.refunded).toEqual([])
})
