import { isStart, type LoadedRun, type NewEntry } from '../journal/index.ts'
import { readStarted, type StepClaim, throttleClaim } from '../workflow/index.ts'
import type { EngineContext } from './options.ts'
import { obtain } from './pass.ts'
import { isRefusal, type Seat, type WaitingRoom } from './waiting-room.ts'

interface ThrottledHome {
  /** It begins, and that is on disk; `over`: its code never begins, because somebody ends it. */
  admit(loaded: LoadedRun, over: boolean): Promise<void>
  /** What it asks for can never be. */
  refuse(loaded: LoadedRun, error: unknown): Promise<void>
  /** Out of memory; `again` asks for it to be loaded anew. */
  dropped(again: boolean): void
}

/** What is left to do when nothing is written any more. */
type Then = (() => void) | undefined

interface Waiting {
  readonly loaded: LoadedRun
  readonly seat: Seat
  cancelTimer: (() => void) | undefined
}

/**
 * Runs that this worker has and that may not begin yet, because as many of their workflow as its throttle allows have begun. Their
 * code is not called. One that waits for long leaves memory as `queued`, keeps its place, and is called for.
 */
export class Throttled {
  readonly #engine: EngineContext
  readonly #waitingRoom: WaitingRoom
  readonly #home: ThrottledHome
  readonly #waiting = new Map<string, Waiting>()
  readonly #moving = new Set<string>()
  #closed = false

  constructor(engine: EngineContext, waitingRoom: WaitingRoom, home: ThrottledHome) {
    this.#engine = engine
    this.#waitingRoom = waitingRoom
    this.#home = home
  }

  /** of this worker, and in memory */
  get runs(): ReadonlySet<string> {
    return new Set([...this.#waiting.keys(), ...this.#moving])
  }

  get size(): number {
    return this.#waiting.size + this.#moving.size
  }

  /** something is being written */
  get busy(): boolean {
    return this.#moving.size > 0
  }

  has(run: string): boolean {
    return this.#waiting.has(run) || this.#moving.has(run)
  }

  /** What the run has to wait for before it begins. @throws what the key function of its workflow throws */
  claimOf({ row, entries }: LoadedRun): StepClaim | undefined {
    const last = entries.at(-1)
    // a mark of its having begun, or anything that it has done
    if (last === undefined || !isStart(last) || last.kind === 'run.continued') return undefined
    const general = this.#engine.workflows.get(row.workflow)?.throttle
    if (general === undefined && last.payload?.includes('"throttle"') !== true) return undefined
    const { input, throttle = general } = readStarted(last)
    return throttle === undefined || throttle === false ? undefined : throttleClaim(row.workflow, throttle, input)
  }

  wait(loaded: LoadedRun, claim: StepClaim): void {
    const { run, tenant, priority } = loaded.row
    if (isOver(loaded, this.#engine.clock.now())) {
      this.#waitingRoom.sweep(run)
      return this.#move(loaded, () => this.#home.admit(loaded, true))
    }
    const seat = this.#waitingRoom.enter(run, 'throttle', (signal) =>
      obtain(this.#engine, { claims: [claim], tenant, priority, signal }),
    )
    const waiting: Waiting = { loaded, seat, cancelTimer: undefined }
    this.#waiting.set(run, waiting)
    seat.listen(() => this.#decided(waiting))
    const { linger, clock } = this.#engine
    if (!this.#waiting.has(run)) return
    if (linger === 0) this.park(run)
    else waiting.cancelTimer = clock.after(linger, () => this.park(run))
  }

  /** Leaves memory, and keeps its place; or ends, if somebody has said so. */
  park(run: string): void {
    const waiting = this.#waiting.get(run)
    if (waiting === undefined) return
    const { loaded, seat, cancelTimer } = waiting
    const { row } = loaded
    this.#waiting.delete(run)
    cancelTimer?.()
    this.#move(loaded, async () => {
      const { state } = await this.#engine.store.append({
        ref: row,
        epoch: row.epoch,
        entries: [],
        row: { status: 'queued' },
        park: { wakeAt: row.deadline, queued: true },
      })
      if (state === 'busy') {
        seat.leave()
        await this.#home.admit({ ...loaded, mail: await this.#engine.store.mail(run) }, true)
        return undefined
      }
      if (state === 'ok') this.#engine.events.changed(run, { status: 'queued' })
      return () => {
        this.#home.dropped(false)
        seat.detach()
      }
    })
  }

  /** Whoever closes the store gives back what is left here. */
  close(): void {
    this.#closed = true
    for (const { cancelTimer } of this.#waiting.values()) cancelTimer?.()
    this.#waiting.clear()
  }

  #decided(waiting: Waiting): void {
    const { loaded, seat, cancelTimer } = waiting
    // on its way out of memory: when it has left, it is called for
    if (!this.#waiting.delete(loaded.row.run)) return
    cancelTimer?.()
    const admission = seat.take()
    if (admission === undefined) return
    if ('error' in admission) {
      const { error } = admission
      if (isRefusal(error)) this.#move(loaded, () => this.#home.refuse(loaded, error))
      return
    }
    const { pass } = admission
    pass.release()
    this.#move(loaded, () => this.#begin(loaded, pass.waited))
  }

  /** What it has drawn is never drawn again. */
  async #begin(loaded: LoadedRun, waited: number): Promise<Then> {
    const { row, entries } = loaded
    const last = entries.at(-1) as LoadedRun['entries'][number]
    const { index, subject } = last
    const at = Math.max(this.#engine.clock.now(), last.at)
    const meta = { throttle: true, waited }
    const begun: NewEntry = { index: index + 1, after: index, at, kind: 'note', key: '', attempt: 0, meta, subject }
    const { state } = await this.#engine.store.append({ ref: row, epoch: row.epoch, entries: [begun] })
    if (state === 'fenced') return () => this.#home.dropped(false)
    await this.#home.admit({ ...loaded, entries: [...entries, asRead(row.run, begun, last)] }, false)
    return undefined
  }

  /** It is still this worker's meanwhile, though nowhere else in memory. */
  #move({ row }: LoadedRun, work: () => Promise<Then | void>): void {
    this.#moving.add(row.run)
    void (async () => {
      let then: Then | void
      try {
        if (!this.#closed) then = await work()
      } catch (error) {
        if (!this.#closed)
          this.#engine.log.error('a run that waits for its throttle could not be written', { run: row.run, error })
        then = () => this.#home.dropped(true)
      }
      this.#moving.delete(row.run)
      if (!this.#closed) then?.()
    })()
  }
}

/** Somebody ends it, or its time is over, before it has begun. */
function isOver({ row, mail }: LoadedRun, now: number): boolean {
  return (
    (row.deadline ?? Number.POSITIVE_INFINITY) <= now ||
    mail.some(({ kind }) => kind === 'cancel' || kind === 'give-up')
  )
}

/** What was just written need not be read back. */
function asRead(run: string, entry: NewEntry, before: LoadedRun['entries'][number]): LoadedRun['entries'][number] {
  const { index, after, at, kind, key, attempt, meta = {} } = entry
  const { subject, leaf, commitments } = before
  return {
    run,
    index,
    after,
    at,
    kind,
    key,
    attempt,
    meta,
    payload: undefined,
    erased: false,
    subject,
    leaf,
    commitments,
  }
}
