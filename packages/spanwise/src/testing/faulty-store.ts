import { SpanwiseError, type Store, type WorkerInfo } from '../journal/index.ts'
import { type Duration, milliseconds } from '../workflow/index.ts'

/** What goes wrong, and when. Appends are counted from 1: each is one commit of one run's history. */
export interface FaultPlan {
  /** the process dies when the n-th append is on disk and nobody was told yet */
  readonly crashAfter?: number | readonly number[]
  /** the process dies before the n-th append is written: what it held is lost */
  readonly crashBefore?: number | readonly number[]
  /** the n-th append is refused with STORE_FULL; nothing of it is written */
  readonly failAppend?: number | readonly number[] | ((nth: number) => boolean)
  /** after the n-th append another worker takes over every run of this one, then gives them back */
  readonly loseLeaseAfter?: number | readonly number[]
  /** each append takes that long, in real time */
  readonly slowCommit?: Duration
}

/** A store that things happen to. */
export interface FaultyStore extends Store {
  /** appends so far */
  readonly appends: number
  /** calls that were not answered yet */
  readonly pending: number
  readonly isDead: boolean
  /** resolves when it dies by its plan or by `die` */
  readonly whenDead: Promise<void>
  /** From now on nothing that is asked reaches the store, and nothing is answered: the process is gone. */
  die(): void
  /** Another worker takes over every run of this one, then gives them back: what is in memory is stale. */
  loseLeases(): Promise<void>
}

const never = new Promise<never>(() => {})
/** an answer that nobody gets */
const gone = undefined as never

/**
 * Puts faults between an app and its store. After its death open the next app on the store itself.
 * @param before appends of earlier processes: counting goes on from there
 * @example
 * const store = openMemoryStore()
 * const app = await spanwise({ store: faultyStore(store, { crashAfter: 3 }), workflows: [refund] })
 */
export function faultyStore(store: Store, plan: FaultPlan = {}, before = 0): FaultyStore {
  const { promise: whenDead, resolve: dead } = Promise.withResolvers<void>()
  let isDead = false
  let pending = 0
  let appends = before
  let owner: WorkerInfo | undefined
  let workflows: readonly string[] = []

  const die = (): void => {
    isDead = true
    dead()
  }
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead) return never
    const answer = await counted(work)
    return isDead ? never : answer
  }
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    pending++
    try {
      return await work()
    } finally {
      pending--
    }
  }
  /** What a client asked before the death is answered after it: clients are not what dies. */
  const asked = async <T>(work: () => Promise<T>): Promise<T> => (isDead ? never : counted(work))

  const loseLeases = async (): Promise<void> => {
    if (owner === undefined) return
    const thief = { ...owner, id: `${owner.id}-thief` }
    await store.register(thief)
    // freed runs are due since ever; the others' leases are nobody's
    await store.claim({ worker: thief.id, now: 0, limit: 100_000, workflows })
    await store.register(owner)
  }
  const commit = <T>(work: () => Promise<T>): Promise<T> =>
    call(async () => {
      const nth = ++appends
      if (plan.slowCommit !== undefined) await wait(milliseconds(plan.slowCommit, 'slowCommit'))
      if (hits(plan.crashBefore, nth)) die()
      if (isDead) return gone
      if (hits(plan.failAppend, nth)) throw storeFull()
      const answer = await work()
      if (hits(plan.crashAfter, nth)) die()
      else if (hits(plan.loseLeaseAfter, nth)) await loseLeases()
      return answer
    })

  return {
    info: store.info,
    get appends() {
      return appends
    },
    get pending() {
      return pending
    },
    get isDead() {
      return isDead
    },
    whenDead,
    die,
    loseLeases,
    register: (worker) => {
      owner = worker
      return call(() => store.register(worker))
    },
    renew: (worker) => call(() => store.renew(worker)),
    unregister: (worker) => call(() => store.unregister(worker)),
    create: (run) => asked(() => store.create(run)),
    append: (change) => commit(() => store.append(change)),
    send: (mail) => asked(() => store.send(mail)),
    claim: (query) => {
      workflows = query.workflows
      return call(() => store.claim(query))
    },
    transact: (run, epoch, body) => commit(() => store.transact(run, epoch, body)),
    subjects: (subjects) => call(() => store.subjects(subjects)),
    runsOfSubject: (subject) => call(() => store.runsOfSubject(subject)),
    act: (act) => call(() => store.act(act)),
    acts: (query) => call(() => store.acts(query)),
    erasures: () => call(() => store.erasures()),
    erase: (what) => call(() => store.erase(what)),
    run: (id) => call(() => store.run(id)),
    find: (identity) => call(() => store.find(identity)),
    outcome: (run) => call(() => store.outcome(run)),
    entries: (run, from, limit) => call(() => store.entries(run, from, limit)),
    mail: (run) => call(() => store.mail(run)),
    list: (query) => call(() => store.list(query)),
    approvals: (query) => call(() => store.approvals(query)),
    approval: (id) => call(() => store.approval(id)),
    nextWake: (...query) => call(() => store.nextWake(...query)),
    counts: (tenant) => call(() => store.counts(tenant)),
    fork: (fork) => asked(() => store.fork(fork)),
    failures: (query) => call(() => store.failures(query)),
    modelCalls: (query) => call(() => store.modelCalls(query)),
    indexDecisions: () => call(() => store.indexDecisions()),
    decisions: (query) => call(() => store.decisions(query)),
    forks: (source) => call(() => store.forks(source)),
    suspects: () => call(() => store.suspects()),
    trials: (run) => call(() => store.trials(run)),
    tries: (run, step) => call(() => store.tries(run, step)),
    tried: (run, wentOn) => call(() => store.tried(run, wentOn)),
    rates: (now) => call(() => store.rates(now)),
    cachedResult: (query) => call(() => store.cachedResult(query)),
    cachedResults: (query) => call(() => store.cachedResults(query)),
    dropCachedResults: (order) => call(() => store.dropCachedResults(order)),
    keepRates: (rates, now) => call(() => store.keepRates(rates, now)),
    putSchedule: (put) => asked(() => store.putSchedule(put)),
    schedule: (ref) => call(() => store.schedule(ref)),
    schedules: (query) => call(() => store.schedules(query)),
    changeSchedule: (change) => asked(() => store.changeSchedule(change)),
    removeSchedule: (ref) => asked(() => store.removeSchedule(ref)),
    expired: (query) => call(() => store.expired(query)),
    exportRun: (run) => call(() => store.exportRun(run)),
    archiveRuns: (archive) => commit(() => store.archiveRuns(archive)),
    deleteRuns: (runs) => commit(() => store.deleteRuns(runs)),
    restoreRun: (run) => asked(() => store.restoreRun(run)),
    archives: () => call(() => store.archives()),
    dueSchedules: (now, limit) => call(() => store.dueSchedules(now, limit)),
    nextSchedule: () => call(() => store.nextSchedule()),
    fireSchedule: (firing) => commit(() => store.fireSchedule(firing)),
    putApiKey: (key) => asked(() => store.putApiKey(key)),
    apiKey: (id) => call(() => store.apiKey(id)),
    apiKeys: () => call(() => store.apiKeys()),
    revokeApiKey: (id, at) => asked(() => store.revokeApiKey(id, at)),
    logSize: () => call(() => store.logSize()),
    log: (from, limit) => call(() => store.log(from, limit)),
    checkLog: (from, limit) => call(() => store.checkLog(from, limit)),
    leaves: (from, limit) => call(() => store.leaves(from, limit)),
    positionOf: (run, index) => call(() => store.positionOf(run, index)),
    sealed: () => call(() => store.sealed()),
    checkpoints: (from, limit) => call(() => store.checkpoints(from, limit)),
    seal: (next) => call(() => store.seal(next)),
    sealNodes: (level, from, limit) => call(() => store.sealNodes(level, from, limit)),
    confirmCall: (one) => call(() => store.confirmCall(one)),
    putWebhooks: (put) => asked(() => store.putWebhooks(put)),
    webhooks: () => call(() => store.webhooks()),
    changeWebhook: (change) => asked(() => store.changeWebhook(change)),
    countWebhooks: (counts) => asked(() => store.countWebhooks(counts)),
    deriveDeliveries: (order) => asked(() => store.deriveDeliveries(order)),
    addDelivery: (delivery) => asked(() => store.addDelivery(delivery)),
    dueDeliveries: (query) => call(() => store.dueDeliveries(query)),
    nextDelivery: (webhooks) => call(() => store.nextDelivery(webhooks)),
    settleDelivery: (settled) => asked(() => store.settleDelivery(settled)),
    deliveries: (query) => call(() => store.deliveries(query)),
    resendDeliveries: (order) => asked(() => store.resendDeliveries(order)),
    remember: (memory) => asked(() => store.remember(memory)),
    recall: (query) => call(() => store.recall(query)),
    forgetMemories: (which) => asked(() => store.forgetMemories(which)),
    createStream: (stream) => asked(() => store.createStream(stream)),
    appendStream: (append) => asked(() => store.appendStream(append)),
    readStream: (query) => call(() => store.readStream(query)),
    stream: (ref) => call(() => store.stream(ref)),
    streams: (query) => call(() => store.streams(query)),
    useStream: (ref) => asked(() => store.useStream(ref)),
    deleteStream: (ref) => asked(() => store.deleteStream(ref)),
    identify: (now) => call(() => store.identify(now)),
    identities: () => call(() => store.identities()),
    used: (of) => call(() => store.used(of)),
    use: (changes) => call(() => store.use(changes)),
    close: () => store.close(),
  }
}

function hits(plan: number | readonly number[] | ((nth: number) => boolean) | undefined, nth: number): boolean {
  if (plan === undefined) return false
  if (typeof plan === 'function') return plan(nth)
  return typeof plan === 'number' ? plan === nth : plan.includes(nth)
}

function storeFull(): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_FULL',
    message: 'The store cannot grow: the disk (or quota) is full.',
    hint: 'A test said so. Nothing of the failed write was applied.',
  })
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
