import type { Run } from '../../packages/spanwise/src/app/index.ts'
import { decode, type Entry, isTerminal, type Mail, type RunRow } from '../../packages/spanwise/src/journal/index.ts'
import type { Operation } from '../../packages/spanwise/src/workflow/index.ts'
import { decide, tell } from './acts.ts'
import { ask, codeOf } from './clients.ts'
import { generationsOf, idempotencyKeyOf, stepLines, strayed } from './history.ts'
import type { Letter } from './player.ts'
import { type SignalName, signalNames } from './program.ts'
import { replay } from './replay.ts'
import type { Done, Job } from './steps.ts'
import type { World } from './world.ts'

/** What is known of a run that goes on. */
interface Watched {
  signature: string
  since: number
  cared: number
}

/** A run's history as it was after so many writes, and what it waits for then. */
interface Read {
  readonly writes: number
  readonly entries: readonly Entry[]
  open: readonly Operation[] | undefined
  version: number
}

/** at rest for so long, a run has got all that comes by itself in a moment */
const rest = 1_500
/** mail and due timers that lie for so long are forgotten */
const forgotten = 10_000
/** attempts, back-offs and the like take less */
const longest = 60_000

/**
 * Once the faults are over: gives every run what it waits for, mends and resumes what parked, and says when something hangs that
 * nobody has to wait for.
 */
export class Caretaker {
  readonly #world: World
  readonly #watched = new Map<string, Watched>()
  readonly #read = new Map<string, Read>()
  readonly #slack: number
  #served = 0
  /** all runs have ended */
  done = false

  constructor(world: World) {
    this.#world = world
    const jumps = world.schedule.faults.map((fault) => (fault.fault === 'clock' ? Math.min(0, fault.by) : 0))
    // a wall clock that was set back delays everything by as much
    this.#slack = -jumps.reduce((sum, by) => sum + by, 0)
  }

  async look(): Promise<void> {
    const { store, timeline, wrong } = this.#world
    // before the runs: what it starts meanwhile is among them
    const { forking } = this.#world
    const tables = await store.schedules({ limit: 100 })
    const { items } = await store.list({ limit: 1_000 })
    let quiet = Number.POSITIVE_INFINITY
    let open = 0
    for (const row of items) {
      if (isTerminal(row.status)) continue
      open++
      quiet = Math.min(quiet, await this.#care(row))
      if (wrong.length > 0) break
    }
    const due = tables.items.flatMap(({ wakeAt }) => (wakeAt === undefined ? [] : [wakeAt - timeline.wall]))
    const { runs, timetables, bursts = [] } = this.#world.schedule
    const starts = bursts.reduce((sum, burst) => sum + burst.starts.length, 0)
    this.done =
      open === 0 &&
      forking === 0 &&
      this.#world.forking === 0 &&
      due.length === 0 &&
      this.#world.marks.size === starts &&
      tables.items.length === timetables.length &&
      items.filter(({ workflow }) => workflow === 'main').length >= runs.length
    if (this.done || wrong.length > 0) return
    timeline.later(
      Number.isFinite(quiet) ? Math.max(500, quiet / 4) : Math.max(500, Math.min(...due, 60_000)),
      () => void this.look().catch((error) => wrong.push(`caretaker: ${error.stack}`)),
    )
  }

  /** @returns how long nothing has happened to it */
  async #care(row: RunRow): Promise<number> {
    const { store, timeline, wrong } = this.#world
    const history = await this.#historyOf(row)
    const { entries } = history
    const astray = strayed(entries)
    if (astray !== undefined) wrong.push(`${row.run.slice(0, 6)} (${row.workflow}): ${astray}`)
    const mail = await store.mail(row.run)
    const signature = `${entries.length} ${row.status} ${row.epoch} ${mail[0]?.id}`
    const known = this.#watched.get(row.run)
    if (known?.signature !== signature) {
      this.#watched.set(row.run, { signature, since: timeline.now, cared: known?.cared ?? 0 })
      return 0
    }
    const quiet = timeline.now - known.since
    if (quiet < rest) return quiet
    this.#checkLetters(row, entries, mail)
    if (row.status === 'needs attention') {
      await this.#mend(row, known)
      return quiet
    }
    const late = quiet - this.#slack
    const hangs = (what: string): void => {
      wrong.push(`${row.run.slice(0, 6)} hangs (${row.status}, owner ${row.owner}, due ${row.wakeAt}): ${what}`)
    }
    if (mail.length > 0 && row.status !== 'queued' && late > forgotten)
      hangs(`its ${mail.map(({ kind }) => kind).join(', ')} lies in the inbox`)
    const open = await this.#openIn(row, history)
    // it waits for its turn in a schedule
    if (row.status === 'queued' && row.wakeAt === undefined) return quiet
    const due = open.flatMap(({ spec }) => (spec.due === undefined ? [] : [spec.due]))
    // what another release waits for now, it does not know before something comes
    if (row.release !== `v${this.#world.version}`) return this.#rouse(row, quiet)
    if (due.some((at) => at + forgotten < timeline.wall) && late > forgotten) hangs('a timer was due and did not fire')
    if (due.length > 0 && Math.min(...due) > timeline.wall) return quiet
    if (!open.every(({ spec }) => isPatient(spec.kind))) {
      if (late > longest) hangs(`nothing comes of ${open.map(({ key }) => key).join(', ')}`)
      return quiet
    }
    if (open.length === 0 && late > longest) hangs('it waits for nothing')
    for (const operation of open) await this.#serve(row, operation).catch(unlessEnded)
    if (late > longest && open.length > 0 && open.every(({ spec }) => spec.kind === 'approval'))
      hangs('it was answered, or cannot be')
    if (open.length > 0 && open.every(({ spec }) => spec.kind === 'child') && late > 100 * longest)
      hangs('its children')
    return quiet
  }

  /** What was acknowledged lies in the inbox or is in the history. */
  #checkLetters({ run }: RunRow, entries: readonly Entry[], mail: readonly Mail[]): void {
    const letters = mail.filter(({ kind }) => kind === 'signal')
    const payloads = [...letters, ...entries.filter(({ kind }) => kind === 'signal.received')].map(
      ({ payload }) => payload,
    )
    const there = new Set(payloads.flatMap((text) => (text === undefined ? [] : [(decode(text) as Letter).serial])))
    const lost = this.#world.signals.get(run)?.find((serial) => !there.has(serial))
    if (lost !== undefined) this.#world.wrong.push(`${run.slice(0, 6)}: signal ${lost} was accepted and is lost`)
  }

  /** Reading is what a quiet simulation does most: again only what was written to. */
  async #historyOf({ run }: RunRow): Promise<Read> {
    const writes = this.#world.writes.get(run) ?? 0
    const known = this.#read.get(run)
    if (known?.writes === writes) return known
    const read: Read = { writes, entries: await this.#world.store.entries(run), open: undefined, version: 0 }
    this.#read.set(run, read)
    return read
  }

  async #openIn(row: RunRow, read: Read): Promise<readonly Operation[]> {
    const { version } = this.#world
    if (read.open !== undefined && read.version === version) return read.open
    const { open } = await replay(this.#world, row, generationsOf(read.entries).at(-1)?.entries ?? [], version)
    read.open = open
    read.version = version
    return open
  }

  async #rouse(row: RunRow, quiet: number): Promise<number> {
    for (const signal of signalNames)
      await tell(this.#world, row.run, { signal, serial: `care ${this.#served++}` }, true).catch(unlessEnded)
    return quiet
  }

  async #serve(row: RunRow, { spec }: Operation): Promise<void> {
    if (spec.kind === 'approval') return decide(this.#world, row.run, true)
    if (spec.kind !== 'signal') return
    const signal = spec.name.slice('signal('.length, -1) as SignalName
    return tell(this.#world, row.run, { signal, serial: `care ${this.#served++}` }, true)
  }

  /** Looks what really happened, mends the world and resumes; gives up what cannot be mended. */
  async #mend(row: RunRow, known: Watched): Promise<void> {
    const { store, mended, wrong, tell: say } = this.#world
    if (++known.cared > 12) {
      wrong.push(`${row.run.slice(0, 6)} needs attention again and again (${row.code})`)
      return
    }
    mended.add(row.run)
    const entries = await store.entries(row.run)
    const parked = entries.findLast(({ kind }) => kind === 'run.parked')
    const from = entries.find(({ index }) => index === parked?.meta['from'])
    // at most once: what happened is for the operator to find out
    const once = from?.kind === 'step.error' && /(^|\/)(once|deed)#\d+$/.test(from.key)
    const did = once ? this.#whatBecameOf(from, entries) : undefined
    const edit = did !== undefined ? { result: did } : once ? this.#other(from) : undefined
    say(
      () =>
        `caretaker: ${known.cared > 6 ? 'gives up' : 'resumes'} ${row.run.slice(0, 6)} ${edit === undefined ? '' : 'with a result'}`,
    )
    await ask(
      this.#world,
      async (app) => {
        const run = (await app.get(row.run)) as Run<unknown>
        try {
          if (known.cared > 6) await run.giveUp('it cannot be mended')
          else await run.resume(edit === undefined ? {} : { edit })
        } catch (error) {
          if (codeOf(error) !== 'RESUME_DISCARDS') throw error
          this.#world.blind.add(row.run)
          await run.resume({ discard: true, ...(edit === undefined ? {} : { edit }) })
        }
      },
      false,
    ).catch(unlessEnded)
  }

  /** What was approved and not done may be wanted otherwise meanwhile: that is another call. */
  #other(failed: Entry): { readonly input: Job } | undefined {
    const job = stepLines(failed).input as Job
    if (!/(^|\/)deed#\d+$/.test(failed.key)) return undefined
    return { input: { ...job, site: 'edited', fail: 0 } }
  }

  #whatBecameOf(failed: Entry, entries: readonly Entry[]): Done | undefined {
    const job = stepLines(failed).input as Job
    const call = this.#world.ledger.done(idempotencyKeyOf(failed, entries))
    return call === undefined ? undefined : { site: job.site, item: job.item, nonce: call.nonce }
  }
}

function isPatient(kind: Operation['spec']['kind']): boolean {
  return kind === 'signal' || kind === 'approval' || kind === 'child' || kind === 'sleep'
}

/** What it is about may have ended meanwhile. */
function unlessEnded(error: unknown): void {
  if (!['NOT_PARKED', 'RUN_ENDED', 'APPROVAL_CLOSED'].includes(codeOf(error) ?? '')) throw error
}
