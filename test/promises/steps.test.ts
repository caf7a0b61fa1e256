import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  each,
  isSpanwiseError,
  NeedsAttentionError,
  type StepContext,
  sleep,
  step,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { testApp } from '../../packages/spanwise/src/testing/index.ts'
import { errorOf, fastClock, gate, keys, kinds, reaches, until, wait, world } from './support/world.ts'

describe('a default step', () => {
  it('is one row', async () => {
    const add = step('add', (n: number) => n + 1)
    const flow = workflow('flow', async () => add(await add(await add(0))))
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    expect(await run.result()).toBe(3)
    expect(await kinds(around.store, run.id)).toEqual([
      'run.started',
      'step.result',
      'step.result',
      'step.result',
      'run.completed',
    ])
    expect(await keys(around.store, run.id, 'step.result')).toEqual(['add#0', 'add#1', 'add#2'])
  })

  it('gets its own copy of the input, in its order, and the code a copy of the result', async () => {
    const seen: string[] = []
    const kept: { list: number[] }[] = []
    const work = step('work', (input: { z: number; a: number; list: number[]; tags: Set<string> }) => {
      seen.push(JSON.stringify([...Object.keys(input), ...input.tags]))
      input.list.push(99)
      const result = { list: input.list }
      kept.push(result)
      return result
    })
    const flow = workflow('flow', async () => {
      const input = { z: 1, a: 2, list: [1], tags: new Set(['y', 'b']) }
      const running = work(input)
      input.list.push(50)
      const result = await running
      result.list.push(7)
      kept[0]?.list.push(8)
      return { input: input.list, result: result.list }
    })
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual({ input: [1, 50], result: [1, 99, 7] })
    expect(seen).toEqual(['["z","a","list","tags","y","b"]'])
  })

  it('keeps what JSON loses', async () => {
    const value = {
      at: new Date(5),
      big: 12n,
      map: new Map([['k', new Set([1])]]),
      bytes: new Uint8Array([1, 2]),
      no: undefined,
    }
    const give = step('give', () => value)
    const take = step('take', (input: unknown) => input)
    const flow = workflow('flow', async () => take(await give()))
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(value)
  })

  it('inside a step is part of the outer attempt', async () => {
    const inner = step('inner', (n: number, { idempotencyKey }) => [n, idempotencyKey] as const)
    const outer = step('outer', async (n: number, { idempotencyKey }) => {
      const [m, key] = await inner(n + 1)
      return { m, same: key === idempotencyKey }
    })
    const flow = workflow('flow', async () => outer(1))
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    expect(await run.result()).toEqual({ m: 2, same: true })
    expect(await keys(around.store, run.id, 'step.result')).toEqual(['outer#0'])
  })

  it('called directly is an ordinary function call, on purpose', async () => {
    const double = step('double', { input: z.number() }, (n) => n * 2)
    const flow = workflow('flow', async () => double.direct(4))
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    expect(await run.result()).toBe(8)
    expect(await double.direct(5)).toBe(10)
    expect(await keys(around.store, run.id, 'step.result')).toEqual([])
    expect(await errorOf(double.direct('x' as never))).toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('without a run is an ordinary call, until an app is working: then its context was lost', async () => {
    const double = step('double', (n: number) => n * 2)
    expect(await double(3)).toBe(6)
    const { app } = await world().open([workflow('flow', async () => 1)])
    expect(await errorOf(double(3))).toMatchObject({ code: 'STEP_OUTSIDE_RUN' })
    await app.close()
    expect(await double(3)).toBe(6)
  })

  it('refuses what belongs in the workflow', async () => {
    const transfer = step.transaction('transfer', () => 1)
    const tries = {
      sleep: () => sleep(1),
      each: () => each([1], { key: String }, (n) => n),
      transaction: () => transfer(),
    }
    const bad = step('bad', async (what: keyof typeof tries) => {
      const error = await errorOf((async () => tries[what]())())
      return error.code
    })
    const flow = workflow('flow', async () => [await bad('sleep'), await bad('each'), await bad('transaction')])
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(['NOT_IN_STEP', 'NOT_IN_STEP', 'NOT_IN_STEP'])
  })
})

describe('what a step is given and returns', () => {
  it('is checked by its schemas, with their output handed on', async () => {
    let calls = 0
    const work = step(
      'work',
      { input: z.object({ n: z.coerce.number() }), output: z.object({ n: z.number().default(3) }) },
      ({ n }) => {
        calls++
        return n > 5 ? ({ n: 'no' } as never) : {}
      },
    )
    const flow = workflow('flow', async (n: string) => work({ n }))
    const { app } = await world().open([flow])
    expect(await app.run(flow, '1')).toEqual({ n: 3 })
    const wrong = await app.start(flow, '6')
    expect(await errorOf(wrong.result())).toMatchObject({ code: 'NEEDS_ATTENTION', cause: { code: 'INVALID_OUTPUT' } })
    // neither can be healed by waiting
    expect(calls).toBe(2)
    expect(await errorOf((await app.start(flow, 'x')).result())).toMatchObject({ code: 'RUN_FAILED' })
    expect(calls).toBe(2)
  })

  it.each([
    ['a function', () => () => 1],
    [
      'a cycle',
      () => {
        const cycle: { self?: unknown } = {}
        cycle.self = cycle
        return cycle
      },
    ],
    [
      'an instance of a class',
      () =>
        new (class Money {
          amount = 1
        })(),
    ],
    ['a poisoned object', () => JSON.parse('{"a": {"__proto__": {"admin": 1}}}') as unknown],
  ])('that is %s is refused with its place, and the run can be mended', async (_, make) => {
    let mended = false
    let calls = 0
    const work = step('work', () => {
      calls++
      return mended ? 'fine' : { deep: [make()] }
    })
    const flow = workflow('flow', async () => work())
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    const error = await errorOf(run.result())
    expect(error).toBeInstanceOf(NeedsAttentionError)
    expect(error.message).toContain('deep[0]')
    expect(calls).toBe(1)
    mended = true
    await run.resume()
    expect(await run.result()).toBe('fine')
  })

  it('may not be larger than an entry: a clear error, and the run goes on when it is mended', async () => {
    let size = 17_000_000
    const big = step('big', () => 'x'.repeat(size))
    const flow = workflow('flow', async () => (await big()).length)
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    expect(await errorOf(run.result())).toMatchObject({ code: 'NEEDS_ATTENTION', cause: { code: 'PAYLOAD_TOO_LARGE' } })
    size = 10
    await run.resume()
    expect(await run.result()).toBe(10)
  })

  it('may not be too large on the way in either, nor both together', async () => {
    const echo = step('echo', { attempts: 1 }, (text: string) => text)
    const flow = workflow('flow', async (size: number) => {
      const error = await errorOf(echo('x'.repeat(size)))
      return error.code
    })
    const { app } = await world().open([flow])
    expect(await app.run(flow, 17_000_000)).toBe('PAYLOAD_TOO_LARGE')
    expect(await app.run(flow, 9_000_000)).toBe('PAYLOAD_TOO_LARGE')
  })

  it('when nothing else says so parks the run, whatever it is that is too large', async () => {
    const ok = step('ok', () => 1)
    const text = 'x'.repeat(9_000_000)
    const flow = workflow('flow', async ({ again }: { again: boolean; more?: string }, { continueAs }) => {
      await ok()
      if (again) await continueAs({ again: false, more: text + text })
      return 1
    })
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow, { again: true })
    expect(await errorOf(run.result())).toMatchObject({ code: 'NEEDS_ATTENTION', cause: { code: 'PAYLOAD_TOO_LARGE' } })
    expect((await run.status()).code).toBe('PAYLOAD_TOO_LARGE')
    await run.giveUp('too much')
    expect(await errorOf(run.result())).toMatchObject({ code: 'RUN_FAILED' })
  })

  it('that cannot be recorded rejects the call, it does not throw out of it', async () => {
    const work = step('work', (_: unknown) => 1)
    const flow = workflow('flow', async () => {
      const promise = work(() => 1)
      return promise.catch((error: unknown) => isSpanwiseError(error) && error.code)
    })
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toBe('NOT_ENCODABLE')
  })
})

describe('attempts', () => {
  it('are repeated where waiting can heal it, each failed one on record with when it is tried again', async () => {
    let calls = 0
    const flaky = step('flaky', { backoff: 10 }, (_: void, { attempt }: StepContext) => {
      calls++
      if (attempt < 3) throw new Error(`no ${attempt}`)
      return attempt
    })
    const flow = workflow('flow', async () => flaky())
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    expect(await run.result()).toBe(3)
    expect(calls).toBe(3)
    const attempts = (await around.store.entries(run.id)).filter(({ kind }) => kind === 'step.attempt')
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2])
    const waits = attempts.map(({ at, meta }) => Number(meta['retryAt']) - at)
    expect(waits[0]).toBeGreaterThanOrEqual(6)
    expect(waits[1]).toBeGreaterThan((waits[0] ?? 0) * 0.9)
    expect(attempts.every(({ meta }) => meta['class'] === 'transient')).toBe(true)
  })

  it('are three, or as many as the step says', async () => {
    const calls: Record<string, number> = {}
    const fail = (name: string) => () => {
      calls[name] = (calls[name] ?? 0) + 1
      throw new Error('no')
    }
    const three = step('three', { backoff: 0 }, fail('three'))
    const one = step('one', { backoff: 0, attempts: 1 }, fail('one'))
    const five = step('five', { backoff: 0, attempts: 5 }, fail('five'))
    const flow = workflow('flow', async () => {
      for (const work of [three, one, five]) await errorOf(work())
    })
    const { app } = await world().open([flow])
    await app.run(flow)
    expect(calls).toEqual({ three: 3, one: 1, five: 5 })
  })

  it('are not repeated for a bug, and the first error is the one that is told', async () => {
    let calls = 0
    const bug = step('bug', () => {
      calls++
      throw new TypeError('undefined is not a function')
    })
    const flow = workflow('flow', async () => bug())
    const { app } = await world().open([flow])
    expect(await errorOf((await app.start(flow)).result())).toMatchObject({
      code: 'NEEDS_ATTENTION',
      cause: { name: 'TypeError' },
    })
    expect(calls).toBe(1)
  })

  it('are not used up by a store that fails: a transaction that could not be committed was none', async () => {
    let calls = 0
    const write = step.transaction('write', { attempts: 1 }, () => ++calls)
    const flow = workflow('flow', async () => write(undefined))
    const { app, wire } = await world().open([flow])
    let failures = 2
    wire.onWrite = (name) => (name === 'transact' && failures-- > 0 ? 'fail' : 'pass')
    const run = await app.start(flow, undefined)
    expect(await run.result()).toBe(1)
    expect(calls).toBe(1)
  })

  it('are used up by a function that swallows that the database ended its transaction', async () => {
    let calls = 0
    const write = step.transaction('write', { attempts: 2, backoff: 1 }, (tx) => {
      calls++
      tx.run('CREATE TABLE IF NOT EXISTS mine (id INTEGER PRIMARY KEY)')
      tx.run('INSERT OR IGNORE INTO mine VALUES (1)')
      try {
        tx.run('INSERT OR ROLLBACK INTO mine VALUES (1)')
      } catch {
        // the whole transaction is gone, not only this statement
      }
      return calls
    })
    const flow = workflow('flow', async () => write(undefined))
    const { app } = await world().open([flow])
    const run = await app.start(flow, undefined)
    expect(await errorOf(run.result())).toMatchObject({
      code: 'NEEDS_ATTENTION',
      cause: { code: 'TRANSACTION_ENDED' },
    })
    expect(calls).toBe(2)
  })

  it.each([0.5, '0.2ms'] as const)('and waits of parts of a ms are recorded in whole ones (%s)', async (little) => {
    let calls = 0
    const ask = step('ask', { attempts: 2 }, () => {
      if (++calls === 1) throw Object.assign(new Error('later'), { retryAfter: 0.3 })
      return calls
    })
    const flow = workflow('flow', async () => {
      await sleep(little)
      return ask(undefined)
    })
    await using app = await testApp({ workflows: [flow] })
    expect(await app.run(flow)).toBe(2)
    app.clock.automatic = false
    const run = await app.start(flow)
    await app.advance(0.7)
    await app.advance(0.7)
    await app.advance(1)
    expect(await run.result()).toBe(3)
  })

  it('follow retryOn where it is given; one that throws ends the step as a bug with both errors', async () => {
    let calls = 0
    const picky = step('picky', { backoff: 0, retryOn: (error) => (error as Error).message === 'again' }, () => {
      if (++calls === 1) throw new TypeError('again')
      throw new Error('enough')
    })
    const broken = step(
      'broken',
      {
        retryOn: () => {
          throw new Error('in retryOn')
        },
      },
      () => {
        throw new Error('first')
      },
    )
    const flow = workflow('flow', async () => {
      const one = await errorOf(picky())
      const two = (await errorOf(broken())) as unknown as AggregateError
      return [one.message, two.message, two.errors.map((error: Error) => error.message)]
    })
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(['enough', expect.stringContaining('in retryOn'), ['first', 'in retryOn']])
    expect(calls).toBe(2)
  })

  it('time out one by one; the signal says so, and the last one is a TimeoutError', async () => {
    const reasons: unknown[] = []
    const slow = step(
      'slow',
      { timeout: 10, attempts: 2, backoff: 0 },
      (_: void, { abortSignal }) =>
        new Promise<void>((_, reject) => {
          abortSignal.addEventListener('abort', () => {
            reasons.push((abortSignal.reason as Error).name)
            reject(new Error('stopped'))
          })
        }),
    )
    const flow = workflow('flow', async () => (await errorOf(slow())).name)
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toBe('TimeoutError')
    expect(reasons).toEqual(['TimeoutError', 'TimeoutError'])
  })

  it('that do not hear their signal are not waited for longer than the grace', async () => {
    const deaf = step('deaf', { timeout: 5, attempts: 1 }, () => new Promise<void>(() => {}))
    const flow = workflow('flow', async () => (await errorOf(deaf())).name)
    const { app } = await world({ grace: 20 }).open([flow])
    expect(await app.run(flow)).toBe('TimeoutError')
  })

  it('may go on for longer than their timeout while they give a sign of life', async () => {
    const alive = step('alive', { timeout: 300, attempts: 1 }, async (_: void, { heartbeat }) => {
      for (let i = 0; i < 8; i++) {
        await wait(60)
        heartbeat()
      }
      return 'done'
    })
    const flow = workflow('flow', async () => alive())
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toBe('done')
  })

  it('end with the deadline of the step, whatever is left of them', async () => {
    let calls = 0
    const hopeless = step('hopeless', { deadline: 40, attempts: 1_000, backoff: 5 }, () => {
      calls++
      throw new Error('no')
    })
    const long = step(
      'long',
      { deadline: 20, attempts: 5 },
      (_: void, { abortSignal }) =>
        new Promise<void>((_, reject) =>
          abortSignal.addEventListener('abort', () => reject(abortSignal.reason as Error)),
        ),
    )
    const flow = workflow('flow', async () => [(await errorOf(hopeless())).message, (await errorOf(long())).name])
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(['no', 'TimeoutError'])
    expect(calls).toBeLessThan(10)
  })

  it('wait out their back-off over a crash', async () => {
    const calls: number[] = []
    const flaky = step('flaky', { backoff: 80 }, () => {
      calls.push(Date.now())
      if (calls.length === 1) throw new Error('no')
      return 'yes'
    })
    const flow = workflow('flow', async () => flaky())
    const around = world()
    const first = await around.open([flow])
    const run = await first.app.start(flow, undefined, { id: 'x' })
    await until(
      () => kinds(around.store, run.id),
      (now) => now.includes('step.attempt'),
    )
    first.crash()
    const { app } = await around.open([flow])
    expect(await (await app.start(flow, undefined, { id: 'x' })).result()).toBe('yes')
    expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBeGreaterThanOrEqual(55)
  })

  it('are each executed once, also when they begin just as their run leaves memory', async () => {
    const calls = new Map<string, number>()
    const flaky = step('flaky', { backoff: 12, attempts: 9 }, async (_: void, { run, attempt }) => {
      calls.set(run.id, (calls.get(run.id) ?? 0) + 1)
      if (attempt < 9) throw Object.assign(new Error('no'), { retryAfter: 12 })
    })
    const flow = workflow('flow', async () => flaky())
    const { app } = await world({ clock: fastClock(20_000), linger: 10 }).open([flow])
    for (let n = 0; n < 20; n++) await app.run(flow)
    expect([...calls.values()]).toEqual(Array.from({ length: 20 }, () => 9))
  })

  it('wait as long as the service asks', async () => {
    let calls = 0
    const limited = step('limited', { backoff: '1h' }, () => {
      if (++calls === 1) throw Object.assign(new Error('slow down'), { status: 429, retryAfter: 5 })
      return calls
    })
    const flow = workflow('flow', async () => limited())
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toBe(2)
  })

  it('of a transaction have no limits, and it is said where it is written', () => {
    for (const limits of [{ concurrency: 2 }, { rate: { limit: 1, per: '1s' } }])
      expect(() => step.transaction('write', limits as object, () => 1)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', hint: expect.stringContaining('one at a time') }),
      )
  })

  it('cannot be told nonsense', () => {
    expect(() => step('x', { timeout: '5 minutes' as never }, () => 1)).toThrow(/timeout of step "x"/)
    expect(() => step('x', { backoff: -1 }, () => 1)).toThrow(/backoff/)
    expect(() => step('x', { attempts: 0 }, () => 1)).toThrow(/attempts/)
    expect(() => step('a/b', () => 1)).toThrow(/named/)
  })
})

describe('the idempotency key', () => {
  it('is the same over retries, crashes and resumes, and another one for every call', async () => {
    const seen: string[] = []
    let mode: 'flaky' | 'hang' | 'bug' | 'fine' = 'flaky'
    const held = gate()
    const charge = step('charge', { backoff: 0 }, async (_: number, { idempotencyKey, attempt }) => {
      seen.push(idempotencyKey)
      if (mode === 'flaky' && attempt === 2) {
        mode = 'hang'
        await held.opened
      }
      if (mode === 'flaky') throw new Error('again')
      if (mode === 'bug') throw new TypeError('bug')
      return idempotencyKey
    })
    const flow = workflow('flow', async () => [await charge(1), await charge(1)])
    const around = world()
    const first = await around.open([flow])
    await first.app.start(flow, undefined, { id: 'x' })
    await until(
      () => seen.length,
      (n) => n === 2,
    )
    first.crash()
    mode = 'bug'
    const { app } = await around.open([flow])
    const run = await app.start(flow, undefined, { id: 'x' })
    await reaches(run, 'needs attention')
    mode = 'fine'
    await run.resume()
    const [one, two] = await run.result()
    expect(new Set(seen)).toEqual(new Set([one, two]))
    expect(one).not.toBe(two)
    held.open()
  })

  it('changes with an edited input and with continueAs', async () => {
    const seen: string[] = []
    const charge = step('charge', (n: number, { idempotencyKey }) => {
      seen.push(idempotencyKey)
      if (n === 13) throw new TypeError('unlucky')
      return n
    })
    const flow = workflow('flow', async ({ n, last }: { n: number; last: boolean }, { continueAs }) => {
      const got = await charge(n)
      if (!last) await continueAs({ n: got, last: true })
      return got
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow, { n: 13, last: false })
    await reaches(run, 'needs attention')
    await run.resume({ edit: { input: 12 } })
    expect(await run.result()).toBe(12)
    expect(seen.length).toBe(3)
    expect(new Set(seen).size).toBe(3)
  })
})
