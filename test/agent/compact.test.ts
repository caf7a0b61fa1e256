import { tool } from 'ai'
import { agent, type CompactOptions } from 'spanwise/agent'
import { journal, testApp } from 'spanwise/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { world } from './support.ts'

const page = 'words '.repeat(300)

/** Reads eight pages, and remembers by number which ones it has read. */
async function reader(compact: CompactOptions | undefined) {
  let read = 0
  const { models, asked } = await world((request) => {
    if (request.turns.some(({ text }) => text.startsWith('Sum up this part')))
      return { text: 'Pages were read; the code is 4711.' }
    return read < 8 ? { calls: [{ name: 'read', input: { page: read++ } }] } : { text: 'done' }
  })
  const tools = {
    read: tool({ inputSchema: z.object({ page: z.number() }), execute: ({ page: n }) => `${n} ${page}` }),
  }
  const reading = agent('reader', {
    model: models('fast'),
    tools,
    ...(compact === undefined ? {} : { compact }),
  })
  return { reading, asked }
}

const sizes = (asked: readonly { readonly turns: readonly { readonly text: string }[] }[]) =>
  asked.map(({ turns }) => turns.reduce((sum, { text }) => sum + text.length, 0))

test.each([
  ['summary', { above: 2_000, keep: 4 }],
  ['cut', { above: 2_000, keep: 4, by: 'cut' }],
  ['function', { above: 2_000, keep: 4, by: () => [{ role: 'user', content: 'pages, earlier' }] }],
] as const)('a conversation that grows too long is made shorter (%s), and that is on record', async (how, options) => {
  const { reading, asked } = await reader(options as CompactOptions)
  await using app = await testApp({ workflows: [reading], faults: { crashAfter: 15 } })
  const run = await app.start(reading, 'Read all of it.')
  expect(await run.result()).toBe('done')
  const ordinary = asked.filter(({ tools }) => tools.length > 0)
  expect(Math.max(...sizes(ordinary))).toBeLessThan(12_000)
  // what was asked stays, and no result is without its call
  for (const { turns } of ordinary) {
    expect(turns.some(({ text }) => text === 'Read all of it.')).toBe(true)
    const calls = turns.flatMap((turn) => turn.calls ?? []).length
    expect(turns.filter(({ role }) => role === 'tool')).toHaveLength(calls)
  }
  const notes = (await journal(run)).filter(({ meta }) => meta['compacted'] !== undefined)
  expect(notes.length).toBeGreaterThan(0)
  for (const { meta } of notes) {
    expect(meta['compacted']).toBe(how)
    expect(Number(meta['after'])).toBeLessThan(Number(meta['before']))
  }
  // a summary of what nobody vouches for is nothing that somebody vouches for
  if (how === 'summary')
    expect(ordinary.at(-1)?.turns.some(({ text }) => text.startsWith('<untrusted source="summary">'))).toBe(true)
})

test('without a policy it grows', async () => {
  const { reading, asked } = await reader(undefined)
  await using app = await testApp({ workflows: [reading] })
  await app.run(reading, 'Read all of it.')
  expect(Math.max(...sizes(asked))).toBeGreaterThan(14_000)
})
