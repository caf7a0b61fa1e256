import {
  decode,
  type LoadedRun,
  type NewFork,
  type NewRun,
  type RunChange,
  type Store,
} from '../../packages/spanwise/src/journal/index.ts'
import { idempotencyKey } from './history.ts'
import { type Done, lifetimes, pace } from './steps.ts'
import { disrupt, faultAt, Injected, never, type Process } from './world.ts'

/** not worth telling */
const quiet = new Set(['find', 'run'])

interface Request {
  readonly process: Process
  readonly name: string
  readonly args: readonly unknown[]
  readonly apply: () => Promise<unknown>
  /** invalidations that were acknowledged when it was asked */
  readonly invalidated: number
  /** what its body returned, of a transaction */
  change?: RunChange | undefined
}

/** The store as one process has it: over a wire that is slow, loses answers, and is cut when the process dies. */
export function port(process: Process): Store {
  const { world } = process
  let free = 0

  /** how long until the store does it */
  const way = (): number => {
    const { latency } = world.schedule.settings
    if (latency === 'none') return 0
    const ms = world.roll.chance(0.5) ? 0 : world.roll.whole(8)
    if (latency === 'any order') return ms
    free = Math.max(free, world.timeline.now + ms)
    return free - world.timeline.now
  }

  const call = async (request: Request): Promise<unknown> => {
    if (!process.alive) return never()
    const { name } = request
    const op = world.ops++
    const fault = faultAt(world, op)
    if (!quiet.has(name)) world.tell(() => `  ${op} ${process.number}: ${name} ${told(request)}`)
    if (fault?.fault === 'crash' && !fault.done) {
      process.die(`before operation ${op}`)
      return never()
    }
    const ms = way() + (fault?.fault === 'slow' ? fault.ms : 0)
    const pending = { name, op, arrive: () => carryOut(request, op) }
    process.pending.add(pending)
    if (ms > 0) await world.timeline.wait(ms)
    // when it died, it was decided what becomes of what was on its way
    if (!process.pending.delete(pending)) return never()
    if (fault?.fault === 'error' && !fault.done) throw failed(request, op)
    const answer = await carryOut(request, op)
    if (fault?.fault === 'crash') process.die(`after operation ${op}`)
    if (!process.alive) return never()
    if (fault?.fault === 'error') throw failed(request, op)
    if (world.schedule.settings.latency !== 'none' && world.roll.chance(0.5))
      await world.timeline.wait(world.roll.whole(5))
    return process.alive ? answer : never()
  }

  return new Proxy(world.store, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver)
      if (typeof found !== 'function' || typeof name !== 'string' || name === 'close') return found
      return (...args: unknown[]) => {
        const request: Request = {
          process,
          name,
          args,
          invalidated: world.invalidated.length,
          apply: () => found.apply(target, name === 'transact' ? watched(args, request) : args) as Promise<unknown>,
        }
        return call(request)
      }
    },
  })
}

/** With what the body returns. */
function watched([run, epoch, body]: readonly unknown[], request: Request): unknown[] {
  const made = (tx: unknown): { readonly change: RunChange } => {
    const result = (body as (tx: unknown) => { readonly change: RunChange })(tx)
    request.change = result.change
    return result
  }
  return [run, epoch, made]
}

async function carryOut(request: Request, op: number): Promise<unknown> {
  const { world } = request.process
  const writes = request.name === 'append' || request.name === 'transact'
  if (writes) world.writes.set(runOf(request), (world.writes.get(runOf(request)) ?? 0) + 1)
  try {
    const answer = await request.apply()
    // not before: who looked meanwhile has seen what was there then
    if (writes) world.writes.set(runOf(request), (world.writes.get(runOf(request)) ?? 0) + 1)
    note(request, answer)
    const state = (answer as { state?: string } | undefined)?.state
    if (state !== undefined) world.tell(() => `  ${op} done: ${state}`)
    return answer
  } catch (error) {
    world.tell(() => `  ${op} threw ${error}`)
    if (writes) disrupt(world, runOf(request))
    throw error
  }
}

function failed(request: Request, op: number): Injected {
  const { world } = request.process
  world.tell(() => `  ${op} is answered with an error`)
  // whatever a run in memory was about to do is done again by its next one
  disrupt(world, request.name === 'append' || request.name === 'transact' ? runOf(request) : '')
  return new Injected(`operation ${op}, ${request.name}, failed as planned`)
}

function runOf({ name, args }: Request): string {
  return name === 'append' ? (args[0] as RunChange).ref.run : (args[0] as { run: string }).run
}

/** Keeps what the checks want to know of it. */
function note(request: Request, answer: unknown): void {
  const { name, args, process } = request
  const { world } = process
  noteCache(request, answer)
  // whoever else owned runs has lost them
  if (name === 'register') disrupt(world)
  // an answer was lost before: what it gave is given again
  if (name === 'claim' && (args[0] as { held?: unknown }).held !== undefined)
    for (const { row } of answer as readonly LoadedRun[]) disrupt(world, row.run)
  if (name === 'keepRates') for (const rate of args[0] as readonly KeptRateRow[]) noteDraws(process, rate)
  if (name === 'fork') {
    const { run, source } = args[0] as NewFork
    world.forks.set(run, source)
    world.dry.add(run)
  }
  if (name === 'append') {
    const change = args[0] as RunChange
    const { state } = answer as { state: string }
    if (world.dry.has(change.ref.run)) for (const { run } of change.children ?? []) world.dry.add(run)
    const end = { process: process.number, at: world.timeline.now, order: world.ops }
    if (state === 'fenced') disrupt(world, change.ref.run)
    else
      for (const { kind, meta, key } of change.entries) {
        if (kind === 'step.result') world.recorded.add(idempotencyKey(change.ref.run, key, 0))
        if (kind === 'run.continued') world.ends.set(`${change.ref.run}@${Number(meta?.['generation']) - 1}`, end)
        if (kind === 'run.completed' || kind === 'run.failed' || kind === 'run.cancelled')
          world.ends.set(change.ref.run, end)
        if (kind === 'run.resumed') disrupt(world, change.ref.run)
      }
  }
  if (name === 'transact' && (answer as { state: string }).state === 'fenced')
    disrupt(world, (args[0] as { run: string }).run)
  if (name === 'send') {
    const mail = args[0] as { run: string; kind: string; payload: string }
    if (mail.kind !== 'signal' || (answer as { state: string }).state !== 'ok') return
    const { serial } = JSON.parse(mail.payload) as { serial: string }
    const known = world.signals.get(mail.run)
    if (known === undefined) world.signals.set(mail.run, [serial])
    else known.push(serial)
  }
}

/** A result that is reused was kept, is not too old, and was not found out before it was invalidated. */
function noteCache({ name, args, process, change, invalidated }: Request, answer: unknown): void {
  const { kept, later, ledger, wrong, invalidated: all } = process.world
  const written = name === 'append' ? (args[0] as RunChange) : name === 'transact' ? change : undefined
  if (written !== undefined && (answer as { state: string }).state !== 'fenced')
    for (const { index } of written.results ?? [])
      kept.set(`${written.ref.run} ${index}`, written.entries.find((entry) => entry.index === index)?.at ?? 0)
  if (name !== 'cachedResult' || answer === undefined) return
  const { run, index, result } = answer as { run: string; index: number; result: string }
  const { now } = args[0] as { now: number }
  const call = ledger.calls[(decode(result) as Done).nonce]
  const what = `${call?.step} ${call?.site} of ${run.slice(0, 6)}`
  if (call === undefined) return void wrong.push(`${what} is reused and was never computed`)
  // at the end: the commit that keeps it and this look may be one, and this answer the first of the two to be read
  later.push(() => {
    const at = kept.get(`${run} ${index}`)
    const age = now - (at ?? Number.NaN)
    if (at === undefined) wrong.push(`${what} is reused and was never kept`)
    else if (!(age >= 0 && age < (lifetimes[call.step] ?? 0))) wrong.push(`${what} is reused at the age of ${age} ms`)
  })
  if (call.step === 'known' && all.slice(0, invalidated).some(({ asked }) => call.at < asked))
    wrong.push(`${what} was found out at ${call.at}, invalidated after that, and is reused`)
}

interface KeptRateRow {
  readonly marks: readonly { readonly at: number; readonly amount: number }[]
}

/** In no span of time was more drawn than the rate allows. */
function noteDraws({ number, world }: Process, { marks }: KeptRateRow): void {
  const { draws, wrong, isContested } = world
  for (const { at } of marks) {
    const amount = marks.filter((one) => one.at === at).reduce((sum, one) => sum + one.amount, 0)
    // two that believe to be the owner draw each for itself
    const key = `${isContested ? number : ''} ${at}`
    draws.set(key, Math.max(draws.get(key) ?? 0, amount))
    const close = marks.filter((one) => one.at >= at && one.at < at + pace.per)
    if (close.reduce((sum, one) => sum + one.amount, 0) > pace.limit)
      wrong.push(`drawn at once: ${JSON.stringify(close)}`)
  }
}

/** A request in a few words. */
function told({ name, args }: Request): string {
  const [first] = args as [Partial<RunChange & NewRun> | undefined]
  if (name !== 'append')
    return (
      JSON.stringify(first, (key, value) => (key === 'started' || key === 'workflows' ? undefined : value))?.slice(
        0,
        200,
      ) ?? ''
    )
  const { ref, entries = [], row, taken, children, send, approvals, park, epoch } = first as RunChange
  const said = entries.map(({ index, after, kind, key }) => `${index} after ${after} ${kind} ${key}`)
  return `${ref.run.slice(0, 6)} epoch ${epoch} [${said.join('; ')}] ${JSON.stringify({ status: row?.status, taken, children: children?.map(({ run }) => run.slice(0, 6)), send: send?.map(({ kind, run }) => `${kind} ${run.slice(0, 6)}`), approvals: approvals?.length, park })}`
}
