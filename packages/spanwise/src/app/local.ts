import type { Engine, Limiter, LimitState, ResultCache, Scheduler } from '../engine/index.ts'
import type { BudgetChange, IdentityRow, Store, StreamHub } from '../journal/index.ts'
import type { BudgetState, CandidateState } from '../workflow/index.ts'
import type { Backend } from './backend.ts'
import { newRun } from './begin.ts'
import { storeCache } from './cache-backend.ts'
import { actOn } from './erasures.ts'
import { aboutIn } from './file.ts'
import type { Forming } from './forming.ts'
import { retain } from './retention.ts'
import { storeSchedules } from './schedule-backend.ts'
import { storeStreams } from './stream-backend.ts'
import type { Watchers } from './watchers.ts'
import { storeWebhooks } from './webhooks/backend.ts'

/** The engine of this process and its store. */
export function localBackend(
  store: Store,
  engine: Engine,
  scheduler: Scheduler,
  limiter: Limiter,
  results: ResultCache,
  webhooks: { wake(): void },
  watchers: Watchers,
  forming: Forming,
  gateway: object | undefined,
  budgets: (changes: readonly BudgetChange[]) => void,
  now: () => number,
  hub: StreamHub,
): Backend {
  const schedules = storeSchedules(store, {
    changed: () => scheduler.wake(),
    fired: (fired) => {
      if (fired?.state === 'stale') return
      for (const run of fired?.told ?? []) engine.wake(run)
      engine.wake('')
    },
  })
  return {
    kind: 'local',
    ...schedules,
    ...storeCache(store, (what) => results.invalidate(what)),
    about: (subject) => aboutIn(store, subject),
    ...storeStreams(store, hub),
    act: (act) => actOn(store, act),
    acts: (query) => store.acts(query),
    retain: (step) => retain(store, step),
    restoreRun: (run) => store.restoreRun(run),
    archives: () => store.archives(),
    ...storeWebhooks(store, () => webhooks.wake()),
    putApiKey: (key) => store.putApiKey(key),
    apiKey: (id) => store.apiKey(id),
    apiKeys: () => store.apiKeys(),
    revokeApiKey: (id, at) => store.revokeApiKey(id, at),
    begin: (begin) => engine.begin(newRun(store.info, begin)),
    async send(mail) {
      try {
        const sent = await store.send(mail)
        if (sent.state === 'ok') engine.wake(sent.run)
        return sent
      } catch (error) {
        // the answer may be all that was lost: the letter may be there, and sent again it is a duplicate that wakes nobody
        engine.wake(mail.run)
        throw error
      }
    },
    fork: (request) => engine.fork(request),
    forks: (source) => store.forks(source),
    checkForm: (run, key, decision) => engine.checkForm(run, key, decision),
    run: (id) => store.run(id),
    find: (identity) => store.find(identity),
    outcome: (id) => store.outcome(id),
    entries: (run, from, limit) => store.entries(run, from, limit),
    list: (query) => store.list(query),
    failures: (query) => store.failures(query),
    async confirmCall(call) {
      const done = await store.confirmCall(call)
      if (done.state === 'ok') budgets(done.budgets)
      return done
    },
    modelCalls: (query) => store.modelCalls(query),
    indexDecisions: () => store.indexDecisions(),
    decisions: (query) => store.decisions(query),
    approvals: (query) => store.approvals(query),
    approval: (id) => store.approval(id),
    limits: async () => busiest(limiter.limits()),
    models: async () => (isGateway(gateway) ? withRecord(gateway.state(), await store.identities()) : undefined),
    // an older copy of the package may have made it
    budgets: async () => (isGateway(gateway) ? (gateway.budgets?.(store, now()) ?? []) : undefined),
    counts: (tenant) => store.counts(tenant),
    progress: async (run) => watchers.lastProgress(run),
    forming: async (run, seen) => forming.behind(run, seen),
    watch: (run, callback, what) =>
      what === 'forming' ? forming.follow(run, () => callback(undefined)) : watchers.watch(run, callback),
    close: async () => {},
  }
}

/** The gateway's room is not below this one: what it is is seen by what it can do. */
function isGateway(value: object | undefined): value is {
  state(): readonly CandidateState[]
  budgets?(store: Store, now: number): Promise<readonly BudgetState[]>
} {
  return typeof (value as { state?: unknown } | undefined)?.state === 'function'
}

/** Who answered is known from the record where nobody has been asked since the process began. */
function withRecord(states: readonly CandidateState[], known: readonly IdentityRow[]): readonly CandidateState[] {
  return states.map((state) => {
    const row = known.find(
      ({ alias, provider, model, key }) =>
        alias === state.alias && provider === state.provider && model === state.model && key === (state.key ?? ''),
    )
    if (row === undefined) return state
    const { before, at } = row
    return {
      ...state,
      answered: state.answered ?? row.answered,
      ...(before === undefined ? {} : { before: { answered: before, until: at } }),
    }
  })
}

/** keys that are told */
const most = 1_000

function busiest(limits: readonly LimitState[]): readonly LimitState[] {
  return [...limits].sort((a, b) => b.waiting - a.waiting || b.held - a.held).slice(0, most)
}
