import { describe, expect, it } from 'vitest'
import {
  approval,
  compensate,
  each,
  FailError,
  NeedsAttentionError,
  parallel,
  type Run,
  RunFailedError,
  signal,
  sleep,
  step,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { errorOf, gate, keys, kinds, reaches, silent, until, wait, world } from './support/world.ts'

/** A step that fails as long as it is told to, and the calls of everything. */
function workshop() {
  const calls: string[] = []
  const broken = new Map<string, () => Error>()
  const work = step('work', { attempts: 1 }, async (name: string) => {
    calls.push(name)
    const error = broken.get(name)
    if (error !== undefined) throw error()
    return `${name} done`
  })
  const undo = step('undo', { attempts: 1 }, async (name: string) => {
    calls.push(`undo ${name}`)
    const error = broken.get(`undo ${name}`)
    if (error !== undefined) throw error()
  })
  return {
    calls,
    work,
    undo,
    break: (name: string, error = () => new TypeError(`${name} is broken`)) => broken.set(name, error),
    mend: (...names: string[]) => {
      for (const name of names) broken.delete(name)
    },
  }
}

const lingers = [0, 200]

describe('what ends a run, and what parks it', () => {
  it.each([
    ['a deliberate FailError', () => new FailError('no'), 'failed'],
    ['invalid input', () => Object.assign(new FailError('x')), 'failed'],
    ['an error without a class', () => new Error('hm'), 'needs attention'],
    ['a bug', () => new TypeError('undefined is not a function'), 'needs attention'],
    ['bad credentials', () => Object.assign(new Error('401'), { status: 401 }), 'needs attention'],
    ['a rate limit', () => Object.assign(new Error('429'), { status: 429 }), 'needs attention'],
    [
      'a class that it names itself',
      () => Object.assign(new Error('x'), { failureClass: 'budget' }),
      'needs attention',
    ],
  ])('is decided by the error: %s', async (_, make, status) => {
    const flow = workflow('flow', async () => {
      throw make()
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    const error = await errorOf(run.result())
    expect(error).toBeInstanceOf(status === 'failed' ? RunFailedError : NeedsAttentionError)
    expect((await run.status()).status).toBe(status)
  })

  it('a thrown value that is no error parks too', async () => {
    const flow = workflow('flow', async (what: unknown) => {
      throw what
    })
    const { app } = await world().open([flow])
    for (const what of ['text', null, 7, { code: 'X' }]) {
      const error = await errorOf(app.run(flow, what))
      expect(error).toMatchObject({ code: 'NEEDS_ATTENTION', cause: what })
    }
  })

  it('compensates in reverse order before it fails', async () => {
    const { calls, work, undo } = workshop()
    const flow = workflow('flow', async () => {
      for (const name of ['a', 'b', 'c']) {
        await work(name)
        compensate(undo, name)
      }
      throw new FailError('changed my mind')
    })
    const { app } = await world().open([flow])
    expect(await errorOf(app.run(flow))).toMatchObject({ code: 'RUN_FAILED', cause: { message: 'changed my mind' } })
    expect(calls).toEqual(['a', 'b', 'c', 'undo c', 'undo b', 'undo a'])
  })

  it('compensates for a FailError that a step threw, and for an input that does not fit', async () => {
    const { calls, work, undo, break: breakIt } = workshop()
    breakIt('b', () => new FailError('b says no'))
    const flow = workflow('flow', async () => {
      compensate(undo, await work('a'))
      await work('b')
    })
    const { app } = await world().open([flow])
    expect(await errorOf(app.run(flow))).toMatchObject({ code: 'RUN_FAILED' })
    expect(calls).toEqual(['a', 'b', 'undo a done'])
  })

  it('does not compensate for anything else: it can still be mended', async () => {
    for (const linger of lingers) {
      const { calls, work, undo, break: breakIt, mend } = workshop()
      breakIt('b')
      const flow = workflow('flow', async () => {
        compensate(undo, await work('a'))
        return work('b')
      })
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow)
      await errorOf(run.result())
      expect(calls).toEqual(['a', 'b'])
      mend('b')
      await run.resume()
      expect(await run.result()).toBe('b done')
      expect(calls).toEqual(['a', 'b', 'b'])
    }
  })
})

describe('resume', () => {
  it.each(lingers)('goes on from the step that failed; what was done is not done again (linger %i)', async (linger) => {
    const { calls, work, break: breakIt, mend } = workshop()
    breakIt('b')
    const flow = workflow('flow', async () => {
      const first = await work('a')
      await sleep(1)
      const second = await work('b')
      return [first, second, await work('c')]
    })
    const { app } = await world({ linger }).open([flow])
    const run = await app.start(flow)
    await errorOf(run.result())
    mend('b')
    await run.resume()
    expect(await run.result()).toEqual(['a done', 'b done', 'c done'])
    expect(calls).toEqual(['a', 'b', 'b', 'c'])
  })

  it('of one that failed, ended or is fine is refused', async () => {
    const go = signal('go')
    const flow = workflow('flow', async (fails: boolean) => {
      if (fails) throw new FailError('no')
      await go.wait()
    })
    const { app } = await world().open([flow])
    const failed = await app.start(flow, true)
    await errorOf(failed.result())
    expect(await errorOf(failed.resume())).toMatchObject({ code: expect.stringMatching(/NOT_PARKED|RUN_ENDED/) })
    const fine = await app.start(flow, false)
    expect(await errorOf(fine.resume())).toMatchObject({ code: 'NOT_PARKED' })
  })

  it.each(lingers)('with another input or a result for the failed step (linger %i)', async (linger) => {
    const { calls, work, break: breakIt } = workshop()
    breakIt('bad')
    const flow = workflow('flow', async () => [await work('bad'), await work('good')])
    const { app } = await world({ linger }).open([flow])
    const input = await app.start(flow)
    await errorOf(input.result())
    await input.resume({ edit: { input: 'better' } })
    expect(await input.result()).toEqual(['better done', 'good done'])
    const result = await app.start(flow)
    await errorOf(result.result())
    await result.resume({ edit: { result: 'by hand' } })
    expect(await result.result()).toEqual(['by hand', 'good done'])
    expect(calls).toEqual(['bad', 'better', 'good', 'bad', 'good'])
  })

  it('with an edit that is not for a step says so', async () => {
    const flow = workflow('flow', async () => {
      throw new Error('in the body')
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await errorOf(run.result())
    expect(await errorOf(run.resume({ edit: { result: 1 } }))).toMatchObject({ code: 'NOTHING_TO_EDIT' })
  })

  it.each(lingers)('twice in a row, after two different failures (linger %i)', async (linger) => {
    const { calls, work, break: breakIt, mend } = workshop()
    breakIt('b')
    breakIt('c')
    const flow = workflow('flow', async () => [await work('a'), await work('b'), await work('c')])
    const { app } = await world({ linger }).open([flow])
    const run = await app.start(flow)
    expect((await errorOf(run.result())).message).toContain('b is broken')
    const first = (await run.status()).fingerprint
    mend('b')
    await run.resume()
    expect((await errorOf(run.result())).message).toContain('c is broken')
    expect((await run.status()).fingerprint).not.toBe(first)
    await run.resume()
    expect((await errorOf(run.result())).message).toContain('c is broken')
    mend('c')
    await run.resume()
    expect(await run.result()).toEqual(['a done', 'b done', 'c done'])
    expect(calls).toEqual(['a', 'b', 'b', 'c', 'c', 'c'])
  })

  it.each([
    ['as its cause', (error: unknown) => new Error('it did not work', { cause: error })],
    ['deep in its causes', (error: unknown) => new Error('x', { cause: new Error('y', { cause: error }) })],
    ['in an AggregateError', (error: unknown) => new AggregateError([new Error('other'), error])],
  ])('finds the step of an error that the code wrapped %s', async (_, wrap) => {
    const { calls, work, break: breakIt, mend } = workshop()
    breakIt('b')
    const flow = workflow('flow', async () => {
      await work('a')
      try {
        return await work('b')
      } catch (error) {
        throw wrap(error)
      }
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await errorOf(run.result())
    mend('b')
    await run.resume()
    expect(await run.result()).toBe('b done')
    expect(calls).toEqual(['a', 'b', 'b'])
  })

  it('of a bug in the body itself runs the mended body on', async () => {
    const { calls, work } = workshop()
    let mended = false
    const flow = workflow('flow', async () => {
      const text = await work('a')
      if (!mended) JSON.parse('{')
      return [text, await work('b')]
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    expect(await errorOf(run.result())).toMatchObject({ cause: { name: 'SyntaxError' } })
    mended = true
    await run.resume()
    expect(await run.result()).toEqual(['a done', 'b done'])
    expect(calls).toEqual(['a', 'b'])
  })

  it.each(lingers)(
    'names what a finally has done since, and does it again only when told (linger %i)',
    async (linger) => {
      const { calls, work, break: breakIt, mend } = workshop()
      breakIt('b')
      const flow = workflow('flow', async () => {
        await work('a')
        try {
          return await work('b')
        } finally {
          await work('cleanup')
        }
      })
      const around = world({ linger })
      const { app } = await around.open([flow])
      const run = await app.start(flow)
      await errorOf(run.result())
      expect(calls).toEqual(['a', 'b', 'cleanup'])
      mend('b')
      const refused = await errorOf(run.resume())
      expect(refused).toMatchObject({ code: 'RESUME_DISCARDS' })
      expect(refused.message).toContain('work#2')
      expect((await run.status()).status).toBe('needs attention')
      await run.resume({ discard: true })
      expect(await run.result()).toBe('b done')
      expect(calls).toEqual(['a', 'b', 'cleanup', 'b', 'cleanup'])
      // what is superseded is kept as history
      expect(await keys(around.store, run.id, 'step.result')).toEqual(['work#0', 'work#2', 'work#1', 'work#2'])
    },
  )

  it('names a transaction, a child and an at-most-once step that were begun after the failure', async () => {
    const { work, break: breakIt } = workshop()
    breakIt('b')
    const once = step('once', { effect: 'at-most-once' }, () => {
      throw new Error('who knows')
    })
    const write = step.transaction('write', () => 1)
    const flow = workflow('flow', async () => {
      try {
        return await work('b')
      } catch (error) {
        await write()
        await once().catch(() => {})
        throw new Error('after cleaning up', { cause: error })
      }
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await errorOf(run.result())
    const refused = await errorOf(run.resume())
    expect(refused).toMatchObject({ code: 'RESUME_DISCARDS' })
    expect(refused.message).toContain('write#0, once#0')
  })

  it.each(lingers)('counts what was in flight at the failure: it is not executed again (linger %i)', async (linger) => {
    const { calls, work, break: breakIt, mend } = workshop()
    breakIt('quick')
    const held = gate()
    const slow = step('slow', async () => {
      calls.push('slow')
      await held.opened
      return 'slow done'
    })
    const flow = workflow('flow', async () => {
      const side = slow()
      await sleep(1)
      const quick = await work('quick')
      return [quick, await side]
    })
    const around = world({ linger })
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    await errorOf(run.result())
    expect(calls).toEqual(['slow', 'quick'])
    mend('quick')
    // asked for while it is still in flight: it waits for that
    await run.resume()
    await wait(20)
    expect(calls).toEqual(['slow', 'quick'])
    held.open()
    expect(await run.result()).toEqual(['quick done', 'slow done'])
    expect(calls).toEqual(['slow', 'quick', 'quick'])
  })

  it('asks again when something that was begun after the failure ends after the order', async () => {
    const { calls, work, break: breakIt, mend } = workshop()
    breakIt('b')
    const held = gate()
    const late = step('late', async () => {
      calls.push('late')
      await held.opened
    })
    const flow = workflow('flow', async () => {
      try {
        return await work('b')
      } finally {
        void late()
        await sleep(1)
      }
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await errorOf(run.result())
    mend('b')
    await run.resume()
    held.open()
    await wait(50)
    expect((await run.status()).status).toBe('needs attention')
    expect(calls).toEqual(['b', 'late'])
    expect(await errorOf(run.resume())).toMatchObject({ code: 'RESUME_DISCARDS' })
    await run.resume({ discard: true })
    expect(await run.result()).toBe('b done')
    expect(calls).toEqual(['b', 'late', 'b', 'late'])
  })

  it('of a failure inside parallel and each keeps what the other branches had done', async () => {
    const { calls, work, break: breakIt, mend } = workshop()
    breakIt('b')
    breakIt('2')
    const flow = workflow('flow', async () => {
      const all = await parallel({
        a: () => work('a'),
        b: async () => {
          await sleep(5)
          return work('b')
        },
      })
      const items = await each(['1', '2', '3'], { key: String, concurrency: 1 }, work)
      return [all, items]
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await errorOf(run.result())
    mend('b')
    await run.resume()
    await errorOf(run.result())
    mend('2')
    await run.resume()
    expect(await run.result()).toEqual([{ a: 'a done', b: 'b done' }, ['1 done', '2 done', '3 done']])
    expect(calls).toEqual(['a', 'b', 'b', '1', '2', '2', '3'])
  })

  it('is taken once, though two looks into the inbox bring it along', async () => {
    const { work, break: breakIt, mend } = workshop()
    breakIt('a')
    const { opened, open } = gate()
    const slow = step('slow', async () => {
      await opened
      return 'slow done'
    })
    const go = signal('go')
    const flow = workflow('flow', async () => {
      const both = await Promise.all([work('a'), slow()])
      await go.wait()
      return both
    })
    const told: string[] = []
    const log = {
      ...silent,
      warn: (message: string) => told.push(message),
      error: (message: string) => told.push(message),
    }
    const around = world({ log })
    const { app } = await around.open([flow])
    const looks: (() => void)[] = []
    let holds = false
    const mail = around.store.mail.bind(around.store)
    around.store.mail = async (run) => {
      const found = await mail(run)
      if (holds) await new Promise<void>((resolve) => looks.push(resolve))
      return found
    }
    const run = await app.start(flow, undefined)
    await errorOf(run.result())
    mend('a')
    await run.resume()
    await wait(20)
    holds = true
    open()
    await until(
      () => looks.length,
      (n) => n === 1,
    )
    await run.signal(go)
    await until(
      () => looks.length,
      (n) => n === 2,
    )
    told.length = 0
    holds = false
    for (const go of looks) go()
    expect(await run.result({ onAttention: 'wait' })).toEqual(['a done', 'slow done'])
    expect(told).toEqual([])
  })

  it('survives a crash right after it was asked for', async () => {
    const { calls, work, break: breakIt, mend } = workshop()
    breakIt('b')
    const flow = workflow('flow', async () => [await work('a'), await work('b')])
    const around = world()
    const first = await around.open([flow])
    const run = await first.app.start(flow, undefined, { id: 'x' })
    await errorOf(run.result())
    mend('b')
    first.wire.onWrite = (name) => (name === 'send' ? 'swallow' : 'pass')
    void run.resume()
    await first.wire.whenCut
    const { app } = await around.open([flow])
    expect(await (await app.get(flow, 'x'))?.result({ onAttention: 'wait' })).toEqual(['a done', 'b done'])
    expect(calls).toEqual(['a', 'b', 'b'])
  })

  it('reaches two hundred runs by the fingerprint of their failure, after a look at which', async () => {
    const { work, break: breakIt, mend } = workshop()
    for (let n = 0; n < 200; n++) breakIt(`item ${n}`, () => new TypeError(`cannot read "x${n}" of order ${n}`))
    const flow = workflow('flow', async (name: string) => work(name))
    const other = workflow('other', async (name: string) => work(name))
    const { app } = await world().open([flow, other])
    breakIt('elsewhere')
    const runs = await Promise.all(Array.from({ length: 200 }, (_, n) => app.start(flow, `item ${n}`)))
    const lone = await app.start(other, 'elsewhere')
    await Promise.all([...runs, lone].map((run) => errorOf(run.result())))
    const fingerprint = (await (runs[0] as { status(): Promise<{ fingerprint: string | undefined }> }).status())
      .fingerprint as string
    expect(await app.resume({ fingerprint }, { dryRun: true })).toMatchObject({ matched: 200, done: 0, skipped: [] })
    expect((await app.counts())['needs attention']).toBe(201)
    for (let n = 0; n < 200; n++) mend(`item ${n}`)
    expect(await app.resume({ fingerprint })).toMatchObject({ matched: 200, done: 200, skipped: [] })
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map((_, n) => `item ${n} done`))
    expect(await app.giveUp({ workflow: 'other' })).toMatchObject({ done: 1 })
    await reaches(lone, 'failed')
  })

  it('of many leaves those alone that would discard effects, and says which', async () => {
    const { work, break: breakIt, mend } = workshop()
    breakIt('x')
    const flow = workflow('flow', async (cleanup: boolean) => {
      try {
        return await work('x')
      } finally {
        if (cleanup) await work('cleanup')
      }
    })
    const { app } = await world().open([flow])
    const plain = await app.start(flow, false)
    const messy = await app.start(flow, true)
    await Promise.all([plain, messy].map((run) => errorOf(run.result())))
    mend('x')
    const result = await app.resume({ workflow: 'flow' })
    expect(result).toMatchObject({ matched: 2, done: 1, skipped: [{ run: messy.id }] })
    expect(await plain.result()).toBe('x done')
  })
})

describe('giving up and cancelling', () => {
  it.each(lingers)('gives up a parked run: compensations run, then it is failed (linger %i)', async (linger) => {
    const { calls, work, undo, break: breakIt } = workshop()
    breakIt('b')
    const flow = workflow('flow', async () => {
      compensate(undo, await work('a'))
      return work('b')
    })
    const { app } = await world({ linger }).open([flow])
    const run = await app.start(flow)
    await errorOf(run.result())
    await run.giveUp('nobody can mend it')
    await reaches(run, 'failed')
    expect(await errorOf(run.result())).toMatchObject({ cause: { code: 'GIVEN_UP' } })
    expect(calls).toEqual(['a', 'b', 'undo a done'])
  })

  it.each(lingers)('cancels a waiting run: its finally and its compensations run (linger %i)', async (linger) => {
    const { calls, work, undo } = workshop()
    const flow = workflow('flow', async (_, { abortSignal }) => {
      compensate(undo, await work('a'))
      try {
        await sleep('1h')
      } catch (error) {
        calls.push(`${(error as Error).name} ${abortSignal.aborted}`)
        throw error
      } finally {
        await work('cleanup')
      }
    })
    const { app } = await world({ linger }).open([flow])
    const run = await app.start(flow)
    await reaches(run, 'waiting')
    await run.cancel('changed my mind')
    expect(await errorOf(run.result())).toMatchObject({
      code: 'RUN_FAILED',
      cause: { code: 'CANCELLED', message: expect.stringContaining('changed my mind') },
    })
    expect(calls).toEqual(['a', 'CancelledError true', 'cleanup', 'undo a done'])
    expect((await run.status()).status).toBe('cancelled')
  })

  it('asked for twice does not disturb what cleans up', async () => {
    const { calls, work, undo } = workshop()
    const held = gate()
    const slowly = step('slowly', async (name: string) => {
      calls.push(name)
      await held.opened
    })
    const flow = workflow('flow', async () => {
      compensate(slowly, 'undo slowly')
      compensate(undo, 'it')
      try {
        await sleep('1h')
      } finally {
        await slowly('cleanup')
        await work('more cleanup')
      }
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await run.cancel('one')
    await until(
      () => calls,
      (all) => all.includes('cleanup'),
    )
    await run.cancel('two')
    held.open()
    await errorOf(run.result())
    expect((await run.status()).status).toBe('cancelled')
    expect(calls).toEqual(['cleanup', 'more cleanup', 'undo it', 'undo slowly'])
  })

  it('while compensations run lets them end', async () => {
    const { calls, undo } = workshop()
    const held = gate()
    const slowly = step('slowly', async () => {
      calls.push('slowly')
      await held.opened
    })
    const flow = workflow('flow', async () => {
      compensate(undo, 'it')
      compensate(slowly)
      throw new FailError('no')
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await until(
      () => calls.length,
      (n) => n === 1,
    )
    await run.cancel('now')
    await wait(10)
    held.open()
    expect(await errorOf(run.result())).toMatchObject({ code: 'RUN_FAILED', cause: { code: 'FAILED_ON_PURPOSE' } })
    expect(calls).toEqual(['slowly', 'undo it'])
  })

  it('gives running steps their abort signal and the grace; what comes late is a note', async () => {
    const seen: string[] = []
    const polite = step('polite', async (_: void, { abortSignal }) => {
      await new Promise<void>((resolve) => abortSignal.addEventListener('abort', () => resolve()))
      seen.push('polite')
      await wait(10)
      return 'stopped'
    })
    const deaf = step('deaf', () => new Promise<void>(() => {}))
    const flow = workflow('flow', async (both: boolean) => {
      await Promise.all([polite(), both ? deaf() : undefined])
    })
    const around = world({ grace: 50 })
    const { app } = await around.open([flow])
    for (const both of [false, true]) {
      const run = await app.start(flow, both)
      await wait(10)
      await run.cancel('stop')
      await reaches(run, 'cancelled')
      const notes = (await around.store.entries(run.id)).filter(({ kind }) => kind === 'note')
      expect(notes.map(({ key, meta }) => `${key} ${meta['late']}`).sort()).toEqual(
        both ? ['deaf#0 step.error', 'polite#0 step.result'] : ['polite#0 step.result'],
      )
    }
    expect(seen).toEqual(['polite', 'polite'])
  })

  it('of a run that was never begun, or is parked, works without its code having run on', async () => {
    for (const linger of lingers) {
      const { calls, work, undo, break: breakIt } = workshop()
      breakIt('b')
      const flow = workflow('flow', async () => {
        compensate(undo, await work('a'))
        await work('b')
        calls.push('went on')
      })
      const { app } = await world({ linger }).open([flow])
      const queued = await app.start(flow, undefined, { delay: '1h' })
      expect((await queued.status()).status).toBe('queued')
      await queued.cancel('not needed')
      await reaches(queued, 'cancelled')
      const parked = await app.start(flow)
      await errorOf(parked.result())
      await parked.cancel('not needed')
      await reaches(parked, 'cancelled')
      expect(calls).toEqual(['a', 'b', 'undo a done'])
    }
  })

  it('by workflow reaches every run that has not ended', async () => {
    const flow = workflow('flow', async (quick: boolean) => {
      if (!quick) await sleep('1h')
    })
    const { app } = await world().open([flow])
    await app.run(flow, true)
    await Promise.all(Array.from({ length: 30 }, () => app.start(flow, false)))
    expect(await app.cancel({ workflow: 'flow' }, { dryRun: true })).toMatchObject({ matched: 30, done: 0 })
    expect(await app.cancel({ workflow: 'flow' }, { reason: 'sweep' })).toMatchObject({ matched: 30, done: 30 })
    await until(
      () => app.counts(),
      ({ cancelled }) => cancelled === 30,
    )
  })

  it.each(lingers)(
    'parks when a compensation fails; it can be resumed, or given up without doing it again (linger %i)',
    async (linger) => {
      const { calls, work, undo, break: breakIt, mend } = workshop()
      const flow = workflow('flow', async () => {
        for (const name of ['a', 'b', 'c']) {
          await work(name)
          compensate(undo, name)
        }
        throw new FailError('no')
      })
      const { app } = await world({ linger }).open([flow])
      breakIt('undo b')
      const run = await app.start(flow)
      expect(await errorOf(run.result())).toMatchObject({ code: 'NEEDS_ATTENTION' })
      mend('undo b')
      await run.resume()
      expect(await errorOf(run.result())).toMatchObject({ code: 'RUN_FAILED', cause: { code: 'FAILED_ON_PURPOSE' } })
      expect(calls).toEqual(['a', 'b', 'c', 'undo c', 'undo b', 'undo b', 'undo a'])

      calls.length = 0
      breakIt('undo b')
      const other = await app.start(flow)
      await errorOf(other.result())
      await other.giveUp('by hand')
      await reaches(other, 'failed')
      expect(calls).toEqual(['a', 'b', 'c', 'undo c', 'undo b'])
    },
  )

  it('at the deadline of the run cancels what is open, compensates and fails it', async () => {
    const { calls, undo } = workshop()
    const flow = workflow('flow', async () => {
      compensate(undo, 'it')
      await sleep('1h')
    })
    for (const linger of lingers) {
      calls.length = 0
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow, undefined, { deadline: 30 })
      expect(await errorOf(run.result())).toMatchObject({ code: 'RUN_FAILED', cause: { code: 'DEADLINE_EXCEEDED' } })
      expect(calls).toEqual(['undo it'])
      expect((await run.status()).status).toBe('failed')
    }
    const limited = workflow('limited', { deadline: 20 }, async () => approval('ever?'))
    const { app } = await world().open([limited])
    expect(await errorOf(app.run(limited))).toMatchObject({ cause: { code: 'DEADLINE_EXCEEDED' } })
    expect((await app.approvals()).items).toEqual([])
  })

  it('is not begun before its delay', async () => {
    const flow = workflow('flow', async () => Date.now())
    const { app } = await world().open([flow])
    const at = Date.now()
    expect(await app.run(flow, undefined, { delay: 40 })).toBeGreaterThanOrEqual(at + 40)
  })
})

describe('a run that cannot be loaded', () => {
  it('needs attention, takes nobody along, and can be ended', async () => {
    const flow = workflow('flow', async () => sleep(20))
    const around = world({ linger: 0 })
    const first = await around.open([flow])
    const ids = await Promise.all([1, 2, 3].map(async () => (await first.app.start(flow)).id))
    first.crash()
    // as if what it holds had been erased
    const lossy = new Proxy(around.store, {
      get(target, name) {
        const method = Reflect.get(target, name) as unknown
        if (name !== 'claim') return typeof method === 'function' ? method.bind(target) : method
        return async (query: Parameters<typeof target.claim>[0]) =>
          (await target.claim(query)).map((loaded) =>
            ids.indexOf(loaded.row.run) < 2 ? { ...loaded, row: { ...loaded.row, secret: undefined } } : loaded,
          )
      },
    })
    const { app } = await around.open([flow], { store: lossy })
    const [one, two, fine] = await Promise.all(ids.map(async (id) => (await app.get(id)) as Run<unknown>))
    await fine?.result()
    expect(await one?.status()).toMatchObject({ status: 'needs attention', code: 'ERASED' })
    expect(await errorOf(one?.result() as Promise<unknown>)).toMatchObject({ cause: { code: 'ERASED' } })
    await one?.giveUp('it is gone')
    await reaches(one as Run<unknown>, 'failed')
    await two?.cancel('it is gone')
    await reaches(two as Run<unknown>, 'cancelled')
  })
})

describe('what happened', () => {
  it('is told with the failure: status, code, fingerprint, error', async () => {
    const { work, break: breakIt } = workshop()
    breakIt('x', () => Object.assign(new TypeError('x of order 4711 is "a"'), { code: 'E_X' }))
    breakIt('y', () => Object.assign(new TypeError('x of order 99 is "b"'), { code: 'E_X' }))
    const flow = workflow('flow', async (name: string) => work(name))
    const { app } = await world().open([flow])
    const [one, two] = await Promise.all(['x', 'y'].map((name) => app.start(flow, name)))
    await Promise.all([one, two].map((run) => errorOf(run?.result() as Promise<unknown>)))
    const state = await one?.status()
    expect(state).toMatchObject({ status: 'needs attention', code: 'E_X', error: { name: 'TypeError' } })
    expect(state?.fingerprint).toBe((await two?.status())?.fingerprint)
    expect((await app.list({ fingerprint: state?.fingerprint as string })).items.length).toBe(2)
  })

  it('is there as events, followed as they are committed until the run ends', async () => {
    const go = signal<number>('go')
    const { work } = workshop()
    const flow = workflow('flow', async () => {
      await work('a')
      const n = await go.wait()
      return n
    })
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    const seen: string[] = []
    const following = (async () => {
      for await (const event of run.events({ follow: true })) seen.push(`${event.index} ${event.kind}`)
    })()
    await until(
      () => seen.length,
      (n) => n === 2,
    )
    await run.signal(go, 5)
    await following
    expect(seen).toEqual(['0 run.started', '1 step.result', '2 signal.received', '3 run.completed'])
    const later: unknown[] = []
    for await (const event of run.events({ from: 1 })) later.push(event.payload)
    expect(later).toEqual([{ input: 'a', result: 'a done' }, 5, 5])
    expect(await kinds(around.store, run.id)).toHaveLength(4)
  })

  it('waits on when it is asked to, until it is mended', async () => {
    const { work, break: breakIt, mend } = workshop()
    breakIt('a')
    const flow = workflow('flow', async () => work('a'))
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    const patient = run.result({ onAttention: 'wait' })
    await reaches(run, 'needs attention')
    mend('a')
    await run.resume()
    expect(await patient).toBe('a done')
  })

  it('is shown while it goes on as progress', async () => {
    const held = gate()
    const long = step('long', async (_: void, { progress }) => {
      progress({ done: 3, of: 9 })
      await held.opened
    })
    const flow = workflow('flow', async (_, { progress }) => {
      progress('begun')
      await long()
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await until(
      () => run.progress(),
      (now) => JSON.stringify(now) === '{"done":3,"of":9}',
    )
    held.open()
    await run.result()
  })
})
