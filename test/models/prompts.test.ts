import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { workflow } from 'spanwise'
import { gateway, prompt, prompts } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'

function folder(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(tmpdir(), 'spanwise-prompts-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(made, name)), { recursive: true })
    writeFileSync(join(made, name), text)
  }
  return made
}

const triage = `---
# who looks at it first
version: "3"
description: how urgent a mail is
variables:
  mail: string
  count: number
  strict: boolean
  note: string?
---

Is this urgent? {{ mail }} ({{count}}, {{strict}}){{note}}
`

test('a call with a prompt from a folder says which one it was, with version and hash', async () => {
  const provider = await startProvider()
  onTestFinished(() => provider.close())
  const models = gateway({ models: { fast: createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('m') } })
  const ask = prompts<{ 'support/triage': { mail: string; count: number; strict: boolean; note?: string } }>(
    folder({ 'support/triage.md': triage, 'README.md': 'not one' }),
  )
  const flow = workflow('prompted', async () => {
    await generateText({
      model: models('fast'),
      ...ask('support/triage', { mail: '{{count}}', count: 2, strict: false }),
    })
  })
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, undefined)
  await run.result()
  const [{ id, version, hash }] = ask.list as [(typeof ask.list)[0]]
  expect(ask.list).toHaveLength(1)
  expect({ id, version }).toEqual({ id: 'support/triage', version: '3' })
  const result = (await journal(run)).find(({ kind }) => kind === 'model.result')
  expect(result?.meta).toMatchObject({ prompt: 'support/triage', promptVersion: '3', promptHash: hash })
  expect(JSON.stringify(provider.ledger.served[0]?.body)).toContain('Is this urgent? {{count}} (2, false)"')
})

test('the hash is that of the text: the same on every machine and in code, another one for another text', () => {
  const text = 'Say {{what}}.\n\nTwice.'
  const at = folder({
    'a.txt': `${text}\n`,
    'b.md': `\uFEFF---\r\ndescription: x\r\n---\r\n${text.replaceAll('\n', '\r\n')}`,
    'c.md': `${text}!`,
  })
  const [a, b, c] = prompts(at).list
  expect(a?.hash).toBe(prompt('a', text).hash)
  expect(a?.version).toBe(a?.hash.slice(0, 8))
  expect(b?.hash).toBe(a?.hash)
  expect(c?.hash).not.toBe(a?.hash)
})

test.each([
  [
    'a name that is not declared',
    '---\nvariables:\n  a: string\n---\n{{a}}\n{{b}}',
    /p\.md:6: \{\{b\}\} is not declared/,
  ],
  [
    'a variable that is not used',
    '---\nvariables:\n  a: string\n  b: number\n---\n{{a}}',
    /p\.md:4: "b" is declared and not used/,
  ],
  ['a type that is none', '---\nvariables:\n  a: text\n---\n{{a}}', /p\.md:3: "text" is no type/],
  ['a key that is none', '---\nmodel: fast\n---\nx', /p\.md:2: there is no "model"/],
  ['front matter without an end', '---\nversion: 1\nx', /p\.md:1: the front matter has no end/],
  ['what is no YAML', '---\nversion\n---\nx', /p\.md:2: "version" is not understood/],
  ['no text', '---\nversion: 1\n---\n\n', /there is no text/],
  ['a place that is no name', 'x {{a b}}', /p\.md:1: \{\{a b\}\} is no name/],
])('a file with %s is refused with its line', (_, text, message) => {
  expect(() => prompts(folder({ 'p.md': text }))).toThrow(
    expect.objectContaining({ code: 'PROMPT_INVALID', message: expect.stringMatching(message) }),
  )
})

test('values are checked: what is missing, what has no place, and the type', () => {
  const ask = prompts(folder({ 'triage.md': triage, 'plain.txt': 'Hello.' }))
  const good = { mail: 'm', count: 1, strict: true }
  expect(ask('plain').prompt).toBe('Hello.')
  expect(ask('triage', { ...good, note: '!' }).prompt).toBe('Is this urgent? m (1, true)!')
  for (const [values, message] of [
    [{ ...good, mail: undefined }, /needs a value for "mail"/],
    [{ ...good, mall: 'x' }, /no place for "mall"/],
    [{ ...good, count: '1' }, /"count" of prompt "triage" has to be a number, and is a string/],
    [{ ...good, strict: null as never }, /has to be a boolean, and is null/],
  ] as const)
    expect(() => ask('triage', values)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(message) }),
    )
  expect(() => ask('other')).toThrow(
    expect.objectContaining({ code: 'PROMPT_UNKNOWN', hint: expect.stringContaining('plain, triage') }),
  )
})

test('a folder without prompts, or with two of one name, is refused', () => {
  expect(() => prompts(folder({ 'x.json': '{}' }))).toThrow(expect.objectContaining({ code: 'PROMPT_INVALID' }))
  expect(() => prompts('/does/not/exist')).toThrow(expect.objectContaining({ code: 'PROMPT_INVALID' }))
  expect(() => prompts(folder({ 'a.md': 'x', 'a.txt': 'y' }))).toThrow(/Two files/)
})

test('types name what each prompt takes', () => {
  const ask = prompts<{ a: { x: string }; b: Record<string, never> }>(folder({ 'a.md': '{{x}}', 'b.md': 'b' }))
  expect(ask('a', { x: '1' }).prompt).toBe('1')
  expect(ask('b').prompt).toBe('b')
  // @ts-expect-error there is no c
  expect(() => ask('c')).toThrow()
  // @ts-expect-error x is a string
  ask('a', { x: 1 })
})
