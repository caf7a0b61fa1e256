import { cacheFilter, dropResults, forkRun } from '../engine/index.ts'
import { isTerminal, type RowChange, type RunRow, type Store, StreamHub } from '../journal/index.ts'
import type { Backend } from './backend.ts'
import { newRun } from './begin.ts'
import { storeCache } from './cache-backend.ts'
import { actOn } from './erasures.ts'
import { retain } from './retention.ts'
import { storeSchedules } from './schedule-backend.ts'
import { storeStreams } from './stream-backend.ts'
import { storeWebhooks } from './webhooks/backend.ts'

type Callback = (change: RowChange | undefined) => void

/** how often a watched run is looked at, ms */
const interval = 250

/**
 * The store itself, where nobody works on it: what is started is durably queued, what is sent waits in its inbox, and the next
 * owner takes both up. Watching is looking again.
 */
export function fileBackend(store: Store): Backend {
  const watches = new Map<Callback, { readonly run: string; seen: string | undefined }>()
  let timer: NodeJS.Timeout | undefined

  const look = async (callback: Callback, watch: { readonly run: string; seen: string | undefined }): Promise<void> => {
    const row = await store.run(watch.run)
    const seen = row === undefined ? '' : `${row.status} ${row.updatedAt} ${row.epoch}`
    if (seen === watch.seen || !watches.has(callback)) return
    watch.seen = seen
    callback(row === undefined ? undefined : await asChange(store, row))
  }
  const lookAtAll = (): void => {
    for (const [callback, watch] of watches) {
      // the store is closed or gone: whoever waits asks it for more than this, and is told
      look(callback, watch).catch(() => {})
    }
  }

  return {
    kind: 'file',
    ...storeSchedules(store, { changed: () => {}, fired: () => {} }),
    ...storeCache(store, (what) => dropResults(store, cacheFilter(store.info, what))),
    about: (subject) => aboutIn(store, subject),
    ...storeStreams(store, new StreamHub(store, () => Date.now(), false)),
    act: (act) => actOn(store, act),
    acts: (query) => store.acts(query),
    retain: (step) => retain(store, step),
    restoreRun: (run) => store.restoreRun(run),
    archives: () => store.archives(),
    ...storeWebhooks(store, () => {}),
    putApiKey: (key) => store.putApiKey(key),
    apiKey: (id) => store.apiKey(id),
    apiKeys: () => store.apiKeys(),
    revokeApiKey: (id, at) => store.revokeApiKey(id, at),
    begin: (begin) => store.create({ ...newRun(store.info, begin), status: 'queued' }),
    send: (mail) => store.send(mail),
    fork: (request) => forkRun(store, request),
    forks: (source) => store.forks(source),
    // without the workflow's code nobody knows the form: the worker that takes the decision in looks, and asks again
    checkForm: async () => {},
    run: (id) => store.run(id),
    find: (identity) => store.find(identity),
    outcome: (id) => store.outcome(id),
    entries: (run, from, limit) => store.entries(run, from, limit),
    list: (query) => store.list(query),
    failures: (query) => store.failures(query),
    confirmCall: (call) => store.confirmCall(call),
    modelCalls: (query) => store.modelCalls(query),
    indexDecisions: () => store.indexDecisions(),
    decisions: (query) => store.decisions(query),
    approvals: (query) => store.approvals(query),
    approval: (id) => store.approval(id),
    limits: async () => [],
    models: async () => undefined,
    budgets: async () => undefined,
    counts: (tenant) => store.counts(tenant),
    progress: async () => undefined,
    forming: async () => [],
    watch(run, callback, what) {
      // nothing forms where nobody works
      if (what === 'forming') return () => {}
      watches.set(callback, { run, seen: undefined })
      timer ??= setInterval(lookAtAll, interval)
      return () => {
        watches.delete(callback)
        if (watches.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
    close: async () => {
      watches.clear()
      clearInterval(timer)
    },
  }
}

/** How a run stands, as if it had just become so. */
export async function asChange(source: Pick<Backend, 'outcome'>, row: RunRow): Promise<RowChange> {
  const outcome =
    isTerminal(row.status) || row.status === 'needs attention' ? (await source.outcome(row.run))?.payload : undefined
  return { status: row.status, ...(outcome === undefined ? {} : { outcome }) }
}

/** A subject as the store knows it. */
export async function aboutIn(
  store: Store,
  subject: string,
): Promise<{ readonly token: string; readonly runs: readonly string[] }> {
  return { token: store.info.token('subject', subject), runs: await store.runsOfSubject(subject) }
}
