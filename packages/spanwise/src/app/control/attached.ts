import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { currentOwner, type RowChange, SpanwiseError, type Store } from '../../journal/index.ts'
import type { Backend } from '../backend.ts'
import { asChange, fileBackend } from '../file.ts'
import { type Connection, ConnectionLost, dial } from './connection.ts'
import { remoteBackend } from './remote.ts'

type Callback = (change: RowChange | undefined) => void

/** Who waits for news of a run. */
interface Watch {
  readonly run: string
  readonly callback: Callback
  readonly what: 'forming' | undefined
}

/** How this process reaches the store right now. */
type Way =
  | { readonly kind: 'remote'; readonly backend: Omit<Backend, 'watch' | 'close'>; readonly connection: Connection }
  | { readonly kind: 'file'; readonly backend: Backend; readonly store: Store }

/** how long an owner that holds the lock may take to listen, ms: it may be starting, or closing */
const patience = 10_000
const tending = 250

/**
 * A store that this process does not work on: through its owner when one lives, from the file when none does, and over from one
 * to the other whenever that changes. Every request can be asked again: a start carries its id and mail a mark of its own, so
 * that what an owner had done before it died is not done twice.
 */
export function attach(path: string, open: () => Promise<Store>): Backend {
  const watches = new Map<number, Watch>()
  let way: Way | undefined
  let finding: Promise<Way> | undefined
  /** ends the watches on the present way */
  let stops = new Map<number, () => void>()
  let tender: NodeJS.Timeout | undefined
  let count = 0
  let closed = false

  const stands = (found: Way | undefined): found is Way =>
    found !== undefined && (found.kind === 'remote' ? found.connection.open : currentOwner(path) === undefined)

  const reach = async (): Promise<Way> => {
    if (closed) throw appClosed()
    if (stands(way)) return way
    finding ??= find().finally(() => {
      finding = undefined
    })
    return finding
  }

  const find = async (): Promise<Way> => {
    const since = performance.now()
    for (let wait = 10; ; wait = Math.min(2 * wait, 200)) {
      const owner = currentOwner(path)
      const found = owner === undefined ? await openFile() : await callOwner()
      if (found !== undefined) {
        if (closed) {
          await leave(found)
          throw appClosed()
        }
        if (found !== way) await change(found)
        return found
      }
      if (performance.now() - since > patience) throw unreachable(path, owner?.pid)
      await pause(wait, undefined, { ref: true })
    }
  }
  const openFile = async (): Promise<Way> => {
    if (way?.kind === 'file') return way
    const store = await open()
    return { kind: 'file', backend: fileBackend(store), store }
  }
  const callOwner = async (): Promise<Way | undefined> => {
    const connection = await dial(path)
    return connection === undefined ? undefined : { kind: 'remote', backend: remoteBackend(connection), connection }
  }
  const change = async (found: Way): Promise<void> => {
    const before = way
    const watchedBefore = stops
    way = found
    stops = new Map()
    // what happened while nobody watched is told as one change
    for (const [id, watch] of watches) {
      watchOn(found, id, watch)
      if (found.kind === 'remote') void catchUp(found, watch)
    }
    for (const stop of watchedBefore.values()) stop()
    if (before !== undefined) await leave(before)
  }
  const leave = async (old: Way): Promise<void> => {
    if (old.kind === 'remote') return old.connection.close()
    await old.backend.close()
    await old.store.close()
  }
  const watchOn = (found: Way, id: number, { run, callback, what }: Watch): void => {
    if (found.kind === 'file') {
      stops.set(id, found.backend.watch(run, callback, what))
      return
    }
    found.connection.watch(id, run, callback, what)
    stops.set(id, () => found.connection.unwatch(id))
  }
  const catchUp = async (found: Way, { run, callback }: Watch): Promise<void> => {
    try {
      const row = await found.backend.run(run)
      callback(row === undefined ? undefined : await asChange(found.backend, row))
    } catch {
      // the line broke again: it is caught up with on the next one
    }
  }

  /** Asks again while the connection breaks under it. */
  const use = async <T>(work: (backend: Way['backend'], again: boolean) => Promise<T>): Promise<T> => {
    for (let again = false; ; again = true) {
      const found = await reach()
      try {
        return await work(found.backend, again)
      } catch (error) {
        // closed under it because an owner appeared: it is asked instead
        const left = found.kind === 'file' && found !== way && (error as { code?: unknown }).code === 'STORE_CLOSED'
        if (!(error instanceof ConnectionLost) && !left) throw error
      }
    }
  }

  /** An owner that began while this was written to the file has to be told: it does not look at the file by itself. */
  const tell = async (run: string): Promise<void> => {
    if (way?.kind !== 'file' || currentOwner(path) === undefined) return
    try {
      const found = await reach()
      if (found.kind === 'remote') await found.connection.ask('wake', run)
    } catch {
      // it is durable, and the hint is only about when; an owner that died since is followed by one that reads the file
    }
  }

  /** A change that the owner has to know of. */
  const changing = async <T>(work: (backend: Way['backend'], again: boolean) => Promise<T>): Promise<T> => {
    const answer = await use(work)
    await tell('')
    return answer
  }

  const tend = (): void => {
    if (finding !== undefined || stands(way)) return
    // an owner that cannot be reached now is tried again: whoever waits for a run waits for that too
    reach().catch(() => {})
  }

  return {
    get kind() {
      return way?.kind ?? 'file'
    },
    async begin(begin) {
      const created = await use((backend) => backend.begin(begin))
      await tell(created.row.run)
      return created
    },
    async send(mail) {
      const marked = mail.dedupe === undefined ? { ...mail, dedupe: randomUUID() } : mail
      const sent = await use(async (backend, again) => {
        const answer = await backend.send(marked)
        // closed by what the first try did, or by somebody else: that is not known here
        if (again && answer.state === 'closed') throw ownerLost(mail.kind, mail.run)
        return answer
      })
      await tell(mail.run)
      return sent
    },
    async fork(request) {
      const row = await use((backend) => backend.fork(request))
      await tell(row.run)
      return row
    },
    forks: (source) => use((backend) => backend.forks(source)),
    checkForm: (run, key, decision) => use((backend) => backend.checkForm(run, key, decision)),
    run: (id) => use((backend) => backend.run(id)),
    find: (identity) => use((backend) => backend.find(identity)),
    outcome: (id) => use((backend) => backend.outcome(id)),
    entries: (run, from, limit) => use((backend) => backend.entries(run, from, limit)),
    list: (query) => use((backend) => backend.list(query)),
    failures: (query) => use((backend) => backend.failures(query)),
    // what the first try said stands
    confirmCall: (call) =>
      use(async (backend, again) => {
        const done = await backend.confirmCall(call)
        return again && done.state === 'again' ? { state: 'ok', budgets: [] } : done
      }),
    modelCalls: (query) => use((backend) => backend.modelCalls(query)),
    indexDecisions: () => use((backend) => backend.indexDecisions()),
    decisions: (query) => use((backend) => backend.decisions(query)),
    approvals: (query) => use((backend) => backend.approvals(query)),
    approval: (id) => use((backend) => backend.approval(id)),
    limits: () => use((backend) => backend.limits()),
    models: () => use((backend) => backend.models()),
    budgets: () => use((backend) => backend.budgets()),
    about: (subject) => use((backend) => backend.about(subject)),
    counts: (tenant) => use((backend) => backend.counts(tenant)),
    progress: (run) => use((backend) => backend.progress(run)),
    forming: (run, seen) => use((backend) => backend.forming(run, seen)),
    act: (act) => use((backend) => backend.act(act)),
    acts: (query) => use((backend) => backend.acts(query)),
    retain: (step) => use((backend) => backend.retain(step)),
    restoreRun: (run) => use((backend) => backend.restoreRun(run)),
    archives: () => use((backend) => backend.archives()),
    createStream: (stream) => use((backend) => backend.createStream(stream)),
    appendStream(append) {
      // what is asked again is appended once
      const producer = append.producer ?? { id: randomUUID(), epoch: 0, seq: 0 }
      const named = append.add === undefined ? append : { ...append, producer }
      return use((backend) => backend.appendStream(named))
    },
    readStream: (query, wait, signal) => use((backend) => backend.readStream(query, wait, signal)),
    stream: (ref) => use((backend) => backend.stream(ref)),
    streams: (query) => use((backend) => backend.streams(query)),
    deleteStream: (ref) =>
      use(async (backend, again) => {
        const done = await backend.deleteStream(ref)
        return again && done.state === 'unknown' ? { state: 'deleted' } : done
      }),
    cached: (query) => use((backend) => backend.cached(query)),
    async invalidate(order) {
      const count = await use((backend) => backend.invalidate(order))
      // an owner that began while this was done in the file may be computing already what it is about
      const missed = !order.dryRun && way?.kind === 'file' && currentOwner(path) !== undefined
      return missed ? count + (await use((backend) => backend.invalidate(order))) : count
    },
    // the first try may have put it already
    putApiKey: (key) =>
      use(async (backend, again) => {
        if (!again || (await backend.apiKey(key.id)) === undefined) await backend.putApiKey(key)
      }),
    apiKey: (id) => use((backend) => backend.apiKey(id)),
    apiKeys: () => use((backend) => backend.apiKeys()),
    revokeApiKey: (id, at) => use(async (backend, again) => (await backend.revokeApiKey(id, at)) || again),
    webhooks: () => use((backend) => backend.webhooks()),
    changeWebhook: (change) => changing((backend) => backend.changeWebhook(change)),
    countWebhooks: (counts) => use((backend) => backend.countWebhooks(counts)),
    addDelivery: (delivery) => changing((backend) => backend.addDelivery(delivery)),
    deliveries: (query) => use((backend) => backend.deliveries(query)),
    resendDeliveries: (order) => changing((backend) => backend.resendDeliveries(order)),
    putSchedule: (put) => changing((backend) => backend.putSchedule(put)),
    schedule: (ref) => use((backend) => backend.schedule(ref)),
    schedules: (query) => use((backend) => backend.schedules(query)),
    changeSchedule: (change) => changing((backend) => backend.changeSchedule(change)),
    // what the first try removed is not there any more, which is what was asked for
    removeSchedule: (ref) => changing(async (backend, again) => (await backend.removeSchedule(ref)) || again),
    startScheduled: (order) => changing((backend) => backend.startScheduled(order)),
    watch(run, callback, what) {
      const id = ++count
      const watch: Watch = { run, callback, what }
      watches.set(id, watch)
      if (way !== undefined) watchOn(way, id, watch)
      tender ??= setInterval(tend, tending)
      return () => {
        watches.delete(id)
        stops.get(id)?.()
        stops.delete(id)
        if (watches.size > 0) return
        clearInterval(tender)
        tender = undefined
      }
    },
    async close() {
      if (closed) return
      closed = true
      clearInterval(tender)
      watches.clear()
      // a search that is under way ends by itself and leaves what it found
      await finding?.catch(() => {})
      if (way !== undefined) await leave(way)
      way = undefined
    },
  }
}

function appClosed(): SpanwiseError {
  return new SpanwiseError({ code: 'APP_CLOSED', message: 'The app is closed.', hint: 'Open a new one.' })
}

function unreachable(path: string, pid: number | undefined): SpanwiseError {
  return new SpanwiseError({
    code: 'OWNER_UNREACHABLE',
    message: `Process ${pid ?? '?'} works on the store ${path} and cannot be reached: nobody listens on its control socket.`,
    hint: 'It may be starting or closing: try again. If it goes on, look at what that process logged about its control socket.',
  })
}

function ownerLost(kind: string, run: string): SpanwiseError {
  return new SpanwiseError({
    code: 'OWNER_LOST',
    message: `The owner of the store died while it was given a ${kind} for run ${run}; the ${kind} may or may not be what ended it since.`,
    hint: `Look at the run before you repeat it: spanwise runs show ${run}`,
    run,
  })
}
