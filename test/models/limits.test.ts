import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { testApp } from 'spanwise/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

async function asking(candidate: object, alias: object = {}) {
  let open = 0
  let most = 0
  const provider = await startProvider({
    respond: async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 5))
      open--
      return { text: 'yes' }
    },
  })
  onTestFinished(() => provider.close())
  const model = createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('m')
  const models = gateway({ models: { fast: { candidates: [{ model, ...candidate }], maxOutputTokens: 20, ...alias } } })
  const flow = workflow(
    'limited',
    async (n: number) => (await generateText({ model: models('fast'), prompt: `${n}` })).text,
  )
  const app = await testApp({ workflows: [flow] })
  onTestFinished(() => app.close())
  return { provider, app, flow, most: () => most }
}

test('no more calls are under way at once than a candidate may have', async () => {
  const { app, flow, most, provider } = await asking({ concurrency: 3 })
  const runs = await Promise.all(Array.from({ length: 20 }, (_, i) => app.start(flow, i)))
  await Promise.all(runs.map((run) => run.result()))
  expect(provider.ledger.served).toHaveLength(20)
  expect(most()).toBe(3)
})

test('no more calls begin in a minute than a candidate may have', async () => {
  const { app, flow, provider } = await asking({ rpm: 5 })
  app.clock.automatic = false
  const runs = await Promise.all(Array.from({ length: 12 }, (_, i) => app.start(flow, i)))
  await app.advance('1s')
  // answers are on their way over a real wire; the clock stands still meanwhile
  await expect.poll(() => provider.ledger.served.length).toBeGreaterThanOrEqual(5)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(provider.ledger.served.length).toBeLessThan(12)
  app.clock.automatic = true
  for (let i = 0; i < 5; i++) await app.advance('1m')
  await Promise.all(runs.map((run) => run.result()))
  expect(provider.ledger.served).toHaveLength(12)
})

test('calls under way reserve the tokens that they may use, and give back what they did not', async () => {
  const { app, flow, provider, most } = await asking({ tpm: 400 })
  const runs = await Promise.all(Array.from({ length: 12 }, (_, i) => app.start(flow, i)))
  await Promise.all(runs.map((run) => run.result()))
  expect(provider.ledger.served).toHaveLength(12)
  expect(most()).toBeLessThan(12)
})

test('what cannot begin before the deadline of its run is refused', async () => {
  const { app, flow, provider } = await asking({ rpm: 1 })
  await app.run(flow, 1)
  const late = await app.start(flow, 2, { deadline: '30s' })
  await expect(late.result()).rejects.toMatchObject({ code: 'NEEDS_ATTENTION' })
  // it was not sent
  expect(provider.ledger.served).toHaveLength(1)
})

test.each([{ rpm: 0 }, { concurrency: Number.NaN }])('a limit that is none says so: %o', async (limit) => {
  await expect(asking(limit)).rejects.toMatchObject({ code: 'GATEWAY_INVALID' })
})

describe('limits that are shared', () => {
  /** how many calls are under way at once at most, by what the prompt begins with */
  async function crowded() {
    const open = new Map<string, number>()
    const most = new Map<string, number>()
    const provider = await startProvider({
      respond: async (request) => {
        const who = [/[AB] of \w+/.exec(JSON.stringify(request.turns))?.[0] ?? '?', 'all']
        for (const one of who) {
          open.set(one, (open.get(one) ?? 0) + 1)
          most.set(one, Math.max(most.get(one) ?? 0, open.get(one) ?? 0))
        }
        await new Promise((resolve) => setTimeout(resolve, 20))
        for (const one of who) open.set(one, (open.get(one) ?? 0) - 1)
        return { text: 'yes' }
      },
    })
    onTestFinished(() => provider.close())
    return { most, openai: createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' }) }
  }

  test('candidates of several aliases that name the same key share what it may have', async () => {
    const { most, openai } = await crowded()
    const key = { key: 'account-1', concurrency: 3 }
    const models = gateway({
      models: {
        fast: [{ model: openai('m'), ...key }],
        smart: [{ model: openai('n'), ...key }],
        free: [{ model: openai('m'), key: 'account-2', concurrency: 5 }],
      },
    })
    const flow = workflow('shared', async ({ alias, n }: { alias: 'fast' | 'smart' | 'free'; n: number }) => {
      await generateText({ model: models(alias), prompt: `${alias === 'free' ? 'B' : 'A'} of key ${n}` })
    })
    await using app = await testApp({ workflows: [flow] })
    const all = Array.from({ length: 10 }, (_, n) => n)
    await Promise.all(
      all.flatMap((n) => (['fast', 'smart', 'free'] as const).map((alias) => app.run(flow, { alias, n }))),
    )
    expect(most.get('A of key')).toBe(3)
    expect(most.get('B of key')).toBe(5)
  })

  test('a candidate that says too many halves what is used of the limit, for all that share its key, and answers give it back', async () => {
    let open = 0
    let most = 0
    const provider = await startProvider({
      respond: async () => {
        most = Math.max(most, ++open)
        await new Promise((resolve) => setTimeout(resolve, 20))
        open--
        return { text: 'yes' }
      },
    })
    onTestFinished(() => provider.close())
    const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })
    const key = { key: 'account-1', concurrency: 8 }
    const models = gateway({
      models: { fast: [{ model: openai('m'), ...key }], smart: [{ model: openai('n'), ...key }] },
    })
    const flow = workflow('crowd', async ({ alias, n }: { alias: 'fast' | 'smart'; n: number }) => {
      await generateText({ model: models(alias), prompt: `${alias} ${n}` })
    })
    await using app = await testApp({ workflows: [flow] })
    const crowd = async (alias: 'fast' | 'smart', round: number) => {
      most = 0
      const all = Array.from({ length: 24 }, (_, n) => app.run(flow, { alias, n: 1_000 * round + n }))
      await Promise.all(all)
      return most
    }
    expect(await crowd('smart', 1)).toBe(8)
    // alone: nobody else draws meanwhile, and its second try gives one hundredth back
    provider.fail({ kind: 'status', status: 429 })
    await app.run(flow, { alias: 'fast', n: 1 })
    expect(await crowd('smart', 2)).toBeLessThanOrEqual(6)
    // half of it comes back a hundredth at a time
    for (const round of [3, 4]) await crowd('fast', round)
    expect(await crowd('smart', 5)).toBe(8)
  })

  test('each tenant has a limit of its own, whichever candidate answers', async () => {
    const { most, openai } = await crowded()
    const models = gateway({
      models: { fast: { candidates: [openai('m'), openai('n')], perTenant: { concurrency: 2 } } },
    })
    const flow = workflow('tenants', async ({ who, n }: { who: 'A' | 'B'; n: number }) => {
      await generateText({ model: models('fast'), prompt: `${who} of tenants ${n}` })
    })
    await using app = await testApp({ workflows: [flow] })
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => n).flatMap((n) =>
        (['A', 'B'] as const).map((who) => app.run(flow, { who, n }, { tenant: `tenant-${who}` })),
      ),
    )
    expect([most.get('A of tenants'), most.get('B of tenants')]).toEqual([2, 2])
    expect(most.get('all')).toBeGreaterThan(2)
  })
})
