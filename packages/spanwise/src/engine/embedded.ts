import {
  type ClaimQuery,
  type Created,
  type LoadedRun,
  type NewEntry,
  type RunRow,
  SpanwiseError,
} from '../journal/index.ts'
import { appClosed, appOpened, type OpenApp, parse, parseForm } from '../workflow/index.ts'
import { setCrashingAside } from './crash-loop.ts'
import { encodeError } from './error-text.ts'
import { forkRun } from './fork.ts'
import type { EngineContext } from './options.ts'
import type { Engine } from './port.ts'
import { watchRejections } from './rejections.ts'
import { Resident, type ResidentHome } from './resident.ts'
import { applyResume } from './resume.ts'
import { Throttled } from './throttle.ts'
import { Trials } from './trial.ts'
import { Turns } from './turns.ts'
import { WaitingRoom } from './waiting-room.ts'

const claimBatch = 256
const retryAfterFailure = 1_000
/** ms, until a run that others are loading is looked for again */
const again = 20
/** how long what nobody waits for may be kept together: turns, and ms */
const longestHold = { turns: 64, ms: 5 }

/** Drives runs inside this process, from a store that it shares with nobody (SQLite) or with other workers (leases). */
export function embeddedEngine(engine: EngineContext): Engine & { readonly residents: ReadonlyMap<string, Resident> } {
  const { store, clock, worker } = engine
  const workflows = [...engine.workflows.keys()]
  const residents = new Map<string, Resident>()
  const dirty = new Set<Resident>()
  const turns = new Turns(flushSettled, flushIfIdle, () => clock.now())
  const awaited = new Set<string>()
  /** runs that are called for because a limit has room for them */
  const called = new Set<string>()
  const waitingRoom = new WaitingRoom((run) => void call(run))
  let closing = false
  let killed = false
  let flushing = false
  /** since when, and how often, a flush that nobody waits for was put off */
  const held = { since: 0, turns: 0 }
  let writes = 0
  let claiming = false
  let claimAgain = false
  /** the store may hold runs as this worker's that are not in memory: one was dropped, or an answer was lost */
  let unsure = false
  /** asked for by name, how often at once, and not in memory yet */
  const expected = new Map<string, number>()
  const open: OpenApp = { home: engine.models, owns: engine.gateway }
  /** frees what this worker does not hold: what it asks for by name meanwhile might be freed too, where the store reorders */
  let freeing: Promise<unknown> | undefined
  /** asked for and not answered: what the store gives by them is this worker's */
  const asked = new Set<Promise<unknown>>()
  let cancelWake: (() => void) | undefined
  let stopWatching: (() => void) | undefined
  let drained: (() => void) | undefined

  const home: ResidentHome = {
    engine,
    waitingRoom,
    begins: (run, step) => trials.begins(run, step),
    turn: (resident) => turns.add(resident),
    dirty: (resident) => {
      dirty.add(resident)
      // between turns their end flushes: what a run does in one turn belongs in one commit
      if (!turns.busy) flushSoon(mayHold() ? flushSettled : flushAll)
    },
    written: () => {
      writes--
    },
    dropped: (resident, again) => {
      if (residents.get(resident.row.run) === resident) residents.delete(resident.row.run)
      dirty.delete(resident)
      // still this worker's in the store: freed and claimed anew
      if (again) unsure = true
      void claimDue()
      if (residents.size === 0) drained?.()
    },
    woken: (runs) => {
      for (const run of runs) wake(run)
    },
  }

  /** Under load the store commits one part of the runs while the others have their turns. */
  function flushIfIdle(): void {
    if (writes === 0 && dirty.size > 0) flushAll()
  }

  function unanswered<T>(question: Promise<T>): Promise<T> {
    asked.add(question)
    const answered = (): boolean => asked.delete(question)
    question.then(answered, answered)
    return question
  }

  function claim(query: ClaimQuery): Promise<readonly LoadedRun[]> {
    return unanswered(store.claim(query))
  }

  function roomLeft(): number {
    return engine.capacity - residents.size - throttled.size
  }

  function isHere(run: string): boolean {
    return residents.has(run) || throttled.has(run)
  }

  /**
   * Nobody wants a turn. Where nothing depends on the disk and code computes that is about to want one, what it says by then is
   * written together with what it has said: a graph of nodes that only compute is a few commits, not one a node.
   */
  function flushSettled(): void {
    if (!mayHold()) return flushAll()
    if (held.turns++ === 0) held.since = clock.now()
    flushSoon(flushAll)
  }

  function flushSoon(flush: () => void): void {
    if (flushing) return
    flushing = true
    setImmediate(() => {
      flushing = false
      // its end flushes
      if (!turns.busy) flush()
    })
  }

  function mayHold(): boolean {
    if (dirty.size === 0) return false
    if (held.turns >= longestHold.turns || (held.turns > 0 && clock.now() - held.since >= longestHold.ms)) return false
    for (const resident of dirty) if (!resident.mayHold) return false
    return true
  }

  function flushAll(): void {
    held.turns = 0
    const writers = [...dirty]
    dirty.clear()
    for (const resident of writers) {
      if (resident.flush()) writes++
    }
  }

  const throttled = new Throttled(engine, waitingRoom, {
    admit: async (loaded, over) => {
      if (closing) return
      await load(loaded, over)
      // what arrived while it was on its way
      wake(loaded.row.run)
    },
    refuse: setAside,
    dropped: (again) => {
      if (again) unsure = true
      void claimDue()
    },
  })

  async function admit(loaded: LoadedRun): Promise<void> {
    // given back with all others when this worker signs off
    if (closing) return
    try {
      const claim = throttled.claimOf(loaded)
      if (claim !== undefined) return throttled.wait(loaded, claim)
    } catch (error) {
      engine.log.error('the throttle of a run could not be read', { run: loaded.row.run, error })
      return setAside(loaded, error)
    }
    // nobody has ever owned it, so nothing of it has happened
    const over = loaded.row.epoch === 1 && loaded.mail.some(({ kind }) => kind === 'cancel' || kind === 'give-up')
    await load(loaded, over)
  }

  /** @param over its code is not begun any more */
  async function load(loaded: LoadedRun, over: boolean): Promise<void> {
    const definition = engine.workflows.get(loaded.row.workflow)
    if (definition === undefined || killed) return
    const run = await resumed(loaded)
    // the lease was somebody else's meanwhile: what is in memory under the older one would go on beside it
    residents.get(run.row.run)?.discard('its lease was lost, and is held anew', false)
    try {
      const resident = new Resident(home, run, definition)
      if (over) resident.execution.withhold()
      residents.set(run.row.run, resident)
      turns.add(resident)
      if (waitingRoom.has(run.row.run)) void whenSeated(resident)
    } catch (error) {
      engine.log.error('a run could not be loaded', { run: run.row.run, error })
      await setAside(run, error)
    }
  }

  /** A run that parked may be loaded because somebody resumes it. */
  async function resumed(run: LoadedRun): Promise<LoadedRun> {
    const resume = run.row.status === 'needs attention' ? run.mail.find((mail) => mail.kind === 'resume') : undefined
    if (resume === undefined) return run
    const entries = await applyResume(store, run.row, run.entries, resume, clock.now())
    return { ...run, entries: entries ?? run.entries, mail: run.mail.filter((mail) => mail !== resume) }
  }

  /** What cannot be loaded can still be ended; until then it needs attention, without a history of its own to say so. */
  async function setAside(run: LoadedRun, error: unknown): Promise<void> {
    const { row, mail } = run
    const end = mail.find(({ kind }) => kind === 'cancel' || kind === 'give-up')
    const moved = mail.filter((one) => one === end || one.kind === 'resume').map(({ id }) => id)
    const status = end === undefined ? 'needs attention' : end.kind === 'cancel' ? 'cancelled' : 'failed'
    const change = { status, code: codeOf(error), outcome: encodeError(error) } as const
    const { state } = await store.append({
      ref: row,
      epoch: row.epoch,
      entries: [],
      row: change,
      taken: moved,
      ...(end === undefined ? { park: { wakeAt: undefined } } : {}),
    })
    if (state === 'ok') engine.events.changed(row.run, change)
    // an order came meanwhile
    if (state === 'busy') await setAside({ ...run, mail: await store.mail(row.run) }, error)
  }

  const trials = new Trials(engine, async () => {
    for (;;) {
      const query = { worker, now: clock.now(), limit: 1, workflows, release: engine.release, suspect: true }
      const [loaded] = await claim(query)
      if (loaded === undefined) return undefined
      engine.log.warn('a run that a process may have died of is tried alone', { run: loaded.row.run })
      await admit(loaded)
      const resident = residents.get(loaded.row.run)
      // one that only waits for its throttle kills nothing
      if (resident !== undefined || closing) return resident
    }
  })

  /** Runs that processes died of: the condemned are set aside, the others tried one at a time. */
  async function judgeCrashes(): Promise<void> {
    const { waiting, condemned } = await store.suspects()
    for (const { run, deaths } of condemned) {
      const query = { worker, now: clock.now(), limit: 1, workflows, release: engine.release, run }
      const [loaded] = await claim(query)
      if (loaded === undefined) continue
      const change = await setCrashingAside(store, loaded, deaths, clock.now())
      if (change?.row === undefined) continue
      engine.log.error('a run is set aside: its process died of it again and again', { run, deaths: deaths.length })
      engine.events.changed(run, change.row)
    }
    if (waiting > 0) trials.open()
  }

  /** What it waited for before it left memory and does not wait for now would be held for ever. */
  async function whenSeated(resident: Resident): Promise<void> {
    await resident.whenLive()
    const { run } = resident.row
    while (residents.get(run) === resident && !resident.isSettled)
      await new Promise((resolve) => setTimeout(resolve, again))
    if (residents.get(run) === resident) waitingRoom.sweep(run)
  }

  /** A limit has room for a run that is not in memory, or has refused it. */
  async function call(run: string): Promise<void> {
    if (closing || called.has(run) || isHere(run)) return
    called.add(run)
    try {
      await byName(run, async () => {
        const query = { worker, now: clock.now(), limit: 1, workflows, release: engine.release, run }
        const [loaded] = await claim(query)
        if (loaded !== undefined) await admit(loaded)
        // on its way into memory by another way: there it finds its place
        else if (claiming || (expected.get(run) as number) > 1) clock.after(again, () => void call(run))
        // it has ended, or is somebody else's: what was kept for it is for the next
        else if (!isHere(run)) waitingRoom.sweep(run)
      })
    } catch (error) {
      if (isGone(error)) return
      engine.log.error('a run that a limit has room for could not be loaded; trying again', { run, error })
      clock.at(clock.now() + retryAfterFailure, () => void call(run))
    } finally {
      called.delete(run)
    }
  }

  /** Takes what is due, as far as there is room, and sets the timer for what is due next. */
  async function claimDue(): Promise<void> {
    if (closing) return
    if (claiming) {
      claimAgain = true
      return
    }
    claiming = true
    try {
      do {
        claimAgain = false
        for (;;) {
          const room = roomLeft()
          if (room <= 0 || closing) break
          const limit = Math.min(room, claimBatch)
          const held = unsure ? [...residents.keys(), ...expected.keys(), ...throttled.runs] : undefined
          // what is on its way by name may be held without being in memory: looked at again when it is there
          unsure = held !== undefined && expected.size > 0
          const query = { worker, now: clock.now(), limit, workflows, release: engine.release, ...(held && { held }) }
          const claimed = claim(query)
          if (held !== undefined)
            freeing = claimed
              .catch(() => {})
              .finally(() => {
                freeing = undefined
              })
          const loaded = await claimed
          // given back with all others when this worker signs off
          if (closing) break
          for (const run of loaded) await admit(run)
          if (loaded.length < limit) break
        }
      } while (claimAgain)
      await armWake()
    } catch (error) {
      if (!isGone(error)) {
        unsure = true
        engine.log.error('due runs could not be read; trying again', { error })
        cancelWake?.()
        cancelWake = clock.at(clock.now() + retryAfterFailure, () => void claimDue())
      }
    } finally {
      claiming = false
      if (claimAgain) void claimDue()
    }
  }

  /** Asks the store for one run; when the answer is lost, the run may be this worker's all the same. */
  async function byName<T>(run: string, work: () => Promise<T>): Promise<T> {
    while (freeing !== undefined) await freeing
    expected.set(run, (expected.get(run) ?? 0) + 1)
    try {
      return await work()
    } catch (error) {
      unsure = true
      throw error
    } finally {
      const others = (expected.get(run) as number) - 1
      if (others === 0) expected.delete(run)
      else expected.set(run, others)
      if (unsure) void claimDue()
    }
  }

  async function armWake(): Promise<void> {
    const next = await store.nextWake(workflows, engine.release)
    cancelWake?.()
    cancelWake = undefined
    if (next === undefined || closing || roomLeft() <= 0) return
    cancelWake = clock.at(next, () => void claimDue())
  }

  function wake(run: string): void {
    const resident = residents.get(run)
    if (resident === undefined) {
      throttled.park(run)
      void claimDue()
      return
    }
    if (awaited.has(run)) return
    awaited.add(run)
    queueMicrotask(() => {
      awaited.delete(run)
      resident.fetchMail().catch((error: unknown) => {
        if (!isGone(error)) engine.log.error('mail could not be read', { run, error })
      })
    })
  }

  return {
    residents,
    async start() {
      stopWatching = watchRejections()
      appOpened(open)
      await judgeCrashes()
      await claimDue()
    },
    async begin(run): Promise<Created> {
      if (closing)
        throw new SpanwiseError({
          code: 'APP_CLOSED',
          message: 'The app is closing and takes no new runs.',
          hint: 'Open a new one.',
        })
      const at = clock.now()
      const now = (run.wakeAt ?? at) <= at && roomLeft() > 0 && engine.workflows.has(run.workflow)
      return byName(run.run, async () => {
        const created = await unanswered(
          store.create(
            now ? { ...run, status: 'running', owner: worker } : { ...run, status: 'queued', wakeAt: run.wakeAt ?? at },
          ),
        )
        if (created.state === 'debounced') void claimDue()
        if (created.state !== 'created') {
          // given to this worker by an answer that was lost, unless whoever else asks for it gets it
          if (created.row.owner === worker && !isHere(run.run) && expected.get(run.run) === 1) unsure = true
          return created
        }
        const entries = [startedEntry(created.row, run.started)]
        if (now && !closing) await admit({ row: created.row, entries, mail: [], secrets: secretsOf(created.row) })
        else void claimDue()
        return created
      })
    },
    async fork(request) {
      const source = await store.run(request.source)
      const definition = engine.workflows.get(source?.workflow ?? '')
      const row = await forkRun(
        store,
        request,
        definition &&
          ((workflow, input) => parse(definition.input, input, 'INVALID_INPUT', `The input of workflow "${workflow}"`)),
      )
      wake(row.run)
      return row
    },
    async checkForm(run, key, decision) {
      if (!decision.approve) return
      if (!residents.has(run)) {
        await byName(run, async () => {
          const now = clock.now()
          const [loaded] = await claim({ worker, now, limit: 1, workflows, release: engine.release, run })
          if (loaded !== undefined) await admit(loaded)
        })
      }
      const resident = residents.get(run)
      if (resident === undefined) return
      await resident.whenLive()
      for (const operation of resident.execution.operations) {
        if (operation.key === key) await parseForm(operation.spec.form, decision.form)
      }
    },
    wake,
    activity() {
      let settled = !turns.busy && !flushing && writes === 0 && !claiming && dirty.size === 0 && awaited.size === 0
      settled &&= called.size === 0 && !engine.limiter.busy && !engine.results.busy && !throttled.busy
      const inFlight: object[] = []
      for (const resident of residents.values()) {
        settled &&= resident.isSettled
        inFlight.push(...resident.inFlight)
      }
      return { settled, inFlight }
    },
    async close() {
      if (closing) return
      closing = true
      trials.close()
      throttled.close()
      cancelWake?.()
      const left = new Promise<void>((resolve) => {
        drained = resolve
      })
      for (const resident of [...residents.values()]) resident.leave()
      flushAll()
      if (residents.size > 0) {
        const cancelDrop = clock.after(engine.grace, () => {
          for (const resident of [...residents.values()]) resident.drop(false)
        })
        await left
        cancelDrop()
      }
      // one that came to the store after this worker has signed off would take runs that nobody frees
      await Promise.allSettled(asked)
      stopWatching?.()
      appClosed(open)
    },
    kill() {
      if (killed) return
      killed = true
      trials.close()
      throttled.close()
      if (!closing) {
        stopWatching?.()
        appClosed(open)
      }
      closing = true
      cancelWake?.()
      for (const resident of residents.values()) resident.forget()
      residents.clear()
      dirty.clear()
    },
  }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'NOT_LOADABLE'
}

/** The store is closed or lost: nothing to retry here. */
function isGone(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'STORE_CLOSED' || code === 'STORE_LOST'
}

const none = new Uint8Array(32)

/** What was just written need not be read back: commitments are not looked at on the first run through. */
function startedEntry(row: RunRow, started: NewEntry): LoadedRun['entries'][number] {
  return {
    run: row.run,
    index: started.index,
    after: started.after,
    at: started.at,
    kind: started.kind,
    key: started.key,
    attempt: 0,
    meta: started.meta ?? {},
    payload: started.payload,
    erased: false,
    subject: row.subject,
    leaf: none,
    commitments: { key: none, payload: none, input: undefined },
  }
}

/** A new run's own subject has its secret in the run's row. */
function secretsOf({ subject, secret }: RunRow): ReadonlyMap<string, Uint8Array> {
  return new Map(subject === undefined || secret === undefined ? [] : [[subject, secret]])
}
