import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { workflow } from 'spanwise'
import { gateway, prompt } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'

test('a call says which prompt it was made with, and the provider is sent the text alone', async () => {
  const provider = await startProvider()
  onTestFinished(() => provider.close())
  const models = gateway({ models: { fast: createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('m') } })
  const triage = prompt('triage', 'Is this urgent? {{ mail }} ({{count}})', { version: '3' })
  const flow = workflow('prompted', async () => {
    await generateText({ model: models('fast'), ...triage({ mail: '$& {{count}}', count: 2 }) })
  })
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, undefined)
  await run.result()
  const result = (await journal(run)).find(({ kind }) => kind === 'model.result')
  expect(result?.meta).toMatchObject({ prompt: 'triage', promptVersion: '3', promptHash: triage.hash })
  const body = JSON.stringify(provider.ledger.served[0]?.body)
  expect(body).toContain('Is this urgent? $& {{count}} (2)')
  expect(body).not.toContain('spanwise')
})

test('every change of a template is another version, and a value that is missing is told', () => {
  expect(prompt('p', 'a {{x}}').version).not.toBe(prompt('p', 'b {{x}}').version)
  // @ts-expect-error y is no variable of the template
  expect(() => prompt('p', 'a {{x}}')({ y: 1 })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  expect(prompt('p', 'nothing to fill in')().prompt).toBe('nothing to fill in')
  expect(() => prompt('a b', '')).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }))
})
