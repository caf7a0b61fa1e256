import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { signal } from '../../workflow/index.ts'
import type { App } from '../app.ts'
import { spanwise } from '../spanwise.ts'
import { controlAddresses } from './address.ts'
import { asks, echoes, go, waits } from './fixtures/workflows.ts'

const workflows = [waits, echoes, asks]
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
let path: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-control-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  path = join(folder, 'store.db')
})

async function open(work: boolean, file = path): Promise<App> {
  const app = await spanwise({ store: `sqlite:${file}`, workflows, work, log: quiet })
  onTestFinished(() => app.close())
  return app
}

it('a client starts, tells, follows and reads runs through the owner', async () => {
  await open(true)
  const client = await open(false)
  const run = await client.start(waits, 4, { id: 'one', tags: ['x'] })
  const result = run.result()
  const kinds: string[] = []
  const following = (async () => {
    for await (const event of run.events({ follow: true })) kinds.push(event.kind)
  })()
  await expect.poll(() => run.progress()).toEqual({ doubling: 4 })
  await run.signal(go, 1)
  expect(await result).toBe(9)
  await following
  expect(kinds).toEqual(['run.started', 'step.result', 'signal.received', 'run.completed'])
  expect(await run.input()).toBe(4)
  expect((await client.get(waits, 'one'))?.id).toBe(run.id)
  expect((await client.get('waits', 'one'))?.id).toBe(run.id)
  expect(await client.get(waits, 'two')).toBeUndefined()
  expect(await client.get('nobody')).toBeUndefined()
  expect((await client.list({ tags: ['x'] })).items).toMatchObject([{ id: run.id, status: 'completed' }])
  expect((await client.list({ prefix: run.id.slice(0, 8) })).items).toHaveLength(1)
  expect(await client.counts()).toMatchObject({ completed: 1 })
})

it('errors cross with code and hint', async () => {
  await open(true)
  const client = await open(false)
  await client.start(echoes, 'a', { id: 'one' })
  await expect(client.start(echoes, 'b', { id: 'one' })).rejects.toMatchObject({ code: 'ID_CONFLICT' })
  await expect(client.decide('nothing', { approve: true, by: 'me' })).rejects.toMatchObject({
    code: 'APPROVAL_UNKNOWN',
    hint: expect.stringContaining('spanwise approvals'),
  })
  const tooLong = client.start(echoes, 'x'.repeat(17 * 1024 * 1024))
  await expect(tooLong).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  expect((await client.list()).items).toHaveLength(1)
})

it('the largest payload crosses in both directions', async () => {
  await open(true)
  const client = await open(false)
  const large = '\\"'.repeat(3_800_000)
  expect(await client.run(echoes, large)).toBe(large)
})

it('approvals are listed and decided through the owner', async () => {
  await open(true)
  const client = await open(false)
  const run = await client.start(asks)
  await expect.poll(async () => (await client.approvals()).items.length).toBe(1)
  const [question] = (await client.approvals({ run: run.id })).items
  expect(question).toMatchObject({ question: 'May it?', role: 'boss', workflow: 'asks' })
  await client.decide(question?.id ?? '', { approve: true, by: 'ann' })
  expect(await run.result()).toBe('ann')
})

it('many requests and runs share one connection', async () => {
  await open(true)
  const client = await open(false)
  const runs = await Promise.all(Array.from({ length: 1_200 }, (_, i) => client.start(echoes, `${i}`, { id: `${i}` })))
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map((_, i) => `${i}`))
  expect((await client.list({ limit: 1_100 })).items).toHaveLength(1_100)
})

it('with no owner a start is durable, and the next owner takes it up', async () => {
  const client = await open(false)
  const run = await client.start(waits, 1, { id: 'early' })
  await run.signal(go, 1)
  expect(await run.status()).toMatchObject({ status: 'queued' })
  const result = run.result()
  const owner = await open(true)
  expect(await result).toBe(3)
  await owner.close()
  // and back to the file
  expect(await run.status()).toMatchObject({ status: 'completed' })
  expect((await client.start(waits, 1, { id: 'early' })).id).toBe(run.id)
})

it('a client waits through a change of owner', async () => {
  const first = await open(true)
  const client = await open(false)
  const run = await client.start(waits, 1)
  const result = run.result()
  await expect.poll(() => run.status()).toMatchObject({ status: 'waiting' })
  await first.close()
  await run.signal(go, 5)
  await open(true)
  expect(await result).toBe(7)
})

it('the socket is the owner’s alone and goes with it', async () => {
  const owner = await open(true)
  expect(statSync(`${path}.sock`).mode & 0o777).toBe(0o600)
  await owner.close()
  expect(existsSync(`${path}.sock`)).toBe(false)
})

it('a path too long for a socket has it in a private temporary folder', async () => {
  const folder = join(dirname(path), 'x'.repeat(120))
  mkdirSync(folder)
  const long = join(folder, 'store.db')
  const [address] = controlAddresses(long)
  expect(address).toMatch(/\/spanwise-\d+\/[0-9a-f]{32}\.sock$/)
  await open(true, long)
  expect(existsSync(`${long}.sock`)).toBe(false)
  expect(statSync(dirname(address ?? '')).mode & 0o777).toBe(0o700)
  const client = await open(false, long)
  expect(await client.run(echoes, 'far')).toBe('far')
})

it('a file that is no socket is left alone, and another place found', async () => {
  writeFileSync(`${path}.sock`, 'mine')
  await open(true)
  const client = await open(false)
  expect(await client.run(echoes, 'hello')).toBe('hello')
  expect(readFileSync(`${path}.sock`, 'utf8')).toBe('mine')
})

it('a temporary folder that others may write to is not used', async () => {
  const temporary = join(dirname(path), 'tmp')
  const shared = join(temporary, `spanwise-${process.getuid?.()}`)
  mkdirSync(shared, { recursive: true })
  chmodSync(shared, 0o777)
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = temporary
  onTestFinished(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  writeFileSync(`${path}.sock`, 'in the way')
  await open(true)
  const client = await open(false)
  // over the next place
  expect(await client.run(echoes, 'hello')).toBe('hello')
  expect(existsSync(join(shared, controlAddresses(path)[1]?.split('/').at(-1) ?? ''))).toBe(false)
})

it('a value that cannot be written is refused before anything is sent', async () => {
  await open(true)
  const client = await open(false)
  const run = await client.start(waits, 1)
  const odd = signal<unknown>('go')
  await expect(run.signal(odd, () => {})).rejects.toMatchObject({ code: 'NOT_ENCODABLE' })
  await run.signal(go, 2)
  expect(await run.result()).toBe(4)
})

it('a closed client says so', async () => {
  await open(true)
  const client = await open(false)
  await client.counts()
  await client.close()
  await expect(client.counts()).rejects.toMatchObject({ code: 'APP_CLOSED' })
})

it('a client forks a run through the owner, and without one in the file', async () => {
  const owner = await open(true)
  const client = await open(false)
  const run = await client.start(echoes, 'a')
  expect(await run.result()).toBe('a')
  const fork = await run.fork({ from: 0, edit: { input: 'b' }, allow: ['*'], by: 'ann' })
  expect(await fork.result()).toBe('b')
  expect(await run.planFork({ from: 0 })).toMatchObject({ run: run.id, keeps: 1 })
  expect(await run.forks()).toEqual([{ id: fork.id, from: 0 }])
  await expect(run.fork({ from: 77 })).rejects.toMatchObject({ code: 'FORK_POINT' })
  await owner.close()
  const left = await run.fork({ from: 0, edit: { input: 'c' } })
  expect((await left.status()).status).toBe('queued')
  await open(true)
  expect(await left.result()).toBe('c')
})
