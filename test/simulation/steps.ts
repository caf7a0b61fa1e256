import { z } from 'zod'
import { type SqlTransaction, type StepContext, step } from '../../packages/spanwise/src/index.ts'
import type { Call } from './ledger.ts'
import { forGood, type StepName } from './program.ts'
import { disruptionsOf, never, type Process, processOf, type World } from './world.ts'

/** What a step is told to do. */
export interface Job {
  readonly site: string
  readonly item: number | undefined
  /** attempts that fail; `forGood` until the run's world is mended */
  readonly fail: number
  /** a failing attempt fails after its effect */
  readonly after: boolean
}

export interface Done {
  readonly site: string
  readonly item: number | undefined
  readonly nonce: number
}

/** how long an attempt takes at most; a request that is on its way arrives within that time */
const longest = 30

function begin(process: Process, name: string, job: Job, context: StepContext): Call {
  const { world } = process
  world.tell(() => `    ${name} ${job.site} is executed, attempt ${context.attempt}, by process ${process.number}`)
  // whoever has lost its lease and does not know it may still begin, and an operator may want it again
  if (world.recorded.has(context.idempotencyKey) && !world.isContested && !world.mended.has(context.run.id))
    world.wrong.push(`${name} ${job.site} is executed, and what it did is on record`)
  return world.ledger.begin({
    step: name,
    site: job.site,
    key: context.idempotencyKey,
    attempt: context.attempt,
    run: context.run.id,
    process: process.number,
    at: world.timeline.now,
    disruptions: disruptionsOf(world, context.run.id),
  })
}

function fails(world: World, job: Job, context: StepContext): boolean {
  return job.fail === forGood ? !world.mended.has(context.run.id) : context.attempt <= job.fail
}

function failure(job: Job): Error {
  return job.fail === forGood && !job.after ? new TypeError(`bug at ${job.site}`) : new Error(`no luck at ${job.site}`)
}

/** A request to the outside: it takes time, has its effect somewhere in between, and may arrive although its sender died. */
function perform(name: Exclude<StepName, 'write'> | 'undo' | 'act' | 'deed') {
  return (job: Job, context: StepContext): Promise<Done> => {
    const process = processOf(context.log)
    if (!process.alive) return never()
    const { world } = process
    const { roll, timeline, ledger } = world
    if (name === 'deed' && !world.approved.has(approvalOf(context.run.id, job)))
      world.wrong.push(`deed ${job.site} ${job.item} was called, and nobody approved it`)
    const call = begin(process, name, job, context)
    const ended = enter(process, name, job, context)
    const bad = fails(world, job, context)
    const length =
      name === 'deed'
        ? 2 * longest
        : name === 'slow' && context.attempt === 1
          ? 100
          : roll.chance(0.3)
            ? 0
            : roll.whole(longest)
    const result: Done = { site: job.site, item: job.item, nonce: call.nonce }
    const arrives = roll.chance(0.5)
    // a place is free when its attempt has ended or was given up: this one does not outlive that
    const listens = name === 'slow' || alone.has(name) || roll.chance(0.3)
    const take = (): void => {
      if ((!process.alive && !arrives) || (context.abortSignal.aborted && listens) || (bad && !job.after)) return
      world.tell(() => `    effect of ${name} ${job.site} (${call.nonce})`)
      ledger.effect(call)
    }
    if (length === 0) {
      take()
      ended()
      return bad ? Promise.reject(failure(job)) : Promise.resolve(result)
    }
    timeline.later(roll.whole(length), take)
    return new Promise((resolve, reject) => {
      timeline.later(length, () => {
        ended()
        if (!process.alive) return
        if (bad) reject(failure(job))
        else resolve(result)
      })
      if (!listens) return
      context.abortSignal.addEventListener('abort', () => {
        ended()
        reject(context.abortSignal.reason)
      })
    })
  }
}

/** a place is free when its attempt has ended: of these there may be one only, for each of what `placeOf` says */
const alone: ReadonlySet<string> = new Set<StepName>(['narrow', 'known', 'ours'])

function placeOf(name: string, { site, item, fail, after }: Job, { run }: StepContext): string {
  if (name === 'narrow') return name
  return name === 'ours' ? `ours ${run.workflow} ${site} ${item}` : `known ${site} ${item} ${fail} ${after}`
}

/** One at a time in each process: who died has no say in it. */
function enter(process: Process, name: string, job: Job, context: StepContext): () => void {
  // nothing is reused in a fork, and nobody waits for what it finds
  if (name !== 'narrow' && process.world.dry.has(context.run.id)) return () => {}
  if (!alone.has(name)) return () => {}
  const { world, crowds } = process
  const place = placeOf(name, job, context)
  let inside = true
  const crowd = (crowds.get(place) ?? 0) + 1
  crowds.set(place, crowd)
  if (crowd > 1) world.wrong.push(`process ${process.number} executes ${crowd} of ${place} at once`)
  return () => {
    if (inside) crowds.set(place, (crowds.get(place) ?? 0) - 1)
    inside = false
  }
}

export function approvalOf(run: string, { site, item, fail, after }: Job): string {
  return `${run} ${site} ${item} ${fail} ${after}`
}

export const work = step('work', { backoff: 10 }, perform('work'))
const slow = step('slow', { timeout: 40, backoff: 5 }, perform('slow'))
const hasty = step('hasty', { timeout: 25, deadline: 60, backoff: 10 }, perform('hasty'))
const narrow = step('narrow', { concurrency: 1, backoff: 10 }, perform('narrow'))
export const pace = { limit: 2, per: 64 }
const paced = step('paced', { rate: pace, backoff: 10 }, perform('paced'))
const once = step('once', { effect: 'at-most-once' }, perform('once'))
const sure = step(
  'sure',
  {
    backoff: 10,
    settleAfter: 2 * longest,
    reconcile: async (job: Job, context) => {
      const process = processOf(context.log)
      if (!process.alive) return never()
      const { ledger, roll, timeline, tell } = process.world
      await timeline.wait(roll.whole(longest))
      const done = ledger.done(context.idempotencyKey)
      tell(() => `    asked about sure ${job.site}: ${done === undefined ? 'not done' : 'done'}`)
      if (roll.chance(0.2)) return { done: 'unknown' as const, retryAfter: 10 }
      if (done === undefined) return { done: false as const }
      return { done: true as const, result: { site: job.site, item: job.item, nonce: done.nonce } }
    },
  },
  perform('sure'),
)

/** how long a result is reused, by the name of its step */
export const lifetimes: Readonly<Record<string, number>> = { known: 300, ours: 1_000 }
const known = step('known', { cache: { lifetime: 300, tags: ['found'] }, backoff: 10 }, perform('known'))
const ours = step(
  'ours',
  { cache: { lifetime: 1_000, scope: 'workflow', key: ({ site, item }: Job) => [site, item] }, backoff: 10 },
  perform('ours'),
)

/** The table that the user's transactions write. */
export const table = 'simulated'

const write = step.transaction('write', { backoff: 10 }, (tx: SqlTransaction, job: Job, context): Done => {
  const process = processOf(context.log)
  const call = begin(process, 'write', job, context)
  const bad = fails(process.world, job, context)
  if (bad && !job.after) throw failure(job)
  tx.run(`CREATE TABLE IF NOT EXISTS ${table} (key TEXT, nonce INTEGER)`)
  tx.run(`INSERT INTO ${table} VALUES (?, ?)`, context.idempotencyKey, call.nonce)
  if (bad) throw failure(job)
  return { site: job.site, item: job.item, nonce: call.nonce }
})

export const undo = step('undo', { backoff: 10 }, perform('undo'))

/** Tools of agents. */
const Told = z.object({ site: z.string(), item: z.number().optional(), fail: z.number(), after: z.boolean() })
const asJob = (job: z.infer<typeof Told>): Job => ({ ...job, item: job.item })
export const act = step('act', { input: Told, backoff: 10 }, (job, context) => perform('act')(asJob(job), context))
export const deed = step('deed', { input: Told, effect: 'at-most-once' }, (job, context) =>
  perform('deed')(asJob(job), context),
)

export const steps: Readonly<Record<StepName, (job: Job) => Promise<Done>>> = {
  work,
  slow,
  hasty,
  narrow,
  paced,
  once,
  sure,
  write,
  known,
  ours,
}
