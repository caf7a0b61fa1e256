import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { type Run, step, workflow } from 'spanwise'
import { gateway, prompt } from 'spanwise/models'
import { type TestApp, testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'
import { publish } from '../examples/recipes/src/escalate.ts'
import { batch } from '../examples/recipes/src/many.ts'
import { collect, paid } from '../examples/recipes/src/remind.ts'
import { buy } from '../examples/recipes/src/saga.ts'
import { world } from '../examples/recipes/src/world.ts'

/** As the command prints it, without what differs from machine to machine. */
async function told(app: TestApp, run: Run<unknown>): Promise<string> {
  const { sentences } = await app.explain(run.id)
  // nothing is said that no entry says, and it is said again in the same words
  for (const { entries } of sentences) expect(entries.length).toBeGreaterThan(0)
  expect((await app.explain(run.id)).sentences).toEqual(sentences)
  return `\n${sentences.map(({ text, entries }) => `${text.replace(/\b[\d.]+ (ms|s)\b/g, 'N s')} [${entries}]`).join('\n')}\n`
}

test('a run that failed on purpose: what was undone', async () => {
  await using app = await testApp({ workflows: [buy] })
  const run = await app.start(buy, { item: 'lamp', card: 'refused' }, { id: 'order-1', subject: 'ann' })
  await run.result().catch(() => {})
  expect(await told(app, run)).toMatchInlineSnapshot(`
    "
    buy was started as “order-1” on 2026-01-01 00:00:00 UTC, about ann. It was given { card: 'refused', item: 'lamp' }. [0]
    Step take was done. [1]
    Step bill gave false. [2]
    Step put-back (which undoes what was done before) was done. [3]
    It failed after N s: the card was refused. [4]
    In all it took N s. There is no completed run before it to compare with. [0,4]
    "
  `)
})

test('questions that nobody answered, and one that somebody did', async () => {
  await using app = await testApp({ workflows: [publish] })
  const run = await app.start(publish, 'Annual report')
  await app.advance('1d')
  expect(await told(app, run)).toMatchInlineSnapshot(`
    "
    publish was started on 2026-01-01 00:00:00 UTC. It was given “Annual report”. [0]
    It asked somebody with role team “publish "Annual report"?” Nobody answered within 24 hours, which counts as no. [1,2]
    Step remind was done. [3]
    It waits for somebody with role lead, who was asked “publish "Annual report"?” on 2026-01-02 00:00:00 UTC. [4]
    "
  `)
  const [question] = (await app.approvals()).items
  await app.decide(question?.id ?? '', { approve: true, by: 'lea', reason: 'checked with legal' })
  await run.result()
  expect(await told(app, run)).toMatchInlineSnapshot(`
    "
    publish was started on 2026-01-01 00:00:00 UTC. It was given “Annual report”. [0]
    It asked somebody with role team “publish "Annual report"?” Nobody answered within 24 hours, which counts as no. [1,2]
    Step remind was done. [3]
    It asked somebody with role lead “publish "Annual report"?” lea approved it after N s, saying “checked with legal”. [4,5]
    It completed after 24 hours, with true. [6]
    In all it took 24 hours. There is no completed run before it to compare with. [0,6]
    "
  `)
})

test('waiting for a signal, and the usual of the runs before', async () => {
  await using app = await testApp({ workflows: [collect] })
  for (const [id, days] of [
    ['i-1', '1d'],
    ['i-2', '3d'],
    ['i-3', '8d'],
  ] as const) {
    const run = await app.start(collect, id)
    await app.advance(days)
    await run.signal(paid, { amount: 12 })
    await run.result()
    if (id === 'i-3')
      expect(await told(app, run)).toMatchInlineSnapshot(`
      "
      collect was started on 2026-01-05 00:00:00 UTC. It was given “i-3”. [0]
      It waited until 2026-01-12 00:00:00 UTC. [1]
      Step dun was done. [2]
      Signal paid came, with { amount: 12 }. [3]
      It completed after 8 days, with 12. [4]
      In all it took 8 days; usual is 2 days (the median of 2 completed runs before it). [0,4]
      "
    `)
  }
})

test('many of a kind are told together, with what failed', async () => {
  world.orders.push('o-4', 'o-5')
  onTestFinished(() => void world.orders.splice(-2))
  await using app = await testApp({ workflows: [batch] })
  const run = await app.start(batch)
  await run.result()
  expect(await told(app, run)).toMatchInlineSnapshot(`
    "
    batch was started on 2026-01-01 00:00:00 UTC. [0]
    It did process 6 times, for items of an each, within N s; 1 failed, the first one with: broken cannot be processed. [2,3,4,5,6,7]
    It completed after N s, with { done: 5, failed: [ 'broken: broken cannot be processed' ] }. [8]
    In all it took N s. There is no completed run before it to compare with. [0,8]
    "
  `)
})

test('models: why that one, what was retried, what an operator did', async () => {
  const good = await startProvider()
  onTestFinished(() => good.close())
  const down = createOpenAI({ baseURL: 'http://127.0.0.1:9', apiKey: 'k' })('gpt-5')
  const up = createOpenAI({ baseURL: good.baseURL, apiKey: 'k' })('gpt-5-mini')
  const models = gateway({
    models: { smart: [down, up], fast: up },
  })
  const triage = prompt('triage', 'Is this urgent? {{mail}}', { version: '3' })
  let works = false
  const judge = step('judge', { decision: 'urgency', attempts: 1 }, async (mail: string, { cite }) => {
    cite({ id: 'handbook', version: '7' })
    await generateText({ model: models('smart'), ...triage({ mail }) })
    if (!works) throw new Error('the queue is closed')
    return 'not urgent'
  })
  const flow = workflow('triage-flow', (mail: string) => judge(mail))
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, 'The lamp is broken.')
  await run.result().catch(() => {})
  works = true
  await run.resume({ by: 'olga' })
  await run.result()
  const text = await told(app, run)
  expect(text.replace(/“This is what .*?”/g, '“…”').replace(/\$[\d.]+/g, '$N')).toMatchInlineSnapshot(`
    "
    triage-flow was started on 2026-01-01 00:00:00 UTC. It was given “The lamp is broken.” [0]
    Step judge read handbook (version 7). It asked smart with prompt triage, version 3. gpt-5 (unreachable) did not answer, so the next one was asked. gpt-5-mini answered “…” It failed: the queue is closed. [1,2,3,4]
    It stopped at judge and waited for a person: the queue is closed. [5]
    olga resumed it on 2026-01-01 00:00:00 UTC. [6]
    Step judge read handbook (version 7). It used the answers again that were on record. It decided on urgency: “not urgent”. [7,8]
    It completed after N s, with “not urgent”. [9]
    In all it took N s and cost $N There is no completed run before it to compare with. [2]
    "
  `)
})
