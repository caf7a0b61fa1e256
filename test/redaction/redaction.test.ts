import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'
import { startProvider } from 'loopback-provider'
import {
  approval,
  child,
  each,
  type Finder,
  type Redaction,
  type Run,
  signal,
  sleep,
  spanwise,
  step,
  stream,
  workflow,
} from 'spanwise'
import { agent, memory } from 'spanwise/agent'
import { graph } from 'spanwise/graph'
import { gateway } from 'spanwise/models'
import { serve } from 'spanwise/server'
import { journal, openMemoryStore, testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { fill, found, marked, temporaryFolder } from '../encryption/markers.ts'

// put together, so that nobody's scanner takes it for a real one
const key = `sk-proj-${'aB3dE5gH7jK9'.repeat(4)}`
/** words like xann1x are what must not be written here */
const people: Finder = function* (text) {
  for (const match of text.matchAll(/xann\d+x/g))
    yield { start: match.index, end: match.index + match[0].length, kind: 'person' }
}
const label: Redaction = { find: people }

async function models(answer: string) {
  const provider = await startProvider({ pace: { firstToken: 1, perChunk: 1 }, respond: () => ({ text: answer }) })
  onTestFinished(() => provider.close())
  const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })
  return {
    provider,
    models: gateway({ models: { fast: openai('gpt-5-mini'), search: openai.embedding('text-embedding-3-small') } }),
  }
}

const recordOf = async (run: Run<unknown>) => JSON.stringify(await journal(run))

test('nothing of what users write reaches the files, but for what names things', async () => {
  const folder = temporaryFolder()
  const marks: Finder = function* (text) {
    for (const match of text.matchAll(/zq(?!itemkey)[a-z]+/g))
      yield { start: match.index, end: match.index + match[0].length, kind: 'mark' }
  }
  const { app, run } = await fill(folder, undefined, { find: marks })
  await app.backup(join(folder, 'backup.db'))
  // ids, subjects and who decided: runs are found, erased and answered for by these
  expect([...found(folder).keys()].sort()).toEqual(['by', 'id', 'itemkey', 'scheduleid', 'subject'])
  const output = (await run.result()) as string
  expect(output).toMatch(/^\[mark\] \[mark\] \[mark\] \d+$/)
  expect(Object.keys(marked).length).toBeGreaterThan(25)
  // the tag itself is found by its keyed hash
  expect((await app.list({ tags: [marked['tag'] as string] })).items.map(({ id }) => id)).toEqual([run.id])
  const bundled = await recordOf(run)
  expect(bundled).toContain('"redacted":"mark 1"')
})

test('by default: what no code reads is redacted, and says so; what code reads is as it was', async () => {
  const { models: own, provider } = await models('fine')
  const charge = step('charge', { attempts: 1 }, async (_: { token: string }) => {
    throw Object.assign(new Error(`refused for ${key}`), { request: `Bearer ${'x1'.repeat(20)}` })
  })
  const fetchKey = step('fetch-key', async () => key)
  const flow = workflow('flow', async (input: { note: string }, { log }) => {
    const fetched = await fetchKey()
    const { text } = await generateText({ model: own('fast'), prompt: `Use ${key}.` })
    log.warn(`has ${fetched}`, { fetched })
    const said = await charge({ token: fetched }).catch((error: Error & { request: string }) => [
      error.message,
      error.request,
    ])
    await approval(`May ${fetched} be used?`, { of: { fetched }, timeout: '1d' }).catch(() => {})
    return [input.note, fetched === key, text, said]
  })
  for (let n = 1; ; n++) {
    await using app = await testApp({ workflows: [flow], models: own, faults: { crashAfter: n } })
    const run = await app.start(flow, { note: key })
    // the same error, whether it was just thrown or is read again
    const said = ['refused for [openai-key]', 'Bearer [bearer-token]']
    expect(await run.result()).toEqual([key, true, 'fine', said])
    expect(app.logged.filter(({ level }) => level === 'warn')[0]).toMatchObject({
      message: 'has [openai-key]',
      facts: { fetched: '[openai-key]' },
    })
    const entries = await journal(run)
    const byKind = (kind: string) => entries.filter((entry) => entry.kind === kind)
    expect(byKind('step.error')[0]?.meta['redacted']).toBe('openai-key 3, bearer-token 1')
    expect(byKind('model.call')[0]?.meta['redacted']).toBe('openai-key 1')
    expect(byKind('approval.requested')[0]?.meta['redacted']).toBe('openai-key 2')
    for (const kind of ['step.error', 'model.call', 'approval.requested'])
      expect(JSON.stringify(byKind(kind)), kind).not.toContain(key)
    // nobody is asked to believe that values were looked at
    expect(byKind('step.result')[0]?.meta['redacted']).toBeUndefined()
    if (app.crashes === 0) break
  }
  // the model was sent what the code said
  expect(JSON.stringify(provider.ledger.served)).toContain(key)
})

test('with rules: code gets what is written, live, on replay and after every crash', async () => {
  const { models: own } = await models('I met xann1x and xann2x today.')
  const notes = memory('notes', { embed: own.embeddingModel('search'), scope: 'tenant', atLeast: -1 })
  const lookUp = step('look-up', async (who: string) => ({ who, mail: 'xann3x', [`of xann3x`]: [who] }))
  const talk = step('talk', async () => {
    let said = ''
    const { textStream } = streamText({ model: own('fast'), prompt: 'Talk of xann4x.' })
    for await (const delta of textStream) said += delta
    return said
  })
  const inner = workflow('inner', async (who: string) => `${who} xann5x`)
  const told = signal<string>('told')
  const crowd = graph('crowd', { state: z.object({ who: z.array(z.string()) }) })
    .node('more', ({ who }) => ({ who: [...who, 'xann6x'] }))
    .node('last', ({ who }) => ({ who: [...who, String(who.length)] }))
    .edge('start', 'more')
    .edge('more', 'last')
    .edge('last', 'end')
  const clerk = agent('clerk', { model: own('fast'), instructions: 'Answer xann7x.' })
  const flow = workflow('flow', async (who: string) => {
    const found = await lookUp(who)
    const whole = await generateText({ model: own('fast'), prompt: `Who is ${who}?` })
    const items = await each([who], { key: (_, i) => `k${i}` }, async (item) => lookUp(`${item} xann8x`))
    await notes.remember(`${who} and xann9x like tea`)
    const recalled = (await notes.recall('tea')).map(({ text }) => text)
    const { form } = await approval('ok?', { form: z.object({ note: z.string() }) })
    return {
      who,
      found,
      whole: whole.text,
      streamed: await talk(),
      items,
      inner: await child(inner, `${who} xann10x`),
      told: await told.wait(),
      form,
      recalled,
      graph: await child(crowd, { who: [who] }),
      clerk: await child(clerk, 'Who is xann11x?'),
      own: 'xann12x',
    }
  })
  let first: unknown
  for (let n = 1; ; n++) {
    await using app = await testApp({
      workflows: [flow, inner, crowd, clerk],
      models: own,
      redact: label,
      faults: { crashAfter: n },
    })
    const run = await app.start(flow, 'xann0x')
    await run.signal(told, 'by xann13x', { sendId: 's' })
    for (;;) {
      await app.idle()
      const [question] = (await app.approvals()).items
      if (question === undefined) continue
      await app.decide(question.id, { approve: true, by: 'lea', form: { note: 'xann14x' } })
      break
    }
    const result = (await run.result()) as Record<string, unknown>
    first ??= result
    expect(result).toEqual(first)
    expect(await recordOf(run)).not.toMatch(/xann\d+x/)
    if (app.crashes === 0) break
    expect(n).toBeLessThan(200)
  }
  expect(JSON.stringify(first)).not.toMatch(/xann\d+x/)
  expect(first).toMatchObject({
    who: '[person]',
    found: { who: '[person]', mail: '[person]', 'of [person]': ['[person]'] },
    whole: 'I met [person] and [person] today.',
    streamed: 'I met [person] and [person] today.',
    told: 'by [person]',
    inner: '[person] [person] [person]',
    form: { note: '[person]' },
    recalled: ['[person] and [person] like tea'],
  })
})

test.each([
  ['a start', async (run: Attempt) => run('xann1x')],
  ['the result of a step', async (run: Attempt) => run('step')],
  ['the output', async (run: Attempt) => run('output')],
  ['the input of a child', async (run: Attempt) => run('child')],
  ['the key of an item', async (run: Attempt) => run('key')],
])('refused: %s', async (what, attempt) => {
  const give = step('give', { attempts: 1 }, async (text: string) => `${text}1x`)
  const inner = workflow('inner', async (text: string) => text.length)
  const flow = workflow('flow', async (text: string) => {
    if (text === 'step') return give('xann')
    if (text === 'child') return child(inner, 'xann1x')
    if (text === 'key') return each(source(), { key: () => 'xann1x', concurrency: 1 }, async () => 1)
    return text === 'output' ? 'xann1x' : text
  })
  await using app = await testApp({ workflows: [flow, inner], redact: { find: people, values: 'refuse' } })
  const error = await attempt((text) => app.run(flow, text)).catch((error: unknown) => error)
  const said = (error as { cause?: { code?: string } }).cause ?? error
  expect(said, what).toMatchObject({ code: 'VALUE_REFUSED' })
  expect(String((said as Error).message)).toMatch(/person 1/)
  for (const { id } of (await app.list({})).items)
    expect(await recordOf((await app.get(id)) as Run<unknown>)).not.toContain('xann1x')
  // what holds nothing goes through
  expect(await app.run(flow, 'nothing')).toBe('nothing')
})

type Attempt = (text: string) => Promise<unknown>
async function* source() {
  yield 'item'
}

test('refused: a signal, before anybody is told that it arrived', async () => {
  const told = signal<string>('told')
  const flow = workflow('flow', { redact: { find: people, values: 'refuse' } }, async () => told.wait())
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow)
  await expect(run.signal(told, 'xann1x')).rejects.toMatchObject({ code: 'VALUE_REFUSED' })
  await run.signal(told, 'well')
  expect(await run.result()).toBe('well')
})

test('a function that throws: nothing of the value is written, the run stands, and goes on when it is mended', async () => {
  let isBroken = true
  const find: Finder = (text) => {
    if (isBroken && text.includes('xann')) throw new Error(`cannot say what ${text} is`)
    return people(text)
  }
  const give = step('give', async () => 'xann1x')
  const flow = workflow('flow', async () => give())
  await using app = await testApp({ workflows: [flow], redact: { find } })
  const run = await app.start(flow)
  await expect(run.result()).rejects.toMatchObject({ cause: { code: 'REDACTION_FAILED' } })
  expect(await recordOf(run)).not.toContain('xann')
  expect((await run.status()).status).toBe('needs attention')
  isBroken = false
  await run.resume({ by: 'lea' })
  expect(await run.result()).toBe('[person]')
})

test('rules that change between record and replay change nothing that is on record', async () => {
  const give = step('give', async (text: string) => `${text} and xann2x`)
  const flow = workflow('flow', async (text: string) => {
    const first = await give(text)
    await sleep('1d')
    return [first, await give(first)]
  })
  const store = openMemoryStore()
  const run = await (async () => {
    await using app = await testApp({ workflows: [flow], store, redact: label })
    const started = await app.start(flow, 'xann1x')
    await app.idle()
    return started.id
  })()
  // a stricter one, and none at all
  const strict: Finder = function* (text) {
    for (const match of text.matchAll(/and/g)) yield { start: match.index, end: match.index + 3, kind: 'word' }
  }
  await using app = await testApp({ workflows: [flow], store, redact: { find: strict } })
  await app.advance('1d')
  expect(await (await app.get(run))?.result()).toEqual([
    '[person] [word] [person]',
    '[person] [word] [person] [word] xann2x',
  ])
})

test('a fork and an edited result of a step whose input was redacted go on', async () => {
  let works = false
  const charge = step('charge', { attempts: 1, effect: 'idempotent' }, async (_: string) => {
    if (!works) throw new Error('down')
    return 'charged'
  })
  const flow = workflow('flow', async () => {
    const said = await charge(`with ${key}`)
    await sleep('1d')
    return said
  })
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow)
  await run.result().catch(() => {})
  await run.resume({ edit: { result: 'by hand' }, by: 'lea' })
  await app.idle()
  const fork = await run.fork({ from: (await journal(run)).length })
  works = true
  await app.advance('2d')
  expect(await run.result()).toBe('by hand')
  expect(await fork.result()).toBe('by hand')
  expect(await recordOf(fork)).not.toContain(key)
})

test('a fork of a run whose step had been given a secret knows the step again', async () => {
  const use = step('use', { effect: 'idempotent' }, async (_: { readonly token: string }) => 'used')
  const flow = workflow('flow', async () => {
    const said = await use({ token: key })
    await sleep('1d')
    return said
  })
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow)
  await app.advance('2d')
  expect(await run.result()).toBe('used')
  const timer = (await journal(run)).find(({ kind }) => kind === 'timer.fired')
  const fork = await run.fork({ from: timer?.index ?? 0 })
  await app.advance('2d')
  expect(await fork.result()).toBe('used')
  expect(app.executions('use')).toBe(1)
})

test('a stream that forms is shown without secrets, in whatever pieces it comes', async () => {
  const { models: own } = await models(`Take ${key} and go.`)
  const talk = step('talk', async () => {
    let said = ''
    for await (const delta of streamText({ model: own('fast'), prompt: 'Talk.' }).textStream) said += delta
    return said.length
  })
  const flow = workflow('flow', async () => talk())
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-redaction-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await using app = await spanwise({ store: `sqlite:${join(folder, 'store.db')}`, workflows: [flow], models: own })
  const run = await app.start(flow)
  let shown = ''
  for await (const event of run.stream())
    if (event.type === 'part' && event.part.type === 'text-delta') shown += event.part['delta']
  expect(await run.result()).toBe(`Take ${key} and go.`.length)
  expect(shown).toBe('Take [openai-key] and go.')
  await app.close()
  // the answer is a value: it is on record as it was
  expect(readFileSync(join(folder, 'store.db')).toString('latin1')).toContain('Take sk-proj-')
})

test('a step and a workflow say more, or that nothing is looked for', async () => {
  const give = step('give', { redact: label }, async () => 'xann1x')
  const bare = step('bare', { redact: false, attempts: 1 }, async () => {
    throw new Error(key)
  })
  const flow = workflow('flow', async () => {
    const given = await give()
    const message = await bare().catch((error: Error) => error.message)
    return [given, message, 'xann2x']
  })
  await using app = await testApp({ workflows: [flow] })
  expect(await app.run(flow)).toEqual(['[person]', key, 'xann2x'])
  expect(() => step('wrong', { redact: { find: 'mails' as never } }, async () => 1)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})

const journey = signal('stream-journey', z.string())
const publishes = (redact: Redaction) => {
  const writes = step('writes', async (who: string) => {
    const lines = stream(`lines`, { type: 'text/plain' })
    await lines.append(`step: ${who}\n`)
  })
  return workflow('publishes', { redact }, async () => {
    const who = await journey.wait()
    // put together in code: no input has it
    const name = `xann${who}x`
    await stream<{ who: string }>('messages').append({ who: name })
    await writes(name)
    return true
  })
}

test('streams take what runs, steps, programs and callers over HTTP append by the rules for values', async () => {
  const one = publishes(label)
  await using app = await testApp({ workflows: [one], redact: label })
  const run = await app.start(one)
  await run.signal(journey, '7')
  await app.idle()
  expect((await app.streams.read('messages')).messages).toEqual([{ who: '[person]' }])
  await app.streams.append('messages', { who: 'xann8x' })
  await app.streams.append('lines', 'program: xann9x\n', { type: 'text/plain' })
  const { fetch } = serve(app)
  const ask = (path: string, method: string, body: string, type: string) =>
    fetch(new Request(`http://localhost${path}`, { method, body, headers: { 'content-type': type } }))
  expect((await ask('/streams/messages', 'POST', '[{"who":"xann10x"},{"who":1}]', 'application/json')).status).toBe(204)
  expect((await ask('/streams/messages', 'POST', 'xann11x', 'text/plain')).status).toBe(409)
  expect((await ask('/streams/nowhere', 'POST', 'xann11x', 'text/plain')).status).toBe(404)
  expect((await ask('/streams/third', 'PUT', 'begins: xann12x', 'text/plain')).status).toBe(201)
  expect((await app.streams.read('messages')).messages).toEqual([
    ...Array.from({ length: 3 }, () => ({ who: '[person]' })),
    { who: 1 },
  ])
  expect((await app.streams.read('lines')).text).toBe('step: [person]\nprogram: [person]\n')
  expect((await app.streams.read('third')).text).toBe('begins: [person]')
})

test('streams refuse what must not be written where values are refused, and keep it where they are kept', async () => {
  const strict = publishes({ find: people, values: 'refuse' })
  await using app = await testApp({ workflows: [strict], redact: { find: people, values: 'refuse' } })
  const run = await app.start(strict)
  await run.signal(journey, '7')
  await app.idle()
  expect(await run.status()).toMatchObject({ status: 'needs attention', code: 'VALUE_REFUSED' })
  await app.streams.create('messages')
  await expect(app.streams.append('messages', { who: 'xann8x' })).rejects.toMatchObject({ code: 'VALUE_REFUSED' })
  expect((await app.streams.read('messages')).messages).toEqual([])

  await using loose = await testApp({ workflows: [], redact: { find: people, values: 'keep' } })
  await loose.streams.create('messages')
  await loose.streams.append('messages', { who: 'xann8x' })
  expect((await loose.streams.read('messages')).messages).toEqual([{ who: 'xann8x' }])
})
