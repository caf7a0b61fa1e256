import { checkPayloadSize } from '../payload-size.ts'
import type { NewMail, NewRun, RunChange, Store } from '../store.ts'
import type { Argument, Op, Result } from './operations.ts'

export type Ask = <O extends Op>(op: O, argument: Argument<O>) => Promise<Result<O>>
type Asking = Omit<Store, 'info' | 'transact' | 'close'>

/** The store's methods in terms of requests. Payloads that are too large are refused before anything is sent. */
export function surface(ask: Ask, maxPayload?: number): Asking {
  const check = (text: string | undefined, where: () => string): void => {
    if (text !== undefined && text.length > 1024) checkPayloadSize(text, where(), maxPayload)
  }
  const checkRun = (run: NewRun): void => {
    check(run.started.payload, () => `The input of ${run.workflow}`)
  }
  const checkMail = (mail: NewMail): void => {
    check(mail.payload, () => `The ${mail.kind} ${mail.name} for run ${mail.run}`)
  }
  return {
    register: (worker) => ask('register', worker),
    renew: (worker) => ask('renew', worker),
    unregister: (worker) => ask('unregister', worker),
    create: async (run) => {
      checkRun(run)
      return ask('create', run)
    },
    append: (change) => {
      try {
        checkChange(change, maxPayload)
      } catch (error) {
        return Promise.reject(error)
      }
      return ask('append', change)
    },
    send: async (mail) => {
      checkMail(mail)
      return ask('send', mail)
    },
    claim: (query) => ask('claim', query),
    subjects: (names) => ask('subjects', names),
    runsOfSubject: (subject) => ask('runsOfSubject', subject),
    erase: (what) => ask('erase', what),
    run: (id) => ask('run', id),
    find: (identity) => ask('find', identity),
    outcome: (run) => ask('outcome', run),
    entries: (run, from = 0, limit) => ask('entries', { run, from, limit }),
    mail: (run) => ask('mail', run),
    list: (query) => ask('list', query),
    approvals: (query) => ask('approvals', query),
    approval: (id) => ask('approval', id),
    nextWake: (workflows, release) => ask('nextWake', { workflows, release }),
    counts: (tenant) => ask('counts', tenant),
    fork: async (fork) => {
      check(fork.started.payload, () => `The input of ${fork.workflow}`)
      for (const entry of fork.entries)
        check(entry.payload, () => `What fork ${fork.run} has to record (${entry.kind})`)
      return ask('fork', fork)
    },
    failures: (query) => ask('failures', query),
    forks: (source) => ask('forks', source),
    modelCalls: (query) => ask('modelCalls', query),
    indexDecisions: () => ask('indexDecisions', undefined),
    decisions: (query) => ask('decisions', query),
    suspects: () => ask('suspects', undefined),
    trials: (run) => ask('trials', run),
    tries: (run, step) => ask('tries', { run, step }),
    tried: (run, wentOn) => ask('tried', { run, wentOn }),
    rates: (now) => ask('rates', now),
    keepRates: (rates, now) => ask('keepRates', { rates, now }),
    putSchedule: async (put) => {
      check(put.start, () => `The input of schedule ${put.id}`)
      return ask('putSchedule', put)
    },
    schedule: (ref) => ask('schedule', ref),
    schedules: (query) => ask('schedules', query),
    changeSchedule: (change) => ask('changeSchedule', change),
    removeSchedule: (ref) => ask('removeSchedule', ref),
    expired: (query) => ask('expired', query),
    exportRun: (run) => ask('exportRun', run),
    archiveRuns: (archive) => ask('archiveRuns', archive),
    deleteRuns: (runs) => ask('deleteRuns', runs),
    restoreRun: (run) => ask('restoreRun', run),
    archives: () => ask('archives', undefined),
    cachedResult: (query) => ask('cachedResult', query),
    cachedResults: (query) => ask('cachedResults', query),
    dropCachedResults: (order) => ask('dropCachedResults', order),
    dueSchedules: (now, limit) => ask('dueSchedules', { now, limit }),
    nextSchedule: () => ask('nextSchedule', undefined),
    fireSchedule: async (firing) => {
      for (const run of firing.runs) checkRun(run)
      return ask('fireSchedule', firing)
    },
    putApiKey: (key) => ask('putApiKey', key),
    apiKey: (id) => ask('apiKey', id),
    apiKeys: () => ask('apiKeys', undefined),
    revokeApiKey: (id, at) => ask('revokeApiKey', { id, at }),
    act: (act) => ask('act', act),
    acts: (query) => ask('acts', query),
    erasures: () => ask('erasures', undefined),
    logSize: () => ask('logSize', undefined),
    log: (from, limit) => ask('log', { from, limit }),
    checkLog: (from, limit) => ask('checkLog', { from, limit }),
    leaves: (from, limit) => ask('leaves', { from, limit }),
    positionOf: (run, index) => ask('positionOf', { run, index }),
    sealed: () => ask('sealed', undefined),
    checkpoints: (from, limit) => ask('checkpoints', { from, limit }),
    seal: (next) => ask('seal', next),
    sealNodes: (level, from, limit) => ask('sealNodes', { level, from, limit }),
    confirmCall: (call) => ask('confirmCall', call),
    remember: (memory) => ask('remember', memory),
    recall: (query) => ask('recall', query),
    forgetMemories: (which) => ask('forgetMemories', which),
    createStream: (stream) => ask('createStream', stream),
    appendStream: (append) => ask('appendStream', append),
    readStream: (query) => ask('readStream', query),
    stream: (ref) => ask('stream', ref),
    streams: (query) => ask('streams', query),
    useStream: (ref) => ask('useStream', ref),
    deleteStream: (ref) => ask('deleteStream', ref),
    identify: (now) => ask('identify', now),
    identities: () => ask('identities', undefined),
    putWebhooks: (put) => ask('putWebhooks', put),
    webhooks: () => ask('webhooks', undefined),
    changeWebhook: (change) => ask('changeWebhook', change),
    countWebhooks: (counts) => ask('countWebhooks', counts),
    deriveDeliveries: (order) => ask('deriveDeliveries', order),
    addDelivery: (delivery) => ask('addDelivery', delivery),
    dueDeliveries: (query) => ask('dueDeliveries', query),
    nextDelivery: (webhooks) => ask('nextDelivery', webhooks),
    settleDelivery: (settled) => ask('settleDelivery', settled),
    deliveries: (query) => ask('deliveries', query),
    resendDeliveries: (order) => ask('resendDeliveries', order),
    used: (of) => ask('used', of),
    use: (changes) => ask('use', changes),
  }
}

export function checkChange(change: RunChange, maxPayload?: number): void {
  const { ref, entries, row, send = [], children = [] } = change
  const check = (text: string, where: string): void => checkPayloadSize(text, where, maxPayload)
  for (const { key, kind, payload } of entries)
    if (isLong(payload)) check(payload, `What ${key === '' ? `run ${ref.run}` : key} has to record (${kind})`)
  if (isLong(row?.outcome)) check(row.outcome, `The outcome of run ${ref.run}`)
  for (const { kind, name, run, payload } of send)
    if (isLong(payload)) check(payload, `The ${kind} ${name} for run ${run}`)
  for (const { workflow, started } of children)
    if (isLong(started.payload)) check(started.payload, `The input of ${workflow}`)
}

/** Most texts are not worth a look: a description of where they stand is made for the others only. */
function isLong(text: string | undefined): text is string {
  return text !== undefined && text.length > 1024
}
