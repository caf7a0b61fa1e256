import type {
  ActRow,
  ApprovalRow,
  CacheRow,
  DecisionRow,
  DeliveryRow,
  Entry,
  FailureRow,
  ModelCallRow,
  Page,
  RunRow,
  ScheduleRow,
  StreamRow,
} from '../../journal/index.ts'
import type { Backend } from '../backend.ts'
import type { Connection } from './connection.ts'
import { longestWait, PAGE } from './protocol.ts'

/** The owner's backend over a connection. Long answers come in pieces. */
export function remoteBackend(connection: Connection): Omit<Backend, 'watch' | 'close'> {
  const ask = connection.ask as (method: string, ...args: readonly unknown[]) => Promise<never>
  return {
    kind: 'remote',
    begin: (begin) => ask('begin', begin),
    send: (mail) => ask('send', mail),
    fork: (request) => ask('fork', request),
    forks: (source) => ask('forks', source),
    checkForm: (run, key, decision) => ask('checkForm', run, key, decision),
    run: (id) => ask('run', id),
    find: (identity) => ask('find', identity),
    outcome: (id) => ask('outcome', id),
    async entries(run, from = 0, limit = Number.POSITIVE_INFINITY) {
      const all: Entry[] = []
      for (let next = from; all.length < limit; ) {
        const asked = Math.min(limit - all.length, PAGE)
        const page: { readonly items: readonly Entry[]; readonly more: boolean } = await ask(
          'entries',
          run,
          next,
          asked,
        )
        all.push(...page.items)
        if (!page.more) break
        next = (all.at(-1)?.index ?? next) + 1
      }
      return all
    },
    list: (query) => pages<RunRow, typeof query>((part) => ask('list', part), query),
    confirmCall: (call) => ask('confirmCall', call),
    modelCalls: (query) => pages<ModelCallRow, typeof query>((part) => ask('modelCalls', part), query),
    failures: (query) => pages<FailureRow, typeof query>((part) => ask('failures', part), query),
    indexDecisions: () => ask('indexDecisions'),
    decisions: (query) => pages<DecisionRow, typeof query>((part) => ask('decisions', part), query),
    approvals: (query) => pages<ApprovalRow, typeof query>((part) => ask('approvals', part), query),
    approval: (id) => ask('approval', id),
    limits: () => ask('limits'),
    models: () => ask('models'),
    budgets: () => ask('budgets'),
    counts: (tenant) => ask('counts', tenant),
    progress: (run) => ask('progress', run),
    forming: (run, seen) => ask('forming', run, seen),
    about: (subject) => ask('about', subject),
    act: (act) => ask('act', act),
    acts: (query) => pages<ActRow, typeof query>((part) => ask('acts', part), query),
    retain: (step) => ask('retain', step),
    restoreRun: (run) => ask('restoreRun', run),
    archives: () => ask('archives'),
    cached: (query) => pages<CacheRow, typeof query>((part) => ask('cached', part), query),
    invalidate: (order) => ask('invalidate', order),
    createStream: (stream) => ask('createStream', stream),
    appendStream: (append) => ask('appendStream', append),
    readStream: (query, patience = 0) => ask('readStream', query, Math.min(patience, longestWait)),
    stream: (ref) => ask('stream', ref),
    streams: (query) => pages<StreamRow, typeof query>((part) => ask('streams', part), query),
    deleteStream: (ref) => ask('deleteStream', ref),
    putApiKey: (key) => ask('putApiKey', key),
    apiKey: (id) => ask('apiKey', id),
    apiKeys: () => ask('apiKeys'),
    revokeApiKey: (id, at) => ask('revokeApiKey', id, at),
    webhooks: () => ask('webhooks'),
    changeWebhook: (change) => ask('changeWebhook', change),
    countWebhooks: (counts) => ask('countWebhooks', counts),
    addDelivery: (delivery) => ask('addDelivery', delivery),
    deliveries: (query) => pages<DeliveryRow, typeof query>((part) => ask('deliveries', part), query),
    resendDeliveries: (order) => ask('resendDeliveries', order),
    putSchedule: (put) => ask('putSchedule', put),
    schedule: (ref) => ask('schedule', ref),
    schedules: (query) => pages<ScheduleRow, typeof query>((part) => ask('schedules', part), query),
    changeSchedule: (change) => ask('changeSchedule', change),
    removeSchedule: (ref) => ask('removeSchedule', ref),
    startScheduled: (order) => ask('startScheduled', order),
  }
}

async function pages<T, Q extends { readonly limit: number; readonly after?: string | undefined }>(
  ask: (query: Q) => Promise<Page<T>>,
  query: Q,
): Promise<Page<T>> {
  const items: T[] = []
  let { after } = query
  do {
    const page = await ask({ ...query, after, limit: Math.min(query.limit - items.length, PAGE) })
    items.push(...page.items)
    after = page.after
  } while (after !== undefined && items.length < query.limit)
  return { items, after }
}
