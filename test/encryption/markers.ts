import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { approval, child, each, FailError, signal, sleep, spanwise, step, workflow } from 'spanwise'
import { gateway, prompt } from 'spanwise/models'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { EncryptionOptions, Redaction } from '../../packages/spanwise/src/index.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** A word that is in no other place, for every place in which users may put text. */
export const marked: Record<string, string> = {}
const mark = (place: string): string => {
  marked[place] ??=
    `zq${place}${Array.from({ length: 12 }, () => String.fromCharCode(97 + Math.random() * 26)).join('')}`
  return marked[place]
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-markers-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** Puts a mark in every place there is, in a store that is left open: its log is beside it. */
export async function fill(folder: string, encryption?: EncryptionOptions, redact?: Redaction | false) {
  const provider = await startProvider()
  onTestFinished(() => provider.close())
  const models = gateway({ models: { fast: createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('m') } })
  const template = prompt('greeting', `${mark('template')} {{name}}`, { version: '1' })
  const answered = signal<string>('answered')
  const limited = step(
    'limited',
    { concurrency: { key: (input: string) => input, limit: 1 } },
    async (input: string) => `${input} ${mark('result')}`,
  )
  const flaky = step('flaky', { attempts: 2, backoff: 1 }, async (_: string, { attempt }) => {
    if (attempt > 1) return 'well'
    const error = new Error(mark('attempterror'))
    error.stack = `Error: at ${mark('attemptstack')}`
    throw error
  })
  const inner = workflow('inner', async (text: string) => `${text} ${mark('childoutput')}`)
  const failing = workflow('failing', async (text: string) => {
    throw new FailError(`${text} ${mark('failure')}`)
  })
  const parking = workflow('parking', async (text: string) => {
    const error = new Error(`${text} ${mark('attention')}`)
    error.stack = `Error: at ${mark('stack')}`
    throw error
  })
  const waiting = workflow('waiting', async () => {
    await sleep('1d')
    return answered.wait()
  })
  const asking = workflow('asking', async () => {
    await approval(mark('openquestion'), { role: 'finance' })
  })
  const everything = workflow('everything', async (text: string) => {
    await limited(mark('limitkey'))
    await flaky('x')
    await each(
      [mark('item')],
      { key: () => mark('itemkey'), subject: () => mark('itemsubject') },
      async (item) => await limited(`${item}`),
    )
    await child(inner, mark('childinput'))
    const { text: answer } = await generateText({
      model: models('fast'),
      system: mark('system'),
      ...template({ name: mark('promptvalue') }),
    })
    await approval(mark('question'), { of: mark('of'), form: z.object({ note: z.string() }) })
    const value = await answered.wait()
    return `${text} ${mark('output')} ${value} ${answer.length}`
  })
  const app = await spanwise({
    store: `sqlite:${join(folder, 'store.db')}`,
    workflows: [everything, inner, failing, parking, waiting, asking],
    models,
    log: silent,
    linger: 10,
    ...(encryption === undefined ? {} : { encryption }),
    ...(redact === undefined ? {} : { redact }),
  })
  onTestFinished(() => app.close())
  const run = await app.start(everything, mark('input'), {
    id: mark('id'),
    tags: [mark('tag')],
    subject: mark('subject'),
    team: 'team',
  })
  for (let decided = false; !decided; ) {
    const { items } = await app.approvals({ run: run.id })
    for (const { id } of items) {
      await app.decide(id, { approve: true, by: mark('by'), reason: mark('reason'), form: { note: mark('form') } })
      decided = true
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await run.signal(answered, mark('signal'), { sendId: mark('sendid') })
  await run.result()
  await app.run(failing, mark('failinginput')).catch(() => {})
  await app.run(parking, mark('parkinginput')).catch(() => {})
  const pending = await app.start(waiting)
  await pending.signal(answered, mark('mail'))
  const cancelled = await app.start(waiting)
  await cancelled.cancel(mark('cancelreason'))
  await app.start(asking)
  const schedule = await app.schedule(inner, mark('scheduleinput'), { id: mark('scheduleid'), every: '1d' })
  await schedule.pause(mark('pausereason'))
  for (let asked = false; !asked; ) asked = (await app.approvals()).items.length > 0
  return { app, run, everything, path: join(folder, 'store.db') }
}

/** Which marks can be read somewhere in the files of a folder, and in which of them; frames of archives are unpacked. */
export function found(folder: string): ReadonlyMap<string, readonly string[]> {
  const hits = new Map<string, string[]>()
  for (const file of filesIn(folder)) {
    const bytes = readFileSync(file)
    const text = file.endsWith('.zst') ? zstdDecompressSync(bytes).toString('latin1') : bytes.toString('latin1')
    for (const [place, word] of Object.entries(marked)) {
      if (!text.includes(word)) continue
      hits.set(place, [...(hits.get(place) ?? []), file.slice(folder.length + 1)])
    }
  }
  return hits
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    const about = statSync(path)
    return about.isDirectory() ? filesIn(path) : about.isFile() ? [path] : []
  })
}
