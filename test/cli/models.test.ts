import { symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startProvider } from 'loopback-provider'
import { expect, onTestFinished, test } from 'vitest'
import { type Project, project } from './project.ts'

const secret = 'my-very-own-secret'
const modules = resolve(import.meta.dirname, '../../node_modules')

const config = (url: string) => `
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText } from 'ai'
import { defineConfig, workflow } from 'spanwise'
import { budget, gateway } from 'spanwise/models'
const openai = createOpenAI({ baseURL: '${url}', apiKey: 'good' })
const refused = createAnthropic({ baseURL: '${url}', apiKey: '${secret}' })
const local = createOpenAICompatible({ name: 'local', baseURL: '${url}', apiKey: 'good' })
const models = gateway({
  models: {
    fast: [openai('gpt-5-mini'), refused('claude-haiku-4-5')],
    other: { candidates: [{ model: openai('gpt-5'), pin: 'gpt-5-2025-08-07' }, local('llama')] },
    search: openai.embedding('text-embedding-3-small'),
  },
  budgets: [budget('alias:fast', { limit: '$0.10', per: 'day', onExceed: 'wait' }), budget('workflow', { limit: '1M tokens', per: 'month' })],
})
const ask = workflow('ask', async () => (await generateText({ model: models('fast'), prompt: 'hi' })).text)
export default defineConfig({ store: 'sqlite:store.db', workflows: [ask], models })
`

async function made(): Promise<Project & { readonly provider: Awaited<ReturnType<typeof startProvider>> }> {
  const provider = await startProvider({ keys: ['good'] })
  onTestFinished(() => provider.close())
  const one = project({ 'spanwise.config.ts': config(provider.baseURL) })
  for (const name of ['ai', '@ai-sdk']) symlinkSync(join(modules, name), join(one.folder, 'node_modules', name))
  return { ...one, provider }
}

test('models check asks each candidate once, and says what is wrong without showing a key', async () => {
  const { cli } = await made()
  const shown = await cli('models', 'check')
  expect(shown.code, shown.err).toBe(1)
  expect(shown.out).toMatch(/✔ +fast +gpt-5-mini .* ms +0\.25 \/ 2 +stream tools json/)
  expect(shown.out).toMatch(/✖ +fast +claude-haiku-4-5 +(\S+ +)?1 \/ 5/)
  expect(shown.out).toMatch(/✔ +other +llama .* \? /)
  expect(shown.out).toMatch(/✔ +search +text-embedding-3-small .* 0\.02/)
  expect(shown.err).toContain('fast claude-haiku-4-5: its key is refused (401)')
  expect(shown.err).toContain('gpt-5 answers, which is not the one that is pinned')
  expect(shown.err).toContain('nobody knows its price')
  expect(shown.err).toContain('its streams do not say what they used')
  for (const line of `${shown.out}${shown.err}`.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  const json = await cli('models', 'check', 'fast', '--quick', '--json')
  expect(JSON.parse(json.out)).toMatchObject({
    failed: 1,
    models: [
      { alias: 'fast', model: 'gpt-5-mini', ok: true, price: { input: 0.25 }, can: {} },
      { model: 'claude-haiku-4-5', ok: false, failure: 'auth' },
    ],
  })
  for (const { out, err } of [shown, json]) expect(out + err).not.toContain(secret)
  expect(await cli('models', 'check', 'slow')).toMatchObject({
    code: 1,
    err: expect.stringContaining('fast, other, search'),
  })
})

test('models lists candidates, and how they are doing where a worker lives', async () => {
  const { cli, begin, provider } = await made()
  const alone = await cli('models')
  expect(alone.code, alone.err).toBe(0)
  expect(alone.out).toMatch(/fast +openai\.responses +gpt-5-mini/)
  expect(alone.err).toContain('nobody works on the store')
  const worker = begin(['start'])
  await worker.says(/working/i)
  expect((await cli('run', 'ask')).code).toBe(0)
  const live = JSON.parse((await cli('models', '--json')).out)
  expect(live).toMatchObject({
    live: true,
    models: expect.arrayContaining([expect.objectContaining({ model: 'gpt-5-mini', answered: 'gpt-5-mini' })]),
  })
  expect((await cli('models')).out).toMatch(/gpt-5-mini .*ok/)
  provider.fail({ kind: 'model', model: 'gpt-5-mini-2027' })
  expect((await cli('run', 'ask')).code).toBe(0)
  const used = await cli('models')
  expect(used.out).toMatch(/fast .*gpt-5-mini +2 +100 % +\d+ ms .*\$0\.\d+ .*ok/)
  expect(used.err).toMatch(
    /fast gpt-5-mini: gpt-5-mini-2027 answered, first .* in run\s+[\w-]+;\s+before it\s+gpt-5-mini did/,
  )
  const budgets = await cli('budgets')
  expect(budgets.out).toMatch(/alias:fast \$0\.10 per day +\$0\.0\d+ +█░+ +(<1|\d+) % +wait +in \d+/)
  expect(budgets.out).toMatch(/^└ ask +\d+ tokens +█░+ +<1 %/m)
  for (const line of `${used.out}${used.err}${budgets.out}`.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  worker.child.kill()
  await new Promise((resolve) => worker.child.once('exit', resolve))
  // what they did stays known where nobody works
  const after = await cli('models', '--json')
  expect(JSON.parse(after.out)).toMatchObject({
    live: false,
    use: [{ model: 'gpt-5-mini', calls: 2, identities: [{ answered: 'gpt-5-mini' }, { answered: 'gpt-5-mini-2027' }] }],
  })
  expect(await cli('budgets')).toMatchObject({ code: 0, out: '', err: expect.stringContaining('nobody works') })
})

test('a config without a gateway says how it is given one', async () => {
  const { cli } = project({
    'spanwise.config.ts':
      "import { defineConfig } from 'spanwise'\nexport default defineConfig({ store: 'sqlite:s.db', workflows: [] })\n",
  })
  expect(await cli('models')).toMatchObject({ code: 2, err: expect.stringContaining('The config names no gateway.') })
})
