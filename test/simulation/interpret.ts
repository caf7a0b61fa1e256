import { z } from 'zod'
import { graph } from '../../packages/spanwise/src/graph/index.ts'
import {
  approval,
  changed,
  child,
  compensate,
  each,
  FailError,
  now,
  parallel,
  race,
  random,
  signal,
  sleep,
  uuid,
  type WorkflowContext,
} from '../../packages/spanwise/src/index.ts'
import { converse } from './agents.ts'
import type { Input, Letter, Player } from './player.ts'
import type { Block, Node } from './program.ts'
import { type Done, type Job, steps, undo, work } from './steps.ts'

export const signals = { ping: signal<Letter>('ping'), pong: signal<Letter>('pong') }

interface Frame {
  readonly player: Player
  readonly input: Input
  readonly context: WorkflowContext<Input>
  readonly trace: string[]
  readonly item: number | undefined
  readonly begun: Promise<unknown>[]
  readonly life: Life
}

/** A branch is over when its construct says so: what it waited for must not come any more. */
interface Life {
  readonly within: Life | undefined
  over: boolean
}

/** What was there already is handed over in the same turn. */
function end(life: Life): void {
  setImmediate(() => {
    life.over = true
  })
}

function isOver({ over, within }: Life): boolean {
  return over || (within !== undefined && isOver(within))
}

export async function interpret(player: Player, input: Input, context: WorkflowContext<Input>): Promise<unknown> {
  const { trace } = player
  const frame: Frame = {
    player,
    input,
    context,
    trace,
    item: undefined,
    begun: [],
    life: { within: undefined, over: false },
  }
  try {
    trace.push(`generation ${input.generation}`)
    await run(frame, player.programs[input.program] ?? [])
    trace.push('returned')
    return { said: trace.length, generation: input.generation }
  } catch (error) {
    trace.push(`threw ${nameOf(error)}`)
    throw error
  }
}

const waits: ReadonlySet<Node['do']> = new Set<Node['do']>(['step', 'sleep', 'wait', 'approve', 'child'])

async function run(frame: Frame, block: Block): Promise<void> {
  for (const node of block) {
    frame.trace.push(`> ${node.site}`)
    try {
      const value = await perform(frame, node)
      if (waits.has(node.do) && isOver(frame.life)) frame.player.wrong(`${node.site} goes on, and its branch is over`)
      frame.trace.push(`< ${node.site} ${show(value)}`)
    } catch (error) {
      frame.trace.push(`! ${node.site} ${nameOf(error)}`)
      throw error
    }
  }
}

async function perform(frame: Frame, node: Node): Promise<unknown> {
  const { player, item } = frame
  const { site } = node
  switch (node.do) {
    case 'step':
      return expectDone(
        player,
        { site, item },
        await steps[node.step]({ site, item, fail: node.fail, after: node.after }),
      )
    case 'sleep': {
      const from = now().getTime()
      await sleep(node.ms)
      if (now().getTime() < from + node.ms) player.wrong(`${site} slept ${now().getTime() - from} of ${node.ms} ms`)
      return now()
    }
    case 'wait': {
      const letter = await signals[node.signal].wait(node.timeout === undefined ? {} : { timeout: node.timeout })
      if (letter.signal !== node.signal) player.wrong(`${site} waits for ${node.signal} and got a ${letter.signal}`)
      player.took.push(letter)
      return letter.serial
    }
    case 'approve': {
      const options = node.timeout === undefined ? {} : { timeout: node.timeout }
      if (node.ask) return (await approval.ask(site, options)).status
      return (await approval(site, options)).by
    }
    case 'child':
      return family(frame, node)
    case 'each':
      return within(frame, (inner) => many(inner, node))
    case 'graph':
      return within(frame, () => roundabout(player, node))
    case 'agent':
      return within(frame, () => converse(player, node, frame.input, item))
    case 'parallel': {
      const results = await within(frame, (inner) => parallel(branchesOf(inner, node.branches)))
      if (Object.keys(results).length !== node.branches.length) player.wrong(`${site} lost a branch`)
      return results
    }
    case 'race':
      return (await within(frame, (inner) => race(branchesOf(inner, node.branches)))).key
    case 'all':
      return Promise.all(node.branches.map((branch) => run(frame, branch)))
    case 'compensate':
      player.undo.push(item === undefined ? site : `${site} ${item}`)
      compensate(undo, { site, item, fail: node.fail, after: false } satisfies Job)
      return
    case 'fail':
      throw new FailError(site)
    case 'throw':
      throw new Error(`thrown at ${site}`)
    case 'again':
      if (frame.input.generation >= node.generations) return
      return frame.context.continueAs({ ...frame.input, generation: frame.input.generation + 1 })
    case 'values':
      return [now(), random(), uuid()]
    case 'changed':
      return run(frame, player.version === 1 && changed(site) ? node.now : node.before)
    case 'if':
      return run(frame, random() < 0.5 ? node.yes : node.no)
    case 'try':
      return attempt(frame, node)
    case 'forget':
      void work({ site, item, fail: node.fail, after: false })
      return
    case 'begin': {
      const work = run(frame, node.body)
      work.catch(() => {})
      frame.begun.push(work)
      return
    }
    case 'join':
      return Promise.all(frame.begun.splice(0))
  }
}

async function within<T>(frame: Frame, work: (inner: Frame) => Promise<T>): Promise<T> {
  const life: Life = { within: frame.life, over: false }
  try {
    return await work({ ...frame, life })
  } finally {
    end(life)
  }
}

function branchesOf(frame: Frame, branches: readonly Block[]): Record<string, () => Promise<void>> {
  // what a branch begins is over with it
  return Object.fromEntries(branches.map((branch, i) => [`b${i}`, () => run({ ...frame, begun: [] }, branch)]))
}

async function attempt(frame: Frame, node: Extract<Node, { do: 'try' }>): Promise<void> {
  try {
    await run(frame, node.body)
  } catch (error) {
    if (node.rescue === undefined) throw error
    await run(frame, node.rescue)
  } finally {
    if (node.last !== undefined) await run(frame, node.last)
  }
}

async function family(frame: Frame, node: Extract<Node, { do: 'child' }>): Promise<unknown> {
  const { player, item, context } = frame
  const input: Input = { program: node.program, generation: 0 }
  const options = { onParentClose: node.close, ...(node.id === undefined ? {} : { id: node.id }) }
  if (node.how === 'call') return child(player.sub, input, options)
  const handle = await child.start(player.sub, input, options)
  if (node.how === 'start and leave') return handle.id
  if (node.how === 'start and cancel') await handle.cancel(`by ${node.site}`)
  if (node.how === 'start and tell') {
    // a run that continued tells again, and a shared child outlives the first time
    const serial = `${context.run.id}/${frame.input.generation}/${node.site}/${item}`
    await handle.signal(signals.ping, { signal: 'ping', serial })
  }
  return handle.result()
}

async function many(frame: Frame, node: Extract<Node, { do: 'each' }>): Promise<unknown> {
  const { player } = frame
  const { site } = node
  const jobs = Array.from(
    { length: node.items },
    (_, i): Job => ({ site, item: i, fail: i % 3 === 2 ? 1 : 0, after: false }),
  )
  const source = node.source === 'list' ? jobs : stream(player, jobs, node.source === 'broken stream')
  const options = {
    key: (job: Job) => `i${job.item}`,
    concurrency: node.concurrency,
    onError: node.collect ? 'collect' : 'stop',
  } as const
  const { body } = node
  const results =
    body === 'step'
      ? await each(source, options, work)
      : await each(source, options, async (job) => {
          // what an item says is its result: finished items need not be run again
          const inner: Frame = { ...frame, trace: [], item: job.item, begun: [] }
          await run(inner, body)
          return inner.trace
        })
  for (const [i, result] of (results as readonly unknown[]).entries()) {
    const outcome = result as {
      readonly ok?: boolean
      readonly key?: string
      readonly item?: Job
      readonly value?: unknown
    }
    if (node.collect && (outcome.key !== `i${i}` || outcome.item?.item !== i))
      player.wrong(`${site} has ${outcome.key} in the place of item ${i}`)
    const value = node.collect ? (outcome.ok === true ? outcome.value : undefined) : result
    if (body === 'step' && value !== undefined) expectDone(player, { site, item: i }, value as Done)
  }
  const whole = node.source === 'broken stream' ? Math.floor(node.items / 2) : node.items
  if (results.length !== whole) player.wrong(`${site} has ${results.length} results of ${whole} items`)
  return results
}

const Round = z.object({ round: z.number(), got: z.array(z.string()) })

/** Each round: items at once beside a node of its own; both come to a join, and a route leads back. */
async function roundabout(player: Player, node: Extract<Node, { do: 'graph' }>): Promise<unknown> {
  const { site, rounds, width, join } = node
  const job = (round: number, place: number): Job => ({
    site,
    item: round * 10 + place,
    fail: place % 3 === 1 ? node.fail : 0,
    after: false,
  })
  const name = (one: Pick<Job, 'item'>): string => String(one.item)
  const expected = (round: number): readonly Job[] => Array.from({ length: width }, (_, i) => job(round, i))
  const around = graph(`around-${site}`, { state: Round, reducers: { got: 'append' }, maxSteps: 3 * rounds + 1 })
    .each('many', work, {
      over: ({ round }) => expected(round),
      output: (outcomes) => ({
        got: outcomes.map((one) => (one.ok ? name(expectDone(player, one.item, one.value)) : one.key)),
      }),
    })
    .node('one', work, {
      input: ({ round }) => job(round, 9),
      output: (done, { round }) => ({ got: name(expectDone(player, job(round, 9), done)) }),
    })
    .body('meet', async ({ round }) => {
      await sleep(round % 2)
      return { round: round + 1 }
    })
    .edge('start', 'many')
    .edge('start', 'one')
    .edge(['many', 'one'], 'meet', { join })
    .route(
      'meet',
      ({ round }) => (round < rounds ? ['many', 'one'] : ['end']),
      { many: 'many', one: 'one', end: 'end' },
      { many: true },
    )
  const { round, got } = await around({ round: 0, got: [] })
  // an operator's result names another job
  const all = Array.from({ length: rounds }, (_, i) => [...expected(i), job(i, 9)].map(name)).flat()
  const wrong = got.length !== all.length || got.some((one, i) => one !== all[i] && one !== 'undefined')
  if (round !== rounds || wrong) player.wrong(`${site} came to round ${round} of ${rounds} with ${got.join(' ')}`)
  return got
}

async function* stream(player: Player, jobs: readonly Job[], breaks: boolean): AsyncGenerator<Job> {
  for (const [i, job] of jobs.entries()) {
    await player.pause()
    if (breaks && i >= Math.floor(jobs.length / 2)) throw new Error('the source broke')
    yield job
  }
}

/** A result must be of the step that was called, unless an operator put another one in its place. */
function expectDone(player: Player, job: Pick<Job, 'site' | 'item'>, done: Done): Done {
  if (done.site !== 'edited' && (done.site !== job.site || done.item !== job.item))
    player.wrong(`${job.site} [${job.item}] was given the result of ${done.site} [${done.item}]`)
  return done
}

function nameOf(error: unknown): string {
  const { code, name, message } = (error ?? {}) as { code?: string; name?: string; message?: string }
  return `${code ?? name}: ${message}`
}

function show(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return JSON.stringify(value, (_, one: unknown) => (one instanceof Error ? nameOf(one) : one)) ?? ''
}
