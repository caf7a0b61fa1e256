import { describe, expect, it } from 'vitest'
import {
  approval,
  changed,
  child,
  each,
  isSpanwiseError,
  type Run,
  race,
  signal,
  sleep,
  step,
  type Workflow,
  workflow,
} from '../packages/spanwise/src/index.ts'
import { expectSteps, journal, type NextCode, type TestApp, testApp } from '../packages/spanwise/src/testing/index.ts'

// Code changes while a run is part-way: what does the run do when it meets the new code, and does it go on when the old is back?

const done: string[] = []
const record = (name: string) => (input: string) => {
  done.push(name)
  return `${input}.${name}`
}
const one = step('one', record('one'))
const two = step('two', record('two'))
const three = step('three', record('three'))
const four = step('four', record('four'))
const tolerant = step('tolerant', { onDrift: 'keep' }, record('tolerant'))
const go = signal('go')
const later = workflow('later', async (input: string) => {
  await go.wait()
  return three(input)
})

/** true: the next fragile step that is called does not come to an end in this process */
let hanging = false
async function perhapsHang(input: string): Promise<string> {
  if (!hanging) return record('fragile')(input)
  hanging = false
  return new Promise(() => {})
}
const fragile = step('fragile', perhapsHang)
const once = step('once', { effect: 'at-most-once' }, perhapsHang)
const flaky = step('flaky', { attempts: 5, backoff: '1h' }, async (input: string) => {
  if (!hanging) return record('flaky')(input)
  hanging = false
  throw new Error('not yet')
})

type Body = () => Promise<unknown>
const flow = (body: Body): Workflow<void, unknown> => workflow('flow', body)

interface Outcome {
  readonly app: TestApp
  readonly run: Run<unknown>
  /** output, or the error that parked the run */
  readonly output?: unknown
  readonly code?: string | undefined
  readonly message?: string | undefined
}

/** How a run gets part-way under the old code, and meets the new one. */
const ways = {
  async waiting(app: TestApp, next: NextCode) {
    await app.idle()
    await app.restart(next)
  },
  async crashed(app: TestApp, next: NextCode) {
    await app.advance(0)
    await app.crash(next)
  },
}

async function meet(old: Body, next: Body, how: keyof typeof ways = 'waiting'): Promise<Outcome> {
  done.length = 0
  hanging = how === 'crashed'
  const app = await testApp({ workflows: [flow(old), later] })
  const run = await app.start(flow(old))
  await ways[how](app, { workflows: [flow(next), later] })
  await run.signal(go)
  return { app, run, ...(await outcome(run)) }
}

async function outcome(run: Run<unknown>): Promise<Pick<Outcome, 'output' | 'code' | 'message'>> {
  try {
    return { output: await run.result() }
  } catch (error) {
    if (!isSpanwiseError(error) || !isSpanwiseError(error.cause)) throw error
    return { code: error.cause.code, message: error.cause.message }
  }
}

/** Brings the old code back and resumes. */
async function mend({ app, run }: Outcome, old: Body): Promise<unknown> {
  expect((await run.status()).status).toBe('needs attention')
  await app.restart({ workflows: [flow(old), later] })
  await run.resume()
  const output = await run.result()
  await app.close()
  return output
}

function diff(at: number, ...lines: string[]): string {
  return `The code no longer fits the history of this run. After entry ${at} the history has (-) and the code asks for (+):\n${lines.map((line) => `  ${line}`).join('\n')}`
}

const base: Body = async () => {
  const a = await one('x')
  const b = await two(a)
  await go.wait()
  return three(b)
}
const goesOn: Record<
  string,
  { readonly old?: Body; readonly next: Body; readonly output: unknown; readonly does: string[] }
> = {
  'a step is added after what was recorded': {
    async next() {
      const b = await two(await one('x'))
      await go.wait()
      return four(await three(b))
    },
    output: 'x.one.two.three.four',
    does: ['one', 'two', 'three', 'four'],
  },
  'a step is added in parallel: it is done late, and the others not again': {
    async next() {
      const a = await one('x')
      const [b, c] = await Promise.all([two(a), four(a)])
      await go.wait()
      return [await three(b), c]
    },
    output: ['x.one.two.three', 'x.one.four'],
    does: ['one', 'two', 'four', 'three'],
  },
  'steps that run at once change places': {
    async old() {
      const [a, b] = await Promise.all([one('x'), two('y')])
      await go.wait()
      return a + b
    },
    async next() {
      const [b, a] = await Promise.all([two('y'), one('x')])
      await go.wait()
      return a + b
    },
    output: 'x.oney.two',
    does: ['one', 'two'],
  },
  'only plain code between the steps changes': {
    async next() {
      const b = (await two(await one('x'))).toUpperCase()
      await go.wait()
      return three(b)
    },
    output: 'X.ONE.TWO.three',
    does: ['one', 'two', 'three'],
  },
  'a loop gets longer': {
    async old() {
      for (let i = 0; i < 2; i++) await one(String(i))
      await go.wait()
    },
    async next() {
      let last = ''
      for (let i = 0; i < 2; i++) last = await one(String(i))
      await go.wait()
      for (let i = 2; i < 4; i++) last = await one(String(i))
      return last
    },
    output: '3.one',
    does: ['one', 'one', 'one', 'one'],
  },
  'the wait that it stands at is removed': {
    async next() {
      return three(await two(await one('x')))
    },
    output: 'x.one.two.three',
    does: ['one', 'two', 'three'],
  },
  'an input changes where the recorded result still serves': {
    async old() {
      const a = await tolerant('x')
      await go.wait()
      return a
    },
    async next() {
      const a = await tolerant('another')
      await go.wait()
      return a
    },
    output: 'x.tolerant',
    does: ['tolerant'],
  },
}

const parks: Record<
  string,
  {
    readonly old?: Body
    readonly next: Body
    readonly code?: string
    readonly message: string
    readonly output?: unknown
  }
> = {
  'a step is added in the middle': {
    async next() {
      const b = await two(await four(await one('x')))
      await go.wait()
      return three(b)
    },
    message: diff(1, '- two#0 (step)', '+ four#0 (step)'),
  },
  'a step is added at the beginning': {
    async next() {
      await four('x')
      return base()
    },
    message: diff(0, '- one#0 (step)', '+ four#0 (step)'),
  },
  'a step is removed': {
    async next() {
      const a = await one('x')
      await go.wait()
      return three(a)
    },
    message: diff(1, '- two#0 (step)', '+ signal(go)#0 (signal)'),
  },
  'the last recorded step is removed, and nothing comes after it': {
    next: async () => one('x'),
    message: diff(1, '- two#0 (step)'),
  },
  'every step is removed': {
    next: async () => 'nothing',
    message: diff(0, '- one#0 (step)'),
  },
  'a step is renamed': {
    async next() {
      const b = await tolerant(await one('x'))
      await go.wait()
      return three(b)
    },
    message: diff(1, '- two#0 (step)', '+ tolerant#0 (step)'),
  },
  'two steps change places': {
    async next() {
      const a = await two('x')
      const b = await one(a)
      await go.wait()
      return three(b)
    },
    message: diff(0, '- one#0 (step)', '+ two#0 (step)'),
  },
  'another branch is taken': {
    async next() {
      const a = await one('x')
      const b = a === 'x' ? await two(a) : await four(a)
      await go.wait()
      return three(b)
    },
    message: diff(1, '- two#0 (step)', '+ four#0 (step)'),
  },
  'a loop gets shorter': {
    async old() {
      for (let i = 0; i < 3; i++) await one(String(i))
      await go.wait()
      return 'three times'
    },
    async next() {
      for (let i = 0; i < 2; i++) await one(String(i))
      await go.wait()
      return 'twice'
    },
    message: diff(2, '- one#2 (step)', '+ signal(go)#0 (signal)'),
    output: 'three times',
  },
  'steps that came one after the other run at once': {
    async next() {
      const [a] = await Promise.all([one('x'), two('x.one')])
      await go.wait()
      return three(a)
    },
    message: diff(1, '- two#0 (step), asked for earlier: after entry 0'),
  },
  'steps that ran at once come one after the other': {
    async old() {
      const [a, b] = await Promise.all([one('x'), two('y')])
      await go.wait()
      return a + b
    },
    async next() {
      const a = await one('x')
      const b = await two('y')
      await go.wait()
      return a + b
    },
    message: diff(0, '- two#0 (step)'),
    output: 'x.oney.two',
  },
  'an input changes': {
    async next() {
      const b = await two(await one('another'))
      await go.wait()
      return three(b)
    },
    code: 'INPUT_CHANGED',
    message: '"one#0" was recorded with another input than the code passes now.',
  },
  'a part of an input changes': {
    async old() {
      const a = await detailed({ order: { id: 'o-1', lines: [1, 2] }, by: 'ann' })
      await go.wait()
      return a
    },
    async next() {
      const a = await detailed({ order: { id: 'o-1', lines: [1, 3] }, on: 'monday' })
      await go.wait()
      return a
    },
    code: 'INPUT_CHANGED',
    message:
      '"detailed#0" was recorded with another input than the code passes now: it differs at .order.lines[1], .by, .on.',
    output: 'o-1',
  },
  'the question of an open approval changes': {
    async old() {
      return race({ ask: () => approval('refund 5?'), go: () => go.wait() })
    },
    async next() {
      return race({ ask: () => approval('refund 500?'), go: () => go.wait() })
    },
    code: 'INPUT_CHANGED',
    message: '"race#0/ask/approval#0" was recorded with another input than the code passes now.',
    output: { key: 'go', value: undefined },
  },
  'the input of a child that is under way changes': {
    async old() {
      return race({ later: () => child(later, 'x'), go: () => go.wait() })
    },
    async next() {
      return race({ later: () => child(later, 'y'), go: () => go.wait() })
    },
    code: 'INPUT_CHANGED',
    message: '"race#0/later/child(later)#0" was recorded with another input than the code passes now.',
    output: { key: 'go', value: undefined },
  },
  'an item of each is gone': {
    async old() {
      const all = await each(['a', 'b'], { key: (item) => item }, async (item) => one(item))
      await go.wait()
      return all
    },
    async next() {
      const all = await each(['a', 'c'], { key: (item) => item }, async (item) => one(item))
      await go.wait()
      return all
    },
    message: diff(0, '- each#0[…]/one#0 (step)', '+ each#0[c]/one#0 (step)'),
    output: ['a.one', 'b.one'],
  },
  'a branch of parallel work is renamed': {
    async old() {
      return race({ slow: () => one('x').then(() => sleep('1d')), go: () => go.wait() })
    },
    async next() {
      return race({ fast: () => one('x').then(() => sleep('1d')), go: () => go.wait() })
    },
    message: diff(0, '- race#0/slow/one#0 (step)', '+ race#0/fast/one#0 (step)', '+ race#0/go/signal(go)#0 (signal)'),
    output: { key: 'go', value: undefined },
  },
}

const detailed = step(
  'detailed',
  (input: { readonly order: { readonly id: string; readonly lines: readonly number[] }; by?: string; on?: string }) =>
    input.order.id,
)

describe('a waiting run goes on when', () => {
  it.each(Object.entries(goesOn))('%s', async (_, { old = base, next, output, does }) => {
    const met = await meet(old, next)
    expect(met).toMatchObject({ output })
    expect(done).toEqual(does)
    await met.app.close()
  })
})

describe('a waiting run parks, with a difference that can be read, and goes on when the old code is back, when', () => {
  it.each(Object.entries(parks))('%s', async (_, { old = base, next, code = 'SHAPE_CHANGED', message, output }) => {
    const met = await meet(old, next)
    expect(met.message?.replace(/\[[\w-]{8,}\]/g, '[…]')).toBe(message)
    expect(met.code).toBe(code)
    const before = [...done]
    expect(await mend(met, old)).toEqual(output ?? 'x.one.two.three')
    // nothing was done twice
    expect(done.slice(0, before.length)).toEqual(before)
    if (old === base) expect(done).toEqual(['one', 'two', 'three'])
  })
})

describe('a run whose process died during a step', () => {
  const old = async () => three(await fragile(await one('x')))

  it('takes what the new code has in its place: nothing of it is on record', async () => {
    const met = await meet(old, async () => three(await four(await one('x'))), 'crashed')
    expect(met.output).toBe('x.one.four.three')
    expect(done).toEqual(['one', 'four', 'three'])
    await met.app.close()
  })

  it('parks when what came before it has changed', async () => {
    const met = await meet(old, async () => three(await fragile(await four(await one('x')))), 'crashed')
    // the new step fits: it is asked for where history ends
    expect(met.output).toBe('x.one.four.fragile.three')
    await met.app.close()
    const other = await meet(old, async () => three(await fragile(await two('x'))), 'crashed')
    expect(other.message).toBe(diff(0, '- one#0 (step)', '+ two#0 (step)'))
    expect(await mend(other, old)).toBe('x.one.fragile.three')
    expect(done).toEqual(['one', 'fragile', 'three'])
  })

  it('parks when the step is gone and has an intent: its effect may have happened', async () => {
    const careful = async () => {
      try {
        return await once(await one('x'))
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    const met = await meet(careful, async () => one('x'), 'crashed')
    expect(met.message).toBe(diff(1, '- once#0 (step)'))
    expect(await mend(met, careful)).toBe('OUTCOME_UNKNOWN')
    expect(done).toEqual(['one'])
  })

  it('parks when the input of a step with an intent is another: its key was used for the old one', async () => {
    const careful = (input: string) => async () => {
      await one('x')
      return once(input).catch((error: { code: string }) => error.code)
    }
    const met = await meet(careful('a'), careful('b'), 'crashed')
    expect(met).toMatchObject({
      code: 'INPUT_CHANGED',
      message: '"once#0" was recorded with another input than the code passes now.',
    })
    expect(await mend(met, careful('a'))).toBe('OUTCOME_UNKNOWN')
  })

  it('parks when the input of a step between two attempts is another', async () => {
    const retried = (input: string) => async () => flaky(await one(input))
    const met = await meet(retried('x'), async () => flaky(`${await one('x')}!`), 'crashed')
    expect(met.code).toBe('INPUT_CHANGED')
    expect(await mend(met, retried('x'))).toBe('x.one.flaky')
    expect(done).toEqual(['one', 'flaky'])
  })
})

describe('changed()', () => {
  const next = (mark: () => boolean) => async () => {
    const a = await one('x')
    const b = mark() ? await four(a) : await two(a)
    await go.wait()
    return three(b)
  }

  it('takes runs whose history went past it the old way, and new runs the new one', async () => {
    const code = next(() => changed('four is better'))
    const met = await meet(base, code)
    expect(met.output).toBe('x.one.two.three')
    expect(done).toEqual(['one', 'two', 'three'])
    const fresh = await met.app.start(flow(code))
    await met.app.idle()
    // replayed from here on: it stays on the new way
    await fresh.signal(go)
    expect(await fresh.result()).toBe('x.one.four.three')
    await expectSteps(fresh, ['one', 'four', 'three'])
    expect((await journal(fresh)).filter(({ kind }) => kind === 'note')).toMatchObject([{ meta: { changed: true } }])
    await met.app.close()
  })

  it('takes a run the new way that had not come so far', async () => {
    const code = next(() => changed('four is better'))
    const met = await meet(
      async () => three(await two(await fragile(await one('x')))),
      async () => {
        const a = await fragile(await one('x'))
        return three(changed('four is better') ? await four(a) : await two(a))
      },
      'crashed',
    )
    expect(met.output).toBe('x.one.fragile.four.three')
    await met.app.close()
    const crashed = await meet(async () => three(await two(await fragile(await one('x')))), code, 'crashed')
    expect(crashed.output).toBe('x.one.four.three')
    await crashed.app.close()
  })

  it('may be removed when no old run is left', async () => {
    const met = await meet(
      next(() => changed('four is better')),
      next(() => true),
    )
    expect(met.output).toBe('x.one.four.three')
    await met.app.close()
  })

  it('that is removed too early parks the run; with the mark back it goes on', async () => {
    const met = await meet(
      base,
      next(() => true),
    )
    expect(met.message).toBe(diff(1, '- two#0 (step)', '+ four#0 (step)'))
    expect(
      await mend(
        met,
        next(() => changed('four is better')),
      ),
    ).toBe('x.one.two.three')
    expect(done).toEqual(['one', 'two', 'three'])
  })

  it('that is taken back parks the runs that went the new way', async () => {
    const met = await meet(
      next(() => changed('four is better')),
      base,
    )
    expect(met.message).toBe(diff(1, '- four#0 (step)', '+ two#0 (step)'))
    expect(
      await mend(
        met,
        next(() => changed('four is better')),
      ),
    ).toBe('x.one.four.three')
  })

  it('in a loop lets the rounds that are recorded be, and takes the others the new way', async () => {
    const loop = (work: (i: number) => Promise<string>) => async () => {
      const all: string[] = []
      for (let i = 0; i < 4; i++) {
        all.push(await work(i))
        if (i === 1) await go.wait()
      }
      return all
    }
    const met = await meet(
      loop((i) => one(String(i))),
      loop((i) => (changed('two in the loop') ? two(String(i)) : one(String(i)))),
    )
    expect(met.output).toEqual(['0.one', '1.one', '2.two', '3.two'])
    // and the same again, from its history
    await met.app.close()
  })

  it('in a loop is the same on every replay', async () => {
    const loop = (work: (i: number) => Promise<string>) => async () => {
      const all: string[] = []
      for (let i = 0; i < 6; i++) {
        all.push(await work(i))
        await sleep('1h')
      }
      return all
    }
    await using app = await testApp({ workflows: [flow(loop((i) => one(String(i))))] })
    const run = await app.start(flow(loop((i) => one(String(i)))))
    await app.advance('2h')
    await app.restart({
      workflows: [flow(loop((i) => (changed('two in the loop') ? two(String(i)) : one(String(i)))))],
    })
    // every sleep is a replay of all that came before
    expect(await run.result()).toEqual(['0.one', '1.one', '2.one', '3.two', '4.two', '5.two'])
  })

  it('in branches that run at once looks at its own branch only where history tells', async () => {
    const code = (work: (a: string) => Promise<string>) => async () =>
      (
        await each(['x', 'y'], { key: (item) => item }, async (item) => {
          const a = await one(item)
          if (item === 'x') await go.wait()
          return work(a)
        })
      ).join()
    const met = await meet(
      code((a) => two(a)),
      code((a) => (changed('four') ? four(a) : two(a))),
    )
    expect(met.output).toBe('x.one.four,y.one.two')
    await met.app.close()
  })

  it('with two reasons marks two changes', async () => {
    const code = async () => {
      const a = await one('x')
      const b = changed('first') ? await four(a) : await two(a)
      await go.wait()
      return changed('second') ? four(b) : three(b)
    }
    const met = await meet(base, code)
    expect(met.output).toBe('x.one.two.four')
    await met.app.close()
  })
})
