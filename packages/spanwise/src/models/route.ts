import type { ModelHome } from '../workflow/index.ts'
import type { Alias } from './alias.ts'
import type { GatewayEvent } from './events.ts'
import { type CallFailure, CandidateError, type Failed, failureOf, isPassing, isTriedElsewhere } from './failure.ts'
import type { Member } from './member.ts'

/** What one candidate said, or why it was not asked. */
export interface Said {
  readonly member: Member
  readonly failure: CallFailure | 'left alone'
  readonly error: unknown
}

export interface Route<T> {
  readonly alias: Alias
  readonly home: Pick<ModelHome, 'clock' | 'random'>
  readonly signal: AbortSignal
  readonly event: (event: GatewayEvent) => void
  /** how often all candidates are gone through before somebody else decides */
  readonly rounds: number
  /** asks one candidate. @throws whatever it says */
  readonly ask: (member: Member, signal: AbortSignal) => Promise<T>
  /** something of an answer was handed on: nobody else can be asked any more */
  readonly isCommitted: () => boolean
}

export interface Tally {
  /** requests sent */
  tries: number
  /** candidates that were given up */
  failovers: number
  /** what may have been paid for and was not used */
  readonly wasted: Member[]
  /** who did not answer, and why */
  readonly passedOver: Pick<Said, 'member' | 'failure'>[]
}

export type Routed<T> =
  | { readonly ok: true; readonly value: T; readonly member: Member; readonly tally: Tally }
  | {
      readonly ok: false
      readonly said: readonly Said[]
      /** waiting may heal it */
      readonly passing: boolean
      /** when a candidate may be asked again, ms */
      readonly from: number
      readonly tally: Tally
    }

type One<T> =
  | { readonly ok: true; readonly value: T; readonly member: Member }
  | (Failed & { readonly ok: false; readonly member: Member })

const longestWait = 2_000

/** Asks the candidates of an alias until one answers. Never rejects. */
export async function route<T>(of: Route<T>): Promise<Routed<T>> {
  const { clock, random } = of.home
  const tally: Tally = { tries: 0, failovers: 0, wasted: [], passedOver: [] }
  for (let round = 0; ; round++) {
    const said: Said[] = []
    const answer = await pass(of, tally, said)
    if (answer !== undefined) return { ok: true, ...answer, tally }
    const passing =
      !of.signal.aborted &&
      !of.isCommitted() &&
      said.some(({ failure }) => failure === 'left alone' || isPassing(failure)) &&
      !said.some(
        ({ failure }) =>
          failure === 'not wanted' || failure === 'invalid request' || of.alias.on[failure as CallFailure] === 'fail',
      )
    const now = clock.now()
    const from = Math.min(...of.alias.members.map(({ health }) => Math.max(now, health.from)))
    const backoff = Math.round(200 * 2 ** round * (0.75 + random() * 0.5))
    const wait = Math.max(from - now, backoff)
    if (!passing || round + 1 >= of.rounds || wait > longestWait) return { ok: false, said, passing, from, tally }
    await pause(of, wait)
  }
}

async function pass<T>(
  of: Route<T>,
  tally: Tally,
  said: Said[],
): Promise<{ readonly value: T; readonly member: Member } | undefined> {
  const { clock } = of.home
  const left = order(of.alias, of.home.random)
  const next = (): Member | undefined => {
    for (let member = left.shift(); member !== undefined; member = left.shift()) {
      if (member.health.admit(clock.now())) return member
      said.push({ member, failure: 'left alone', error: undefined })
      tally.passedOver.push({ member, failure: 'left alone' })
    }
    return undefined
  }
  for (let member = next(); member !== undefined; member = next()) {
    const ended = await hedged(of, member, next, tally)
    const answer = ended.find((one) => one.ok)
    if (answer?.ok === true) return answer
    for (const one of ended) {
      if (one.ok) continue
      said.push({ member: one.member, failure: one.failure, error: one.error })
      tally.passedOver.push(one)
      tally.failovers++
      if (one.failure === 'not wanted' || of.isCommitted()) return undefined
      if ((of.alias.on[one.failure] ?? (isTriedElsewhere(one.failure) ? 'next' : 'fail')) === 'fail') return undefined
    }
  }
  return undefined
}

/** Asks one, and after a while another one too: the first answer counts, the other is called off. */
async function hedged<T>(
  of: Route<T>,
  first: Member,
  next: () => Member | undefined,
  tally: Tally,
): Promise<readonly One<T>[]> {
  const after = hedgeAfter(of.alias, first)
  if (after === undefined) return [await one(of, first, of.signal, tally)]
  const called = [new AbortController(), new AbortController()] as const
  const running = [one(of, first, AbortSignal.any([of.signal, called[0].signal]), tally)]
  const ended: One<T>[] = []
  let cancel: () => void = () => {}
  const late = new Promise<'late'>((resolve) => {
    cancel = of.home.clock.after(after, () => resolve('late'))
  })
  const started = await Promise.race([running[0] as Promise<One<T>>, late])
  cancel()
  if (started !== 'late') return [started]
  const second = of.isCommitted() ? undefined : next()
  if (second === undefined) return [await (running[0] as Promise<One<T>>)]
  of.event({ type: 'hedged', alias: of.alias.name, provider: second.provider, model: second.model })
  running.push(one(of, second, AbortSignal.any([of.signal, called[1].signal]), tally))
  const tagged = running.map(async (work, i) => ({ i, result: await work }))
  const winner = await Promise.race(tagged)
  ended.push(winner.result)
  if (winner.result.ok) {
    called[winner.i === 0 ? 1 : 0].abort(new CandidateError('not wanted', 'Another candidate was faster.'))
    // it stops by itself; what it may have cost is on the bill
    tally.wasted.push(winner.i === 0 ? second : first)
    return ended
  }
  ended.push(await (running[winner.i === 0 ? 1 : 0] as Promise<One<T>>))
  return ended
}

async function one<T>(of: Route<T>, member: Member, signal: AbortSignal, tally: Tally): Promise<One<T>> {
  const { clock } = of.home
  const { health } = member
  const started = clock.now()
  const was = health.state
  tally.tries++
  try {
    const value = await of.ask(member, signal)
    health.answered()
    member.adaptive.answered()
    member.latencies.add(clock.now() - started)
    if (was !== 'closed') of.event({ type: 'breaker', alias: of.alias.name, ...named(member), state: 'closed' })
    return { ok: true, value, member }
  } catch (error) {
    const failed: Failed = signal.aborted
      ? { failure: 'not wanted', retryAfter: undefined, error: signal.reason ?? error }
      : failureOf(error, clock.now())
    if (failed.failure === 'not wanted') {
      health.released()
      // it was answering: that may be on the bill
      if (!signal.aborted) tally.wasted.push(member)
    } else {
      health.failed(failed.failure, failed.retryAfter, clock.now())
      of.event({ type: 'failed', alias: of.alias.name, ...named(member), failure: failed.failure, error })
      if (was === 'closed' && health.state === 'open')
        of.event({ type: 'breaker', alias: of.alias.name, ...named(member), state: 'open' })
      if (failed.failure === 'rate limit') member.adaptive.tooMany()
      // it had begun to answer, or may have: that may be on the bill
      if (failed.failure === 'timeout' || failed.failure === 'bad response') tally.wasted.push(member)
    }
    return { ok: false, member, ...failed }
  }
}

function named({ provider, model }: Member): { readonly provider: string; readonly model: string } {
  return { provider, model }
}

/** In their order, or drawn by weight. */
function order({ members, weighted }: Alias, random: () => number): Member[] {
  if (!weighted) return [...members]
  return members
    .map((member) => ({
      member,
      at: member.weight === 0 ? Number.POSITIVE_INFINITY : -Math.log(1 - random()) / member.weight,
    }))
    .sort((a, b) => a.at - b.at)
    .map(({ member }) => member)
}

function hedgeAfter({ hedge }: Alias, member: Member): number | undefined {
  return typeof hedge === 'object' ? member.latencies.quantile(hedge.quantile) : hedge
}

function pause({ home, signal }: Pick<Route<unknown>, 'home' | 'signal'>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = home.clock.after(ms, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    const stop = () => {
      cancel()
      resolve()
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
}
