import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { encode, isSpanwiseError } from '../../journal/index.ts'
import { FailError, type Log, type StepContext } from '../../workflow/index.ts'
import { inPoolThread, type ThreadPool, type ThreadPoolOptions, threadPool } from './index.ts'

const fixture = (name: string): string => new URL(`./fixtures/${name}.ts`, import.meta.url).href
const run = { id: 'run-1', workflow: 'w', tenant: 'default' }

let pools: ThreadPool[] = []
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()))
  pools = []
})

function open(options: Partial<ThreadPoolOptions> = {}): ThreadPool {
  const pool = threadPool({ size: 2, grace: 100, ...options })
  pools.push(pool)
  return pool
}

function call(pool: ThreadPool, step: string, input?: unknown, more: { module?: string; priority?: number } = {}) {
  const abort = new AbortController()
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const progress: unknown[] = []
  const logged: Parameters<Log['info']>[] = []
  const log = (message: string, facts?: object): void =>
    void logged.push(facts === undefined ? [message] : [message, facts])
  const heartbeat = vi.fn()
  const context: StepContext = {
    idempotencyKey: 'key-1',
    attempt: 3,
    run,
    abortSignal: abort.signal,
    heartbeat,
    progress: (value) => {
      progress.push(value)
      begin()
    },
    cite: () => {},
    log: { debug: log, info: log, warn: log, error: log },
  }
  const { module = fixture('steps'), priority = 0 } = more
  const job = { step, module, input: encode(input), priority, context: { idempotencyKey: 'key-1', attempt: 3, run } }
  const result = pool.run(job, context)
  result.catch(() => {})
  return { result, abort, begun, progress, logged, heartbeat }
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('values', () => {
  it('cross in both directions as they would be recorded', async () => {
    const value = { bytes: new Uint8Array([1, 2]), map: new Map([['a', 10n]]), at: new Date(0), none: undefined }
    expect(await call(open(), 'echo', value).result).toEqual(value)
    expect(await call(open(), 'echo').result).toBeUndefined()
  })

  it('that cannot be recorded are refused with their path', async () => {
    const error = await rejection(call(open(), 'unwritable').result)
    expect(error).toMatchObject({
      code: 'NOT_ENCODABLE',
      message: expect.stringContaining('result of "unwritable".deep.fn'),
    })
  })

  it('that are thrown keep class, code, cause and fields', async () => {
    const pool = open()
    const error = await rejection(call(pool, 'throw').result)
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({
      message: 'bad',
      code: 'E_BAD',
      status: 418,
      stack: expect.stringContaining('fixtures/steps.ts'),
    })
    expect((error as Error).cause).toBeInstanceOf(RangeError)
    expect(await rejection(call(pool, 'throw', 'fail').result)).toBeInstanceOf(FailError)
    const ours = await rejection(call(pool, 'throw', 'ours').result)
    expect(isSpanwiseError(ours)).toBe(true)
    expect(ours).toMatchObject({ code: 'MINE', hint: 'do', step: 's' })
    expect(await rejection(call(pool, 'throw', 'function').result)).toMatchObject({
      message: expect.stringContaining('cannot be recorded'),
    })
  })
})

describe('the step', () => {
  it('runs in another thread, marked as one of the pool, with a step frame', async () => {
    expect(inPoolThread()).toBe(false)
    expect(await call(open(), 'where').result).toEqual({ threadId: expect.any(Number), inPool: true, frame: 'step' })
  })

  it('calls other steps as part of itself', async () => {
    expect(await call(open(), 'outer', 4).result).toBe(10)
  })

  it('has the context of its attempt', async () => {
    const told = call(open(), 'tell', 'x')
    expect(await told.result).toEqual({ attempt: 3, key: 'key-1', run, aborted: false })
    // once for its beginning, once by itself
    expect(told.heartbeat).toHaveBeenCalledTimes(2)
    expect(told.progress).toEqual([{ at: 1n }])
    expect(told.logged).toEqual([['watch', { input: 'x', live: 'Live {}' }]])
  })

  it('that its module does not define is named with the module', async () => {
    const error = await rejection(call(open(), 'nobody').result)
    expect(error).toMatchObject({
      code: 'STEP_UNKNOWN',
      message: expect.stringMatching(/fixtures\/steps\.ts.*"nobody"/),
    })
  })

  it('whose module cannot be imported fails with the reason, and the next one has another thread', async () => {
    const pool = open({ size: 1 })
    const error = await rejection(call(pool, 'echo', 1, { module: fixture('broken') }).result)
    expect(error).toMatchObject({
      code: 'POOL_MODULE_FAILED',
      message: expect.stringMatching(/fixtures\/broken\.ts.*no configuration/),
    })
    const missing = await rejection(call(pool, 'echo', 1, { module: fixture('missing') }).result)
    expect(missing).toMatchObject({
      code: 'POOL_MODULE_FAILED',
      message: expect.stringContaining('fixtures/missing.ts'),
    })
    expect(await call(pool, 'echo', 1).result).toBe(1)
  })
})

describe('abort', () => {
  it('reaches a step that waits; a result in spite of it is a result', async () => {
    const pool = open({ grace: 60_000 })
    const waiting = call(pool, 'wait for abort')
    await waiting.begun
    waiting.abort.abort(new Error('enough'))
    expect(await waiting.result).toBe('stopped: enough')
    expect(await call(pool, 'echo', 2).result).toBe(2)
  })

  it('reaches a busy loop that looks at its signal', async () => {
    const looping = call(open({ grace: 60_000 }), 'loop until abort')
    await looping.begun
    looping.abort.abort(new FailError('enough'))
    expect(await rejection(looping.result)).toBeInstanceOf(FailError)
  })

  it('ends a busy loop that does not, with its thread', async () => {
    const pool = open({ size: 1 })
    const looping = call(pool, 'loop for ever')
    await looping.begun
    const reason = new Error('enough')
    looping.abort.abort(reason)
    expect(await rejection(looping.result)).toBe(reason)
    expect(await call(pool, 'echo', 3).result).toBe(3)
  })

  it('takes a waiting step out of the queue', async () => {
    const pool = open({ size: 1 })
    const first = call(pool, 'wait for abort')
    const second = call(pool, 'echo', 1)
    second.abort.abort('unwanted')
    expect(await rejection(second.result)).toBe('unwanted')
    first.abort.abort(new Error('enough'))
    await first.result.catch(() => {})
    expect(second.heartbeat).not.toHaveBeenCalled()
  })
})

describe('a thread', () => {
  it.each([
    ['exit', 1, {}, /exit code 1/],
    ['exit', 0, {}, /exit code 0/],
    ['throw aside', 1, {}, /from a timer/],
    ['eat memory', 1, { memory: 48 * 2 ** 20 }, /out of its memory of 48 MiB/],
  ])('that dies by "%s" %i loses its own job only', async (step, input, options, message) => {
    const pool = open(options)
    const other = call(pool, 'wait for abort')
    await other.begun
    const error = await rejection(call(pool, step, input).result)
    expect(error).toMatchObject({
      code: step === 'eat memory' ? 'MEMORY_LIMIT' : 'THREAD_LOST',
      message: expect.stringMatching(message),
      step,
    })
    expect(await call(pool, 'echo', 4).result).toBe(4)
    other.abort.abort(new Error('enough'))
    expect(await other.result).toBe('stopped: enough')
  })

  it('that dies after its step has ended is logged and replaced', async () => {
    const pool = open({ size: 1 })
    const late = call(pool, 'die late')
    await late.result
    await vi.waitFor(() =>
      expect(late.logged).toMatchObject([[expect.stringContaining('"die late"'), { error: { message: 'too late' } }]]),
    )
    expect(await call(pool, 'echo', 5).result).toBe(5)
  })

  it('is kept for the next job, and let go when there is none for a while', async () => {
    const threadOf = async (pool: ThreadPool) => ((await call(pool, 'where').result) as { threadId: number }).threadId
    const keeping = open({ size: 1 })
    expect(await threadOf(keeping)).toBe(await threadOf(keeping))
    const hasty = open({ size: 1, idle: 0 })
    const before = await threadOf(hasty)
    await vi.waitFor(async () => expect(await threadOf(hasty)).not.toBe(before), { interval: 100, timeout: 10_000 })
  })

  it('keeps the process alive while it works, and neither idle nor closed', async () => {
    const file = fileURLToPath(fixture('process'))
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 })
    expect(stdout.trim().split('\n')).toEqual(['beside', 'POOL_CLOSED', 'first', 'second'])
  })
})

describe('the pool', () => {
  it('computes in two threads at once, and in no more than its size', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spanwise-pool-'))
    const pool = open({ size: 2 })
    const order: unknown[] = []
    const a = call(pool, 'meet', { folder, me: 'a', other: 'b' })
    const b = call(pool, 'meet', { folder, me: 'b', other: 'a' })
    const third = call(pool, 'where').result.then(() => order.push('third'))
    for (const { result, progress } of [a, b]) void result.then(() => order.push(progress.length))
    // neither would end without the other
    await Promise.all([a.result, b.result, third])
    expect(a.progress).toEqual(['a begins', 'a ends'])
    expect(order.indexOf('third')).toBeGreaterThan(0)
    await rm(folder, { recursive: true })
  })

  it('takes the higher priority first, then the first come', async () => {
    const pool = open({ size: 1 })
    const first = call(pool, 'wait for abort')
    const order: unknown[] = []
    const jobs = [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
      ['e', -1],
    ] as const
    const all = jobs.map(([name, priority]) =>
      call(pool, 'echo', name, { priority }).result.then((value) => order.push(value)),
    )
    await first.begun
    first.abort.abort(new Error('enough'))
    await Promise.all(all)
    expect(order).toEqual(['b', 'd', 'a', 'c', 'e'])
  })

  it('is as large as it was asked to be', () => {
    expect(open({ size: 3 }).size).toBe(3)
    expect(threadPool({ grace: 1 }).size).toBeGreaterThan(0)
    expect(() => threadPool({ size: 0, grace: 1 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('that is closed stops what runs, refuses what waits and what comes', async () => {
    const pool = open({ size: 2 })
    const polite = call(pool, 'wait for abort')
    const looping = call(pool, 'loop for ever')
    const queued = call(pool, 'echo', 1)
    await Promise.all([polite.begun, looping.begun])
    const closing = pool.close()
    expect(pool.close()).toBe(closing)
    const closed = expect.objectContaining({ code: 'POOL_CLOSED' })
    expect(await rejection(queued.result)).toEqual(closed)
    expect(await rejection(call(pool, 'echo', 1).result)).toEqual(closed)
    await closing
    expect(await polite.result).toMatch(/^stopped: The thread pool was closed/)
    expect(await rejection(looping.result)).toEqual(closed)
  })

  it('that was never used, or is idle, closes', async () => {
    const pool = open()
    await pool.close()
    const used = open()
    await call(used, 'echo', 1).result
    await used.close()
  })
})
