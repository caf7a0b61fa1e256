import {
  type App,
  ApprovalRejectedError,
  approval,
  child,
  compensate,
  each,
  FailError,
  now,
  OutcomeUnknownError,
  parallel,
  RunFailedError,
  race,
  random,
  signal,
  sleep,
  step,
  TimeoutError,
  uuid,
  workflow,
} from 'spanwise'
import { type Done, effect, type Job } from './effects.ts'
import { crunch, flaky, fragile, hanging, ledgered, once, picky, plain, quick, transfer, undo } from './steps.ts'

export const go = signal<number>('go')
export const other = signal<string>('other')
export const never = signal('never')

/** What every run of the workload begins with; `n` varies sizes and times. */
export interface Order {
  readonly n: number
}

const did = async (work: Promise<Done>): Promise<'done'> => {
  await work
  return 'done'
}

/** One after the other. Values that replay has to give again go into inputs: others would park the run. */
export const chain = workflow('chain', async ({ n }: Order) => {
  const length = 3 + (n % 5)
  const times: number[] = []
  for (let i = 0; i < length; i++) {
    await plain({ label: `${i}`, ms: (n * 7 + i * 3) % 12 })
    times.push(now().getTime())
    await quick({ label: `at ${now().toISOString()} ${random()} ${uuid()} ${i}` })
  }
  return { length, ordered: times.every((time, i) => i === 0 || time >= (times[i - 1] as number)) }
})

/** Everything that a step can promise. */
export const promises = workflow('promises', async ({ n }: Order) => {
  await flaky({ label: 'flaky' })
  const sent: string[] = []
  for (let i = 0; i < 3; i++) {
    try {
      sent.push(await did(once({ label: `once ${i}`, ms: (n + i) % 7 })))
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError)) throw error
      sent.push('unknown')
    }
  }
  await ledgered({ label: 'fine' })
  await ledgered({ label: 'before', trouble: 'before' })
  await ledgered({ label: 'after', trouble: 'after' })
  await hanging({ label: 'hanging' })
  return sent
})

export const money = workflow('money', async ({ n }: Order) => {
  const count = 2 + (n % 4)
  await plain({ label: 'first' })
  await Promise.all(Array.from({ length: count }, (_, i) => transfer({ label: `together ${i}` })))
  for (let i = 0; i < count; i++) {
    await transfer({ label: `${i}` })
    if (i % 2 === 0) await plain({ label: `between ${i}`, ms: n % 5 })
  }
  return count * 2
})

export const threads = workflow('threads', async ({ n }: Order) => {
  const both = await Promise.all([
    did(crunch({ label: 'a', ms: n % 9 })),
    did(plain({ label: 'b', ms: 4 })),
    did(crunch({ label: 'c' })),
  ])
  return both.length
})

/** Four signals, from whoever; some are early, some meet a wait. */
export const waits = workflow('waits', async ({ n }: Order) => {
  const got: number[] = [await go.wait()]
  await sleep(10 + (n % 30))
  await plain({ label: 'awake' })
  got.push(await go.wait({ timeout: '1h' }))
  const silence = await never.wait({ timeout: 5 + (n % 20) }).catch((error: unknown) => {
    if (error instanceof TimeoutError) return 'silence'
    throw error
  })
  const first = await race({ go: () => go.wait(), late: () => sleep('1h') })
  if (first.key === 'go') got.push(first.value)
  await plain({ label: 'late', ms: n % 5 })
  got.push(await go.wait())
  return { got, silence }
})

export const asks = workflow('asks', async ({ n }: Order) => {
  await plain({ label: 'before' })
  try {
    if (n % 3 === 2) {
      const answer = await approval.ask('anybody?', { timeout: 30 })
      await plain({ label: 'after' })
      return answer.status
    }
    const { by } = await approval(`may run ${n} go on?`, { role: 'boss', of: { n } })
    await plain({ label: 'after' })
    return by
  } catch (error) {
    if (error instanceof ApprovalRejectedError) return `no from ${error.by}`
    throw error
  }
})

const listener = workflow('listener', async (_: Order) => {
  const heard = await other.wait()
  await plain({ label: 'heard' })
  return heard
})

const sleeper = workflow('sleeper', async (_: Order) => {
  try {
    await sleep('1h')
  } finally {
    await plain({ label: 'cleaned up' }).catch(() => undefined)
  }
})

/** the app of this process, for steps that talk to other runs; a pool thread has none */
export const here: { app: App | undefined } = { app: undefined }

const tell = step('tell', async ({ label, run }: Job & { run: string }, context): Promise<Done> => {
  const done = effect('tell', label, context)
  const told = await here.app?.get(run)
  await told?.signal(other, 'psst', { sendId: context.idempotencyKey }).catch((error: { code?: unknown }) => {
    // it had been told before the crash, and has ended since
    if (error.code !== 'RUN_ENDED') throw error
  })
  return done
})

export const family = workflow('family', async ({ n }: Order) => {
  const result = await child(chain, { n: n + 1 })
  const told = await child.start(listener, { n })
  if (n % 2 === 0) await told.signal(other, 'psst')
  else await tell({ label: 'tell', run: told.id })
  const unwanted = await child.start(sleeper, { n })
  await plain({ label: 'meanwhile', ms: n % 8 })
  await unwanted.cancel('not needed')
  const heard = await told.result()
  const ended = await unwanted.result().catch((error: unknown) => {
    if (error instanceof RunFailedError) return 'cancelled'
    throw error
  })
  await child.start(sleeper, { n: n + 1_000 })
  return { length: result.length, heard, ended }
})

/** The same run again and again, with what it needs to go on in its input. */
export const rounds = workflow(
  'rounds',
  async ({ n, round = 0, sum = 0 }: Order & { round?: number; sum?: number }, context) => {
    await quick({ label: `round ${round}` })
    const heard = round === 2 ? await go.wait() : 0
    await plain({ label: `rest of ${round}`, ms: n % 4 })
    if (round < 4) return context.continueAs({ n, round: round + 1, sum: sum + round + heard })
    return sum + round
  },
)

export const list = workflow('list', async ({ n }: Order) => {
  const items = Array.from({ length: 20 + (n % 20) }, (_, i) => i)
  const outcomes = await each(items, { key: (i) => `item-${i}`, concurrency: 6, onError: 'collect' }, async (i) => {
    await picky({ label: `picky ${i}`, ms: (i + n) % 4 })
    if (i % 5 === 0) await sleep(3)
    return did(quick({ label: `quick ${i}` }))
  })
  return outcomes.map((outcome) => (outcome.ok ? 1 : 0)).join('')
})

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    yield i
  }
}

const weigh = step('weigh', ({ label }: Job, context): Done => effect('weigh', label, context))

/** Long enough for snapshots, pulled as places become free. */
export const stream = workflow('stream', async ({ n }: Order) => {
  const count = 560 + (n % 100)
  const results = await each(numbers(count), { key: (i) => `item-${i}`, concurrency: 12, snapshot: true }, async (i) =>
    did(weigh({ label: `${i}` })),
  )
  return results.length
})

/** The same from an array, with a step alone: snapshots need no promise then. */
export const bulk = workflow('bulk', async ({ n }: Order) => {
  const jobs = Array.from({ length: 520 + (n % 50) }, (_, i): Job => ({ label: `${i}` }))
  const results = await each(jobs, { key: ({ label }) => `item-${label}`, concurrency: 24 }, weigh)
  await plain({ label: 'after' })
  return results.length
})

/** Every item is about a person with a secret of their own. */
export const people = workflow('people', async ({ n }: Order) => {
  const names = Array.from({ length: 12 + (n % 6) }, (_, i) => i)
  const results = await each(
    names,
    { key: (i) => `item-${i}`, concurrency: 4, subject: (i) => `person-${i % 7}` },
    async (i) => did(plain({ label: `${i}`, ms: i % 3 })),
  )
  return results.length
})

export const branches = workflow('branches', async ({ n }: Order) => {
  const { left, right, deep } = await parallel({
    left: async () => {
      await plain({ label: 'left', ms: n % 6 })
      return did(quick({ label: 'left again' }))
    },
    right: async () => did(flaky({ label: 'right' })),
    deep: () => parallel({ a: () => did(plain({ label: 'a' })), b: () => sleep(5) }),
  })
  const winner = await race({
    fast: async () => did(plain({ label: 'fast', ms: 2 })),
    slow: async () => did(plain({ label: 'slow', ms: 30 })),
    never: () => sleep('1h'),
  })
  await quick({ label: `after ${winner.key}` })
  return { left, right, deep: deep.a, winner: winner.key }
})

export const undone = workflow('undone', async ({ n }: Order) => {
  for (let i = 0; i < 3; i++) {
    await plain({ label: `book ${i}`, ms: n % 4 })
    compensate(undo, { label: `undo ${i}` })
  }
  throw new FailError('nobody wants it')
})

/** Waits for something that never comes; whoever started it cancels it. */
export const stopped = workflow('stopped', async ({ n }: Order) => {
  await plain({ label: 'before', ms: n % 4 })
  compensate(undo, { label: 'undo' })
  await never.wait()
})

/** Needs attention until the world is mended and somebody resumes it. */
export const mended = workflow('mended', async ({ n }: Order) => {
  await plain({ label: 'before', ms: n % 4 })
  await fragile({ label: 'fragile' })
  await plain({ label: 'after' })
  return 'mended'
})

export const started = {
  chain,
  promises,
  money,
  threads,
  waits,
  asks,
  family,
  rounds,
  list,
  stream,
  bulk,
  people,
  branches,
  undone,
  stopped,
  mended,
} as const
export type Kind = keyof typeof started
export const workflows = [...Object.values(started), listener, sleeper]
