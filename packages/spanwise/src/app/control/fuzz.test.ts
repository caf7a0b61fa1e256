import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { assert, asyncProperty, constantFrom, oneof, record, string, uint8Array, webUrl } from 'fast-check'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { decode, encode } from '../../journal/index.ts'
import type { App } from '../app.ts'
import { spanwise } from '../spanwise.ts'
import { echoes } from './fixtures/workflows.ts'
import { MAX_FRAME } from './frames.ts'
import { PROTOCOL } from './protocol.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const hello = `${JSON.stringify({ spanwise: 'control', version: PROTOCOL })}\n`
let path: string
let owner: App
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-fuzz-'))
  path = join(folder, 'store.db')
  owner = await spanwise({ store: `sqlite:${path}`, workflows: [echoes], log: quiet })
  onTestFinished(async () => {
    await owner.close()
    rmSync(folder, { recursive: true })
  })
})

async function raw(first = ''): Promise<Socket> {
  const socket = connect(`${path}.sock`)
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (first !== '') socket.write(first)
  return socket
}

/** What the owner says, as frames. */
async function replies(socket: Socket, count: number): Promise<Record<string, unknown>[]> {
  let text = ''
  const lines = (): string[] => text.split('\n').slice(0, -1)
  while (lines().length < count) {
    const ended = once(socket, 'close').then(() => undefined)
    const chunk = await Promise.race([once(socket, 'data').then(([data]) => String(data)), ended])
    if (chunk === undefined) break
    text += chunk
  }
  return lines().map((line) => JSON.parse(line) as Record<string, unknown>)
}

async function worksStill(): Promise<void> {
  const client = await spanwise({ store: `sqlite:${path}`, workflows: [echoes], work: false })
  try {
    expect(await client.run(echoes, 'still here')).toBe('still here')
  } finally {
    await client.close()
  }
}

it('random bytes, random lines and random requests end one connection at most', { timeout: 120_000 }, async () => {
  const line = oneof(
    uint8Array({ maxLength: 300 }),
    string({ maxLength: 100 }),
    webUrl(),
    constantFrom('{}', '[]', 'null', '{"id":1}', '{"id":1e99,"method":"run","args":"[]"}', '\n\n\n', hello, '{"id":'),
    record({
      id: oneof(constantFrom(1, 2, -1), string()),
      method: constantFrom(
        'begin',
        'send',
        'run',
        'list',
        'entries',
        'watch',
        'unwatch',
        'wake',
        'constructor',
        '__proto__',
      ),
      args: oneof(
        string({ maxLength: 40 }),
        constantFrom(
          '[]',
          '[1]',
          '[null]',
          '[{}]',
          '{}',
          '~[1]',
          '["x",0,1e9]',
          '[{"limit":1e9}]',
          '[{"limit":5,"after":"zz","status":["odd"]}]',
          '[{"run":"x","kind":"child","name":"","at":1}]',
          '[1,{}]',
          '[["x"]]',
          '[{"__proto__":{"limit":1}}]',
        ),
      ),
    }).map((request) => JSON.stringify(request)),
  )
  await assert(
    asyncProperty(line, line, line, constantFrom('', hello), async (a, b, c, first) => {
      const socket = await raw(first)
      for (const part of [a, b, c]) {
        socket.write(part)
        socket.write('\n')
      }
      socket.end()
      socket.resume()
      if (!socket.destroyed) await once(socket, 'close')
    }),
    { numRuns: 400 },
  )
  await worksStill()
  expect((await owner.list()).items).toHaveLength(1)
})

it('a request that makes no sense is answered, and the next one too', async () => {
  const socket = await raw(hello)
  const bad = [
    ['nothing', '[]'],
    ['run', '[1]'],
    ['run', 'not codec'],
    ['begin', encode([{ workflow: 'echoes' }])],
    ['send', encode([{ run: 'x', kind: 'child', name: '', at: 1 }])],
    ['list', encode([{ limit: 1_000_000 }])],
    ['toString', '[]'],
  ]
  for (const [id, [method, args]] of bad.entries()) socket.write(`${JSON.stringify({ id, method, args })}\n`)
  socket.write(`${JSON.stringify({ id: 99, method: 'counts', args: '[]' })}\n`)
  const answers = await replies(socket, bad.length + 2)
  expect(answers[0]).toEqual({ spanwise: 'control', version: PROTOCOL })
  const errors = answers.filter((answer) => 'error' in answer).map((answer) => decode(String(answer['error'])))
  expect(errors).toHaveLength(bad.length)
  expect(errors).toContainEqual(expect.objectContaining({ code: 'CONTROL_METHOD' }))
  expect(errors).toContainEqual(expect.objectContaining({ code: 'CONTROL_ARGUMENTS' }))
  expect(answers.find((answer) => answer['id'] === 99)).toHaveProperty('result')
})

it('another version is told so', async () => {
  const socket = await raw(`${JSON.stringify({ spanwise: 'control', version: 99 })}\n`)
  const [answer] = await replies(socket, 1)
  expect(decode(String(answer?.['error']))).toMatchObject({ code: 'CONTROL_VERSION' })
})

it('a long first line is not waited for', async () => {
  const socket = await raw('x'.repeat(5_000))
  const [answer] = await replies(socket, 1)
  expect(decode(String(answer?.['error']))).toMatchObject({ code: 'CONTROL_FRAME' })
})

it('a line beyond the limit is refused while it arrives', { timeout: 60_000 }, async () => {
  const socket = await raw(hello)
  socket.resume()
  const piece = Buffer.alloc(4 * 1024 * 1024, 0x20)
  const closed = once(socket, 'close')
  for (let sent = 0; sent <= MAX_FRAME + piece.length && !socket.destroyed; sent += piece.length) {
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), closed])
  }
  await closed
  await worksStill()
})

it('half a line and slow writers hold nobody up', async () => {
  const half = await raw(`${hello}{"id":1,"method":"counts","ar`)
  const slow = await raw()
  for (const byte of hello) {
    slow.write(byte)
    await pause(1)
  }
  await worksStill()
  slow.write(`${JSON.stringify({ id: 7, method: 'counts', args: '[]' })}\n`)
  expect(await replies(slow, 2)).toHaveLength(2)
  half.write('gs":"[]"}\n')
  expect(await replies(half, 2)).toMatchObject([{}, { id: 1 }])
})

it('whoever asks and does not read is not listened to any more', async () => {
  const run = await owner.start(echoes, 'x'.repeat(1_000_000))
  await run.result()
  const greedy = await raw(hello)
  greedy.pause()
  const ask = `${JSON.stringify({ id: 1, method: 'entries', args: encode([run.id, 0, 10]) })}\n`
  let sent = 0
  while (greedy.writableLength < 1_000_000 && sent < 200_000) {
    greedy.write(ask)
    sent++
    if (sent % 1_000 === 0) await pause(1)
  }
  expect(greedy.writableLength).toBeGreaterThan(0)
  await worksStill()
})

it('a client that vanishes in the middle leaves nothing behind', async () => {
  const run = await owner.start(echoes, 'x')
  for (let i = 0; i < 50; i++) {
    const socket = await raw(hello)
    socket.write(`${JSON.stringify({ id: 1, method: 'watch', args: encode([1, run.id]) })}\n{"id":2,`)
    socket.destroy()
  }
  await worksStill()
})
