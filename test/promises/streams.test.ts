import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { connect, spanwise, step, stream, workflow } from 'spanwise'
import { journal, openMemoryStore, testApp } from 'spanwise/testing'
import { expect, it, onTestFinished } from 'vitest'

type Progress = { readonly n: number }

it('what a workflow appends is appended once, wherever the process dies', async () => {
  const count = workflow('count', async (to: number) => {
    const progress = stream<Progress>('counts/a')
    for (let n = 0; n < to; n++) await progress.append({ n })
    await progress.close()
  })
  for (let crashAfter = 1; ; crashAfter++) {
    await using app = await testApp({ workflows: [count], faults: { crashAfter } })
    await app.run(count, 4)
    const { messages, isEnd } = await app.streams.read('counts/a')
    expect(messages).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }])
    expect(isEnd).toBe(true)
    if (app.crashes === 0) break
    expect(crashAfter).toBeLessThan(30)
  }
})

it('an attempt that is made again appends what is not there yet, and only that', async () => {
  const write = step('write', { attempts: 3, backoff: 1 }, async (_: void, { attempt }) => {
    const log = stream<string>('log')
    await log.append('one')
    if (attempt === 1) throw new Error('connection reset')
    await log.append('two')
    if (attempt === 2) throw new Error('connection reset')
    await log.append('three')
  })
  const job = workflow('job', async () => {
    await write()
    await write()
  })
  await using app = await testApp({ workflows: [job] })
  await app.run(job)
  const { messages } = await app.streams.read('log')
  expect(messages).toEqual(['one', 'two', 'three', 'one', 'two', 'three'])
})

it('what was appended is in the stream and not in the history; what was read is on record', async () => {
  const job = workflow('job', async () => {
    const notes = stream<string>('notes')
    await notes.append('a long secret')
    const { messages, offset } = await notes.read()
    return { messages, offset }
  })
  await using app = await testApp({ workflows: [job] })
  const run = await app.start(job, undefined)
  expect(await run.result()).toMatchObject({ messages: ['a long secret'] })
  const entries = (await journal(run)).filter(({ kind }) => kind === 'step.result')
  expect(entries.map(({ key }) => key)).toEqual(['stream.append#0', 'stream.read#0'])
  expect(JSON.stringify(entries[0]?.payload)).not.toContain('secret')
})

it('a run tails what another one writes, to its end; nothing is lost to a reader that comes back at an offset', async () => {
  const writes = workflow('writes', async () => {
    const feed = stream<number>('feed')
    for (let n = 0; n < 5; n++) await feed.append(n)
    await feed.close()
  })
  const reads = workflow('reads', async () => {
    const found: number[] = []
    for await (const { messages } of stream<number>('feed').tail()) found.push(...messages)
    return found
  })
  await using app = await testApp({ workflows: [writes, reads] })
  await app.streams.create('feed')
  const reader = await app.start(reads, undefined)
  await app.run(writes)
  expect(await reader.result()).toEqual([0, 1, 2, 3, 4])
  const seen: unknown[] = []
  let offset = '-1'
  for (let isEnd = false; !isEnd; ) {
    for await (const batch of app.streams.tail('feed', { offset })) {
      seen.push(...batch.messages)
      offset = batch.offset
      isEnd = batch.isEnd
      // the line breaks after each batch
      break
    }
  }
  expect(seen).toEqual([0, 1, 2, 3, 4])
})

it('500 readers at the end of a stream cost one read an append', async () => {
  const store = openMemoryStore()
  let reads = 0
  const counted = {
    ...store,
    readStream: (query: Parameters<typeof store.readStream>[0]) => {
      reads++
      return store.readStream(query)
    },
  }
  await using app = await spanwise({ store: counted, workflows: [] })
  await app.streams.create('busy')
  const stop = new AbortController()
  let told = 0
  const readers = Array.from({ length: 500 }, async () => {
    for await (const { messages } of app.streams.tail('busy', { signal: stop.signal })) told += messages.length
  })
  await expect.poll(() => reads).toBeGreaterThan(0)
  await wait(20)
  const before = reads
  for (let n = 1; n <= 10; n++) {
    await app.streams.append('busy', n)
    await expect.poll(() => told).toBe(500 * n)
  }
  // one with what was appended, and one that finds nothing behind it
  expect(reads - before).toBeLessThanOrEqual(20)
  stop.abort()
  await Promise.all(readers)
})

it('streams about a subject are erased with them, and those of one tenant are not there for another', async () => {
  const job = workflow('job', async () => {
    await stream('diary').append('dear')
  })
  await using app = await testApp({ workflows: [job] })
  await (await app.start(job, undefined, { subject: 'ada' })).result()
  expect(await app.streams.get('diary', { tenant: 'other' })).toBeUndefined()
  expect((await app.streams.list({ tenant: 'other' })).items).toEqual([])
  expect(await app.streams.get('diary')).toMatchObject({ length: 1, isClosed: false })
  await app.erase({ subject: 'ada' }, { reason: 'asked for', by: 'ann' })
  expect(await app.streams.get('diary')).toBeUndefined()
})

it('another process makes, appends to and tails the same stream, and appends once what it has to ask again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-streams-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const store = `sqlite:${folder}/one.db`
  const first = await spanwise({ store, workflows: [] })
  await using other = await connect({ store })
  await other.streams.create('shared')
  await other.streams.append('shared', 1)
  const found: unknown[] = []
  const tail = (async () => {
    for await (const { messages } of other.streams.tail('shared')) found.push(...messages)
  })()
  await first.streams.append('shared', 2)
  await expect.poll(() => found).toEqual([1, 2])
  await first.close()
  // now from the file, while nobody works on it
  await other.streams.append('shared', 3)
  await other.streams.close('shared')
  await tail
  expect(found).toEqual([1, 2, 3])
})

it('wrong use is told with what to do', async () => {
  await using app = await testApp({ workflows: [] })
  const { streams } = app
  await expect(stream('a').append(1)).rejects.toMatchObject({ code: 'STREAM_OUTSIDE_RUN' })
  await expect(streams.append('none', 1)).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' })
  await expect(streams.create('a//b')).rejects.toMatchObject({ code: 'INVALID_STREAM' })
  await streams.create('a')
  await expect(streams.create('a', { ttl: '1h' })).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
  await expect(streams.append('a', 'x', { type: 'text/plain' })).rejects.toMatchObject({ code: 'STREAM_TYPE' })
  await expect(streams.append('a', undefined)).rejects.toMatchObject({ code: 'INVALID_STREAM' })
  await expect(streams.read('a', { offset: 'seven' })).rejects.toMatchObject({ code: 'INVALID_STREAM' })
  const producer = { id: 'p', epoch: 1, seq: 0 }
  await streams.append('a', 1, { producer })
  await expect(streams.append('a', 1, { producer: { ...producer, seq: 5 } })).rejects.toMatchObject({
    code: 'STREAM_SEQUENCE',
  })
  await expect(streams.append('a', 1, { producer: { ...producer, epoch: 0 } })).rejects.toMatchObject({
    code: 'STREAM_FENCED',
  })
  await streams.close('a')
  await expect(streams.append('a', 1)).rejects.toMatchObject({ code: 'STREAM_CLOSED' })
})
