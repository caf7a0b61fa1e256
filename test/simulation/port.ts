import type { LoadedRun, NewRun, RunChange, Store } from '../../packages/spanwise/src/journal/index.ts'
import { pace } from './steps.ts'
import { disrupt, faultAt, Injected, type Process, type World } from './world.ts'

/** not worth telling */
const quiet = new Set(['find', 'run'])
const never = new Promise<never>(() => {})

interface Request {
  readonly process: Process
  readonly name: string
  readonly args: readonly unknown[]
  readonly apply: () => Promise<unknown>
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
    if (!process.alive) return never
    const { name } = request
    const op = world.ops++
    const fault = faultAt(world, op)
    if (!quiet.has(name)) world.tell(() => `  ${op} ${process.number}: ${name} ${told(request)}`)
    if (fault?.fault === 'crash' && !fault.done) {
      process.die(`before operation ${op}`)
      return never
    }
    const ms = way() + (fault?.fault === 'slow' ? fault.ms : 0)
    const pending = { name, op, arrive: () => carryOut(request, op) }
    process.pending.add(pending)
    if (ms > 0) await world.timeline.wait(ms)
    // when it died, it was decided what becomes of what was on its way
    if (!process.pending.delete(pending)) return never
    if (fault?.fault === 'error' && !fault.done) throw failed(request, op)
    const answer = await carryOut(request, op)
    if (fault?.fault === 'crash') process.die(`after operation ${op}`)
    if (!process.alive) return never
    if (fault?.fault === 'error') throw failed(request, op)
    if (world.schedule.settings.latency !== 'none' && world.roll.chance(0.5))
      await world.timeline.wait(world.roll.whole(5))
    return process.alive ? answer : never
  }

  return new Proxy(world.store, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver)
      if (typeof found !== 'function' || typeof name !== 'string' || name === 'close') return found
      return (...args: unknown[]) =>
        call({ process, name, args, apply: () => found.apply(target, args) as Promise<unknown> })
    },
  })
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
function note({ name, args, process }: Request, answer: unknown): void {
  const { world } = process
  // whoever else owned runs has lost them
  if (name === 'register') disrupt(world)
  // an answer was lost before: what it gave is given again
  if (name === 'claim' && (args[0] as { held?: unknown }).held !== undefined)
    for (const { row } of answer as readonly LoadedRun[]) disrupt(world, row.run)
  if (name === 'keepRates') for (const rate of args[0] as readonly KeptRateRow[]) noteDraws(world, rate)
  if (name === 'append') {
    const change = args[0] as RunChange
    const { state } = answer as { state: string }
    const end = { process: process.number, at: world.timeline.now, order: world.ops }
    if (state === 'fenced') disrupt(world, change.ref.run)
    else
      for (const { kind, meta } of change.entries) {
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

interface KeptRateRow {
  readonly marks: readonly { readonly at: number; readonly amount: number }[]
}

/** In no span of time was more drawn than the rate allows. */
function noteDraws({ draws, wrong }: World, { marks }: KeptRateRow): void {
  for (const { at, amount } of marks) {
    draws.set(at, Math.max(draws.get(at) ?? 0, amount))
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
