import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { step, webhook, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'

const program = join(import.meta.dirname, 'programs/asks-once.ts')

test('a process notices that another model answers than did in the process before it, and tells it once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-identity-'))
  const provider = await startProvider()
  onTestFinished(async () => {
    await provider.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const ask = async () => {
    const args = ['--conditions=spanwise-source', program, join(folder, 'store.db'), provider.baseURL]
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, SPANWISE_LOG: 'silent' },
    })
    return JSON.parse(stdout) as { events: unknown[]; state: { answered?: string; before?: { answered: string } } }
  }
  expect((await ask()).events).toEqual([])
  expect((await ask()).events).toEqual([])
  provider.fail({ kind: 'model', model: 'gpt-5-mini-2027' })
  const changed = {
    type: 'model changed',
    alias: 'fast',
    model: 'gpt-5-mini',
    before: 'gpt-5-mini',
    after: 'gpt-5-mini-2027',
  }
  const told = await ask()
  expect(told.events).toEqual([expect.objectContaining(changed)])
  expect(told.state).toMatchObject({ answered: 'gpt-5-mini-2027', before: { answered: 'gpt-5-mini' } })
  // it still answers: that is no news
  provider.fail({ kind: 'model', model: 'gpt-5-mini-2027' })
  expect((await ask()).events).toEqual([])
})

test('a changed model is on the record of the call that noticed it, told to webhooks, and explained', async () => {
  const got: { type: string; data: object }[] = []
  const server = createServer(async (request, response) => {
    got.push(JSON.parse(Buffer.concat(await request.toArray()).toString()))
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const provider = await startProvider()
  onTestFinished(async () => {
    server.close()
    await provider.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const models = gateway({ models: { fast: createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('gpt-5-mini') } })
  const say = async (n: number) => (await generateText({ model: models('fast'), prompt: `what is ${n}?` })).text
  const inBody = workflow('in-body', say)
  const inStep = workflow('in-step', step('say', say))
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const webhooks = [webhook.out('ops', { url, secret, allowPrivate: true, events: ['model.*'] })]
  await using app = await testApp({ workflows: [inBody, inStep], models, webhooks })
  await app.run(inBody, 1)
  provider.fail({ kind: 'model', model: 'gpt-5-mini-2027' })
  const changed = await app.start(inBody, 2)
  await changed.result()
  // the first one is back: that is a change too
  const back = await app.start(inStep, 3)
  await back.result()
  await app.idle()
  const facts = { alias: 'fast', model: 'gpt-5-mini' }
  const [there, andBack] = [
    { before: 'gpt-5-mini', after: 'gpt-5-mini-2027' },
    { before: 'gpt-5-mini-2027', after: 'gpt-5-mini' },
  ]
  expect(got).toEqual([
    expect.objectContaining({
      type: 'model.changed',
      data: expect.objectContaining({ run: changed.id, ...facts, ...there }),
    }),
    expect.objectContaining({
      type: 'model.changed',
      data: expect.objectContaining({ run: back.id, ...facts, ...andBack }),
    }),
  ])
  const said = await app.explain(changed.id)
  expect(JSON.stringify(said)).toContain('Until then gpt-5-mini had answered under that name.')
})
