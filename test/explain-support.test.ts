import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { gateway } from 'spanwise/models'
import { testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'
import { offlineModel } from '../examples/support/src/offline.ts'
import { ordersInMemory } from '../examples/support/src/orders.ts'
import { supportDesk } from '../examples/support/src/support.ts'

test('the support desk: a graph, which way it went, what the model cost, and who agreed', async () => {
  const server = await offlineModel()
  onTestFinished(() => server.close())
  const provider = createOpenAICompatible({
    name: 'any',
    baseURL: server.baseURL,
    supportsStructuredOutputs: true,
    includeUsage: true,
  })
  const prices = { overrides: [{ model: 'gpt-5-mini', input: 0.25, output: 2 }] }
  const support = supportDesk(gateway({ models: { smart: provider('gpt-5-mini') }, prices })('smart'), ordersInMemory())
  await using app = await testApp({ workflows: [support] })
  const run = await app.start(support, { text: 'order A-42 came broken, money back' })
  await expect.poll(async () => (await app.approvals({})).items.length).toBe(1)
  const [question] = (await app.approvals({})).items
  await app.decide(question?.id as string, { approve: true, by: 'ada', reason: 'seen the photo' })
  await run.result()
  const { sentences } = await app.explain(run.id)
  const told = sentences.map(({ text, entries }) => `${text} [${entries.length}]`).join('\n')
  expect(`\n${told.replace(/\b[\d.]+ (ms|s)\b/g, 'N s').replace(/\$[\d.]+\d/g, '$N')}\n`).toMatchInlineSnapshot(`
    "
    support was started on 2026-01-01 00:00:00 UTC. It was given { text: 'order A-42 came broken, money back' }. [1]
    Step graph(support)[0]/find-order/find-order gave { facts: 'order A-42: espresso machine, $N', order: { id: 'A-42', item: 'espresso machine', total: 429 } }. [1]
    It asked smart. gpt-5-mini answered at the first request “{"intent":"refund"}”. [2]
    Graph support went on to decide, as intent became “refund”, text became “order A-42 came broken, money back”, facts became [ 'order A-42: espresso machine, $N' ] and 1 more value. [1]
    Step graph(support)[1]/decide/decide gave {}. [1]
    Graph support went on to review. [1]
    It asked somebody with role support “Refund $N for espresso machine?”, who was shown { order: { id: 'A-42', item: 'espresso machine', total: 429 }, text: 'order A-42 came broken, money back' }. ada approved it after N s, saying “seen the photo”. [2]
    Graph support went on to refund, as decision became “approved” and facts[1] became “the refund was approved”. [1]
    Step graph(support)[3]/refund/refund gave { receipt: 'R-A-42' }. [2]
    Graph support went on to write, as facts[2] became “refunded, receipt R-A-42”. [1]
    It asked smart. gpt-5-mini answered at the first request “{"answer":"Thank you for writing. order A-42: espresso machine, $N; the refund was approved; refunded, receipt R-A-42."}”. [2]
    Graph support went on to check, as draft became “Thank you for writing. order A-42: espresso machine, $N; the refund was approved; refunded, receipt R-A-42.” [1]
    It asked smart. gpt-5-mini answered at the first request “{"good":true}”. [2]
    Graph support came to its end, as good became true. [1]
    It completed after N s, with { answer: 'Thank you for writing. order A-42: espresso machine, $N; the refund was approv'... 29 more characters, decision: 'approved' }. [1]
    In all it took N s and cost $N. There is no completed run before it to compare with. [3]
    "
  `)
  expect((await app.explain(run.id)).sentences).toEqual(sentences)
})
