import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { signal, workflow } from '../../packages/spanwise/src/workflow/index.ts'
import { api } from './support.ts'

const note = signal('live-note', z.string())
/** writes down what it is told until it is told to end */
const diary = workflow('diary', async () => {
  let count = 0
  while ((await note.wait()) !== 'end') count++
  return count
})

type Reader = ReadableStreamDefaultReader<string>

async function open(send: (path: string) => Promise<Response>, run: string): Promise<Reader> {
  const { body } = await send(`/api/v1/runs/${run}/live`)
  if (body === null) throw new Error('there is no stream')
  return body.pipeThrough(new TextDecoderStream()).getReader()
}

/** What comes up to a text, with it. */
async function until(reader: Reader, text: string): Promise<string> {
  let all = ''
  while (!all.includes(text)) {
    const { value, done } = await reader.read()
    if (done) throw new Error(`the stream ended without ${text}`)
    all += value
  }
  return all
}

describe('what many look at', () => {
  it('is made into messages once, however many they are', async () => {
    const { app, send } = await api({ workflows: [diary] })
    const run = await app.start(diary)
    await app.idle()
    const viewers = await Promise.all(Array.from({ length: 500 }, () => open(send, run.id)))
    await Promise.all(viewers.map((viewer) => until(viewer, 'event: state')))
    const stringify = vi.spyOn(JSON, 'stringify')
    await run.signal(note, 'a line for everybody')
    const said = await Promise.all(viewers.map((viewer) => until(viewer, 'a line for everybody')))
    await run.signal(note, 'end')
    const ends = await Promise.all(viewers.map((viewer) => until(viewer, 'event: end')))
    const made = stringify.mock.results.map(({ value }) => String(value))
    stringify.mockRestore()
    expect(said).toHaveLength(500)
    for (const end of ends) expect(end).toContain('"status":"completed"')
    const times = (text: string) => made.filter((one) => one.includes(text)).length
    expect(times('a line for everybody')).toBeGreaterThan(0)
    expect(times('a line for everybody')).toBeLessThan(50)
    expect(times(`"id":"${run.id}"`)).toBeGreaterThan(0)
    expect(times(`"id":"${run.id}"`)).toBeLessThan(50)
  })

  it('does not fill the memory for those who do not read, and is whole when they do', async () => {
    const { app, send } = await api({ workflows: [diary] })
    const run = await app.start(diary)
    await app.idle()
    const viewers = await Promise.all(Array.from({ length: 100 }, () => open(send, run.id)))
    await Promise.all(viewers.map((viewer) => until(viewer, 'event: state')))
    const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external
    const before = used()
    // a thousand lines of 8 KB for a hundred viewers: 800 MB, if each of them were kept
    for (let i = 0; i < 1_000; i++) await run.signal(note, `${i}:${'x'.repeat(8_000)}`)
    await app.idle()
    expect(used() - before).toBeLessThan(300 * 1024 * 1024)
    await run.signal(note, 'end')
    const told = await until(viewers[0] as Reader, 'event: end')
    for (const i of [0, 500, 999]) expect(told).toContain(`${i}:xxxx`)
    const ids = [...told.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
    expect(ids).toEqual(ids.map((_, n) => (ids[0] as number) + n))
    expect(ids.length).toBeGreaterThan(1_000)
    await Promise.all(viewers.map((viewer) => viewer.cancel()))
  })
})

describe('one stream of everything', () => {
  it('tells over HTTP what is on record too where it is asked to, and goes on behind the last', async () => {
    const { app, client } = await api({ workflows: [diary] })
    const run = await app.start(diary)
    await run.signal(note, 'a line')
    await run.signal(note, 'end')
    await run.result()
    const told: number[] = []
    let after: string | undefined
    for await (const one of client.stream(run.id, { events: true })) {
      if (one.type === 'event') told.push(one.event.index)
      after = one.cursor
      if (told.length === 2) break
    }
    for await (const one of client.stream(run.id, { events: true, ...(after === undefined ? {} : { after }) }))
      if (one.type === 'event') told.push(one.event.index)
    expect(told).toEqual([0, 1, 2, 3])
    for await (const one of client.stream(run.id)) expect.unreachable(`nobody asked for ${one.type}`)
  })
})
