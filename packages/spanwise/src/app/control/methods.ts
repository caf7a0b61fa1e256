import { type Entry, type RunRow, SpanwiseError, type StreamQuery } from '../../journal/index.ts'
import type { Backend } from '../backend.ts'
import type { Begin } from '../begin.ts'
import {
  anything,
  big,
  bytes,
  type Check,
  finite,
  flag,
  list,
  oneOf,
  optional,
  record,
  refuseArguments,
  text,
  tuple,
  whole,
} from './check.ts'
import { longestWait, PAGE, PAGE_SIZE } from './protocol.ts'

/** What the owner answers. Watches belong to a connection and are not among these. */
export interface Methods {
  readonly begin: [Begin]
  readonly send: Parameters<Backend['send']>
  readonly fork: Parameters<Backend['fork']>
  readonly forks: [string]
  readonly checkForm: Parameters<Backend['checkForm']>
  readonly run: [string]
  readonly find: Parameters<Backend['find']>
  readonly outcome: [string]
  readonly entries: [run: string, from: number, limit: number]
  readonly list: Parameters<Backend['list']>
  readonly failures: Parameters<Backend['failures']>
  readonly confirmCall: Parameters<Backend['confirmCall']>
  readonly modelCalls: Parameters<Backend['modelCalls']>
  readonly indexDecisions: []
  readonly decisions: Parameters<Backend['decisions']>
  readonly approvals: Parameters<Backend['approvals']>
  readonly approval: [string]
  readonly limits: []
  readonly models: []
  readonly budgets: []
  readonly counts: [tenant?: string]
  readonly progress: [string]
  readonly forming: Parameters<Backend['forming']>
  readonly about: [string]
  readonly act: Parameters<Backend['act']>
  readonly acts: Parameters<Backend['acts']>
  readonly retain: Parameters<Backend['retain']>
  readonly restoreRun: [string]
  readonly archives: []
  readonly cached: Parameters<Backend['cached']>
  readonly invalidate: Parameters<Backend['invalidate']>
  readonly createStream: Parameters<Backend['createStream']>
  readonly appendStream: Parameters<Backend['appendStream']>
  readonly readStream: [query: StreamQuery, patience: number]
  readonly stream: Parameters<Backend['stream']>
  readonly streams: Parameters<Backend['streams']>
  readonly deleteStream: Parameters<Backend['deleteStream']>
  readonly putApiKey: Parameters<Backend['putApiKey']>
  readonly apiKey: [string]
  readonly apiKeys: []
  readonly revokeApiKey: Parameters<Backend['revokeApiKey']>
  readonly webhooks: []
  readonly changeWebhook: Parameters<Backend['changeWebhook']>
  readonly countWebhooks: Parameters<Backend['countWebhooks']>
  readonly addDelivery: Parameters<Backend['addDelivery']>
  readonly deliveries: Parameters<Backend['deliveries']>
  readonly resendDeliveries: Parameters<Backend['resendDeliveries']>
  readonly putSchedule: Parameters<Backend['putSchedule']>
  readonly schedule: Parameters<Backend['schedule']>
  readonly schedules: Parameters<Backend['schedules']>
  readonly changeSchedule: Parameters<Backend['changeSchedule']>
  readonly removeSchedule: Parameters<Backend['removeSchedule']>
  readonly startScheduled: Parameters<Backend['startScheduled']>
  /** there may be something new for the run in the file: whoever wrote it there says so */
  readonly wake: [string]
}

/** What the owner serves: its backend, and the hint that mail is in the file. */
export interface Served {
  readonly backend: Backend
  wake(run: string): void
}

const limit: Check = (value) => whole(value) && (value as number) > 0 && (value as number) <= PAGE
const overlap = oneOf('skip', 'queue', 'cancel', 'allow')
const nextDue = record({ due: whole, wakeAt: whole })
const scheduleRef = record({ tenant: text, id: text })
const invalidated = { step: optional(text), key: optional(text), tag: optional(text), tenant: optional(text) }
const streamRef = { tenant: text, name: text }
const streamData = record({ data: bytes, count: whole })
const streamMade = {
  type: optional(text),
  ttl: optional(whole),
  expires: optional(whole),
  subject: optional(text),
  run: optional(text),
}
const actKinds = oneOf('erased', 'held', 'released', 'read', 'confirmed')
const deliveryState = oneOf('pending', 'delivered', 'dead')
const statuses = oneOf('queued', 'running', 'waiting', 'needs attention', 'completed', 'failed', 'cancelled')

const checks: { readonly [M in keyof Methods]: Check } = {
  begin: tuple(
    record({
      workflow: text,
      tenant: text,
      id: optional(text),
      run: text,
      input: text,
      payload: text,
      wakeAt: optional(finite),
      priority: whole,
      deadline: optional(finite),
      release: text,
      subject: optional(text),
      tags: list(text),
      debounce: optional(record({ key: optional(text), period: finite, timeout: optional(finite) })),
      request: optional(text),
      at: whole,
    }),
  ),
  send: tuple(
    record({
      run: text,
      // `child` and `step` are written by engines only
      kind: oneOf('signal', 'cancel', 'give-up', 'resume', 'decision'),
      name: text,
      payload: optional(text),
      dedupe: optional(text),
      approval: optional(text),
      request: optional(record({ key: text, until: finite })),
      at: whole,
    }),
  ),
  fork: tuple(
    record({
      source: text,
      run: text,
      from: whole,
      edit: optional(record({})),
      results: optional(record({})),
      allow: optional(list(text)),
      by: optional(text),
      release: text,
      at: whole,
    }),
  ),
  forks: tuple(text),
  checkForm: tuple(text, text, record({ approve: flag, form: anything })),
  run: tuple(text),
  find: tuple(record({ tenant: text, workflow: text, id: text })),
  outcome: tuple(text),
  entries: tuple(text, whole, limit),
  list: tuple(
    record({
      tenant: optional(text),
      workflow: optional(text),
      status: optional(list(statuses)),
      tags: optional(list(text)),
      fingerprint: optional(text),
      parent: optional(text),
      prefix: optional(text),
      since: optional(finite),
      after: optional(text),
      limit,
    }),
  ),
  confirmCall: tuple(record({ run: text, index: whole, cost: big, by: text, reason: text, at: whole })),
  modelCalls: tuple(
    record({
      since: optional(finite),
      until: optional(finite),
      tenant: optional(text),
      workflow: optional(text),
      kinds: optional(list(text)),
      after: optional(text),
      limit,
    }),
  ),
  indexDecisions: tuple(),
  decisions: tuple(
    record({
      since: optional(finite),
      until: optional(finite),
      tenant: optional(text),
      workflow: optional(text),
      run: optional(text),
      subject: optional(text),
      model: optional(text),
      prompt: optional(text),
      approver: optional(text),
      outcome: optional(oneOf('done', 'failed', 'approved', 'rejected')),
      cost: optional(finite),
      influence: optional(
        record({
          model: optional(text),
          prompt: optional(text),
          document: optional(text),
          approver: optional(text),
        }),
      ),
      after: optional(text),
      limit,
    }),
  ),
  failures: tuple(
    record({
      tenant: optional(text),
      workflow: optional(text),
      fingerprint: optional(text),
      open: optional(flag),
      after: optional(text),
      limit,
    }),
  ),
  approvals: tuple(
    record({ role: optional(text), tenant: optional(text), run: optional(text), after: optional(text), limit }),
  ),
  approval: tuple(text),
  limits: tuple(),
  models: tuple(),
  budgets: tuple(),
  counts: tuple(optional(text)),
  progress: tuple(text),
  forming: tuple(text, list(record({ call: text, generation: whole, n: whole }))),
  about: tuple(text),
  act: tuple(
    record({
      kind: actKinds,
      target: record({ run: optional(text), subject: optional(text), token: optional(text) }),
      reason: text,
      by: text,
      second: optional(text),
      at: whole,
      id: optional(text),
    }),
  ),
  acts: tuple(record({ kinds: optional(list(actKinds)), open: optional(flag), after: optional(text), limit })),
  retain: tuple(
    record({
      action: oneOf('archive', 'delete'),
      rules: list(
        record({
          workflow: optional(text),
          status: optional(list(statuses)),
          tag: optional(text),
          keep: optional(finite),
        }),
      ),
      now: whole,
      decisionsSince: optional(finite),
      after: whole,
      dryRun: flag,
    }),
  ),
  restoreRun: tuple(text),
  archives: tuple(),
  cached: tuple(record({ ...invalidated, now: whole, after: optional(text), limit })),
  invalidate: tuple(record({ ...invalidated, dryRun: flag })),
  createStream: tuple(
    record({
      ...streamRef,
      ...streamMade,
      fork: optional(record({ source: text, at: optional(whole), behind: optional(whole) })),
      first: optional(streamData),
      close: optional(flag),
      at: whole,
    }),
  ),
  appendStream: tuple(
    record({
      ...streamRef,
      add: optional(streamData),
      type: optional(text),
      producer: optional(record({ id: text, epoch: whole, seq: whole })),
      order: optional(text),
      close: optional(flag),
      by: optional(text),
      make: optional(record(streamMade)),
      at: whole,
    }),
  ),
  readStream: tuple(record({ ...streamRef, from: whole, limit: whole, now: whole }), whole),
  stream: tuple(record({ ...streamRef, now: whole })),
  streams: tuple(record({ tenant: optional(text), after: optional(text), limit, now: whole })),
  deleteStream: tuple(record({ ...streamRef, now: whole })),
  putApiKey: tuple(
    record({
      id: text,
      name: text,
      hash: text,
      grants: text,
      createdAt: whole,
      expiresAt: optional(whole),
      revokedAt: optional(whole),
    }),
  ),
  apiKey: tuple(text),
  apiKeys: tuple(),
  revokeApiKey: tuple(text, whole),
  webhooks: tuple(),
  changeWebhook: tuple(record({ name: text, at: whole, disable: optional(text), enable: optional(flag) })),
  countWebhooks: tuple(
    list(
      record({
        name: text,
        accepted: whole,
        repeated: whole,
        ignored: whole,
        refused: whole,
        at: whole,
        refusal: optional(text),
      }),
    ),
  ),
  addDelivery: tuple(record({ id: text, webhook: text, type: text, about: optional(text), at: whole })),
  deliveries: tuple(
    record({
      webhook: optional(text),
      state: optional(deliveryState),
      run: optional(text),
      id: optional(text),
      after: optional(text),
      limit,
    }),
  ),
  resendDeliveries: tuple(
    record({ at: whole, id: optional(text), webhook: optional(text), state: optional(deliveryState) }),
  ),
  putSchedule: tuple(
    record({
      tenant: text,
      id: text,
      workflow: text,
      timing: text,
      overlap,
      catchUp: whole,
      start: text,
      subject: optional(text),
      next: optional(nextDue),
      revision: optional(whole),
      at: whole,
    }),
  ),
  schedule: tuple(scheduleRef),
  schedules: tuple(record({ tenant: optional(text), workflow: optional(text), after: optional(text), limit })),
  changeSchedule: tuple(
    record({
      tenant: text,
      id: text,
      at: whole,
      revision: optional(whole),
      pause: optional(text),
      resume: optional(nextDue),
    }),
  ),
  removeSchedule: tuple(scheduleRef),
  startScheduled: tuple(
    record({
      tenant: text,
      id: text,
      revision: whole,
      lane: oneOf('due', 'backfill'),
      overlap,
      trigger: oneOf('backfill', 'manual'),
      runs: list(record({ due: whole, mark: optional(text) })),
      release: text,
      at: whole,
    }),
  ),
  wake: tuple(text),
}

/** @throws CONTROL_METHOD, CONTROL_ARGUMENTS, and whatever the method throws */
export async function perform(served: Served, method: string, args: unknown): Promise<unknown> {
  if (!Object.hasOwn(checks, method)) {
    throw new SpanwiseError({
      code: 'CONTROL_METHOD',
      message: `The owner of the store knows no method ${JSON.stringify(method.slice(0, 100))}.`,
      hint: 'Use the same version of spanwise in both processes.',
    })
  }
  if (!checks[method as keyof Methods](args)) throw refuseArguments(method)
  const answer = answers[method as keyof Methods] as (served: Served, ...args: readonly unknown[]) => unknown
  return answer(served, ...(args as readonly unknown[]))
}

const answers: { readonly [M in keyof Methods]: (served: Served, ...args: Methods[M]) => unknown } = {
  begin: async ({ backend }, begin) => {
    const created = await backend.begin(begin)
    return { ...created, row: withoutSecret(created.row) }
  },
  send: ({ backend }, mail) => backend.send(mail),
  fork: async ({ backend }, request) => withoutSecret(await backend.fork(request)),
  forks: ({ backend }, source) => backend.forks(source),
  checkForm: ({ backend }, run, key, decision) => backend.checkForm(run, key, decision),
  run: async ({ backend }, id) => withoutSecret(await backend.run(id)),
  find: async ({ backend }, identity) => withoutSecret(await backend.find(identity)),
  outcome: ({ backend }, id) => backend.outcome(id),
  entries: async ({ backend }, run, from, limit) => fitting(await backend.entries(run, from, limit), limit),
  list: async ({ backend }, query) => {
    const page = await backend.list(query)
    return { ...page, items: page.items.map(withoutSecret) }
  },
  failures: ({ backend }, query) => backend.failures(query),
  confirmCall: ({ backend }, call) => backend.confirmCall(call),
  modelCalls: ({ backend }, query) => backend.modelCalls(query),
  indexDecisions: ({ backend }) => backend.indexDecisions(),
  decisions: ({ backend }, query) => backend.decisions(query),
  approvals: ({ backend }, query) => backend.approvals(query),
  approval: ({ backend }, id) => backend.approval(id),
  limits: ({ backend }) => backend.limits(),
  models: ({ backend }) => backend.models(),
  budgets: ({ backend }) => backend.budgets(),
  counts: ({ backend }, tenant) => backend.counts(tenant),
  progress: ({ backend }, run) => backend.progress(run),
  forming: ({ backend }, run, seen) => backend.forming(run, seen),
  about: ({ backend }, subject) => backend.about(subject),
  act: ({ backend }, act) => backend.act(act),
  acts: ({ backend }, query) => backend.acts(query),
  retain: ({ backend }, step) => backend.retain(step),
  restoreRun: ({ backend }, run) => backend.restoreRun(run),
  archives: ({ backend }) => backend.archives(),
  cached: ({ backend }, query) => backend.cached(query),
  invalidate: ({ backend }, order) => backend.invalidate(order),
  createStream: ({ backend }, stream) => backend.createStream(stream),
  appendStream: ({ backend }, append) => backend.appendStream(append),
  readStream: ({ backend }, query, patience) => backend.readStream(query, Math.min(patience, longestWait)),
  stream: ({ backend }, ref) => backend.stream(ref),
  streams: ({ backend }, query) => backend.streams(query),
  deleteStream: ({ backend }, ref) => backend.deleteStream(ref),
  putApiKey: ({ backend }, key) => backend.putApiKey(key),
  apiKey: ({ backend }, id) => backend.apiKey(id),
  apiKeys: ({ backend }) => backend.apiKeys(),
  revokeApiKey: ({ backend }, id, at) => backend.revokeApiKey(id, at),
  webhooks: ({ backend }) => backend.webhooks(),
  changeWebhook: ({ backend }, change) => backend.changeWebhook(change),
  countWebhooks: ({ backend }, counts) => backend.countWebhooks(counts),
  addDelivery: ({ backend }, delivery) => backend.addDelivery(delivery),
  deliveries: ({ backend }, query) => backend.deliveries(query),
  resendDeliveries: ({ backend }, order) => backend.resendDeliveries(order),
  putSchedule: ({ backend }, put) => backend.putSchedule(put),
  schedule: ({ backend }, ref) => backend.schedule(ref),
  schedules: ({ backend }, query) => backend.schedules(query),
  changeSchedule: ({ backend }, change) => backend.changeSchedule(change),
  removeSchedule: ({ backend }, ref) => backend.removeSchedule(ref),
  startScheduled: ({ backend }, order) => backend.startScheduled(order),
  wake: (served, run) => served.wake(run),
}

/** The key of a run's content is nobody's business but its owner's. */
function withoutSecret<Row extends RunRow | undefined>(row: Row): Row {
  return row === undefined ? row : { ...row, secret: undefined }
}

/** As many entries as one answer should hold, one at least; `more` when there may be others behind them. */
function fitting(
  entries: readonly Entry[],
  limit: number,
): { readonly items: readonly Entry[]; readonly more: boolean } {
  let size = 0
  const end = entries.findIndex((entry, at) => {
    size += entry.payload?.length ?? 0
    return at > 0 && size > PAGE_SIZE
  })
  return end < 0 ? { items: entries, more: entries.length === limit } : { items: entries.slice(0, end), more: true }
}
