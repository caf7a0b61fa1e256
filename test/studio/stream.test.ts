import { createOpenAI } from '@ai-sdk/openai'
import { streamText } from 'ai'
import { startProvider } from 'loopback-provider'
import { workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { expect, it } from 'vitest'
import { useStage } from './browser.ts'

const stage = useStage()
const said = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ')

interface Seen {
  readonly texts: readonly string[]
  readonly types: readonly string[]
  /** kinds of the entries that there were when the first part came */
  readonly onRecord: readonly string[]
  readonly final: string
}

// read as any page would: server-sent events over fetch, cut off once on the way
const follow = `async (run) => {
  const texts = []
  const types = []
  let onRecord
  let final = ''
  let last
  for (let cuts = 0; ; cuts++) {
    const ending = new AbortController()
    const headers = last === undefined ? {} : { 'last-event-id': last }
    const response = await fetch('/api/v1/runs/' + run + '/stream', { headers, signal: ending.signal })
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    let isCut = false
    while (!isCut) {
      const { value, done } = await reader.read()
      if (done) break
      const blocks = (rest + value).split('\\n\\n')
      rest = blocks.pop()
      for (const block of blocks) {
        const id = /^id: (.*)$/m.exec(block)?.[1]
        const event = /^event: (.*)$/m.exec(block)?.[1]
        if (event === undefined) continue
        if (event === 'end') return { texts, types, onRecord, final }
        const data = JSON.parse(/^data: (.*)$/m.exec(block)[1])
        types.push(data.type)
        last = id
        if (data.type === 'part' && data.part.type === 'text-delta') {
          texts.push(data.part.delta)
          if (onRecord === undefined) {
            const { items } = await (await fetch('/api/v1/runs/' + run + '/events')).json()
            onRecord = items.map(({ kind }) => kind)
          }
          if (cuts === 0 && texts.length === 5) {
            isCut = true
            ending.abort()
            break
          }
        }
        if (data.type === 'final') final = JSON.stringify(data.event)
      }
    }
  }
}`

it('what a model says comes to a browser in pieces before it is on record, over a lost line, each piece once', async () => {
  const provider = await startProvider({ pace: { perChunk: 25 }, respond: () => ({ text: said }) })
  const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'any' })
  const models = gateway({ models: { fast: [openai('gpt-5-mini')] } })
  const tells = workflow('tells', async () => streamText({ model: models('fast'), prompt: 'tell me' }).text)
  await stage.reopen({ isFilled: false, app: { workflows: [tells], models } })
  const { site, page } = stage
  await page.goto(`${site.url}/about`)
  const run = await site.app.start(tells)
  const seen = (await page.evaluate(`(${follow})(${JSON.stringify(run.id)})`)) as Seen
  expect(seen.texts.length).toBeGreaterThan(10)
  expect(seen.texts.join('')).toBe(said)
  expect(seen.onRecord).not.toContain('model.result')
  expect(seen.types.at(-1)).toBe('final')
  expect(seen.final).toContain('model.result')
  expect(await run.result()).toBe(said)
  await provider.close()
})
