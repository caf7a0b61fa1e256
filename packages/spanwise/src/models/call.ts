import { encode, SpanwiseError } from '../journal/index.ts'
import { type ModelCall, type ModelOutcome, milliseconds, type Settled } from '../workflow/index.ts'
import type { Alias } from './alias.ts'
import type { Asking, Heard } from './ask.ts'
import type { Book, Bound, Held, Hold } from './book.ts'
import { boundsOf } from './bound.ts'
import type { Budget } from './budget.ts'
import { ModelError } from './errors.ts'
import type { GatewayEvent } from './events.ts'
import type { Identities } from './identities.ts'
import { admitted } from './limits.ts'
import type { Member } from './member.ts'
import { type Prices, priceOf } from './price.ts'
import { type CallRecord, toMeta } from './record.ts'
import { type Routed, route, type Tally } from './route.ts'

/** What all calls of a gateway share. */
export interface Gateway {
  readonly aliases: ReadonlyMap<string, Alias>
  readonly budgets: readonly Budget[]
  readonly prices: Prices
  /** how long a call of a run waits for an outage, ms */
  readonly patience: number
  bookOf(call: ModelCall): Book
  identitiesOf(call: ModelCall): Identities
  event(call: Pick<ModelCall, 'home'>, event: GatewayEvent): void
}

/** One call: what is asked, and how it is sent. */
export interface Sending {
  readonly gateway: Gateway
  readonly alias: Alias
  readonly kind: CallRecord['kind']
  readonly streamed: boolean
  /** tokens of the prompt at most */
  readonly input: number
  /** cap of the caller */
  readonly maxOutput: number | undefined
  readonly prompt: CallRecord['prompt']
  /** of what is going on around it, beside those of the gateway */
  readonly budgets: readonly Budget[]
  /** somebody allowed it to go over budgets that ask */
  readonly approved: boolean
  /** what the caller called it off with */
  readonly signal: AbortSignal | undefined
  /** how often all candidates are gone through before a run is told to wait */
  readonly rounds: number
  ask(of: Asking, cap: number): Promise<Heard>
  readonly isCommitted: () => boolean
}

const unknown: CallRecord['usage'] = {
  input: undefined,
  cached: undefined,
  cacheWrite: undefined,
  output: undefined,
  reasoning: undefined,
}

/** Holds budgets, has candidates asked, settles, and says what came of it. Never rejects. */
export async function perform(sending: Sending, call: ModelCall): Promise<ModelOutcome> {
  const started = call.home.clock.now()
  try {
    return await send(sending, call, started)
  } catch (error) {
    return { state: 'failed', error, meta: meta(sending, sending.alias, { ms: call.home.clock.now() - started }) }
  }
}

async function send(sending: Sending, call: ModelCall, started: number): Promise<ModelOutcome> {
  const { gateway } = sending
  const { home } = call
  const book = gateway.bookOf(call)
  // at once where it can be: what is announced here shares the commit of the answer before it
  const keeping = keepBack(sending, call, started)
  const kept =
    keeping instanceof Promise ? await keeping.catch((error: unknown) => unread(sending, call, error)) : keeping
  if ('state' in kept) return kept
  const { alias, holds, bounds } = kept
  const event = (one: GatewayEvent) => gateway.event(call, one)
  const signal = sending.signal === undefined ? call.signal : AbortSignal.any([call.signal, sending.signal])
  try {
    await call.hold(book.taken(holds), meta(sending, alias, { ms: 0, bound: kept.bound, held: book.held(holds) }))
  } catch (error) {
    book.settle(holds, new Map()).release?.()
    throw error
  }
  const routed = await route<Heard>({
    alias,
    home,
    signal,
    event,
    rounds: sending.rounds,
    isCommitted: sending.isCommitted,
    ask: (member, stop) =>
      admitted({ alias, member, call, signal: stop, tokens: Number(bounds.get(member)?.tokens ?? 0n) }, () =>
        sending.ask({ alias, member, clock: home.clock, signal: stop, follow: call.show }, capOf(sending, member)),
      ),
  })
  const bill = billOf(routed, gateway.prices, bounds, started)
  const settled = book.settle(holds, bill.used)
  const ms = home.clock.now() - started
  const facts = {
    ms,
    tries: routed.tally.tries,
    failovers: routed.tally.failovers,
    passedOver: passedOver(routed.tally),
    budgets: kept.holds.map(({ budget }) => budget.name).join(', ') || undefined,
    wasted: bill.wasted,
    bound: kept.bound,
  }
  if (routed.ok) {
    const { member, value } = routed
    const { cost, price } = bill
    const { usage, answered, fingerprint, firstMs } = value
    const noticed = gateway.identitiesOf(call).answered(alias, member, { answered, fingerprint, run: call.run?.id })
    // almost always nothing to wait for
    const replaced = noticed instanceof Promise ? await noticed : noticed
    const record = { ...facts, member, usage, answered, replaced, fingerprint, firstMs, cost, price }
    const more = value.id === undefined ? {} : { response: value.id }
    return {
      state: 'answered',
      payload: encode(value.answer, `answer of ${alias.name}`),
      meta: { ...meta(sending, alias, record), ...more },
      ...settled,
    }
  }
  return refused(sending, call, alias, routed, { ...meta(sending, alias, facts) }, settled)
}

/** Candidates that the answer did not come from, each with its latest reason. */
function passedOver(tally: Tally): string | undefined {
  if (tally.passedOver.length === 0) return undefined
  const why = new Map(tally.passedOver.map(({ member, failure }) => [`${member.provider} ${member.model}`, failure]))
  return [...why].map(([name, failure]) => `${name}: ${failure}`).join('; ')
}

/** Nobody answered: a run waits for a while, everybody else is told. */
function refused(
  sending: Sending,
  call: ModelCall,
  alias: Alias,
  routed: Extract<Routed<unknown>, { ok: false }>,
  facts: ReturnType<typeof toMeta>,
  settled: Settled,
): ModelOutcome {
  const now = call.home.clock.now()
  const { run } = call
  // doubling from a second to half a minute, with jitter; not before a candidate may be asked
  const backoff = Math.min(1_000 * 2 ** (call.generation - 1), 30_000) * (0.75 + call.home.random() * 0.5)
  const at = Math.round(Math.max(routed.from, now + backoff))
  const until = Math.min(call.since + sending.gateway.patience, run?.deadline ?? Number.POSITIVE_INFINITY)
  const outage = routed.passing && at < until ? { after: at - now } : undefined
  const error = new ModelError(alias.name, routed.said, outage, run?.id)
  if (outage === undefined) return { state: 'failed', error, meta: facts, ...settled }
  sending.gateway.event(call, { type: 'unavailable', alias: alias.name, until: at })
  return { state: 'again', at, error, meta: facts, ...settled }
}

type Kept = {
  readonly alias: Alias
  readonly holds: readonly Hold[]
  readonly bounds: ReadonlyMap<Member, Bound>
  readonly bound: bigint | undefined
}

type Refused = Extract<ModelOutcome, { state: 'again' | 'failed' }>

/** Keeps back what the call may cost, of the alias that budgets leave it. */
function keepBack(
  sending: Sending,
  call: ModelCall,
  now: number,
  alias = sending.alias,
  passed = passedBy(sending),
): Kept | Refused | Promise<Kept | Refused> {
  const { gateway } = sending
  for (const member of alias.members)
    gateway.prices.expect({ provider: member.provider, model: member.model, at: now, input: sending.input })
  const most = boundsOf(alias.members, sending.input, (member) => capOf(sending, member), gateway.prices, now)
  // two are asked at once
  const bounds = alias.hedge === undefined ? most : doubled(most)
  const whose = { run: call.run, alias: sending.alias.name }
  const judged = (held: Held): Kept | Refused | Promise<Kept | Refused> => {
    if (held.ok) return { alias, holds: held.holds, bounds: most, bound: highest(bounds) }
    const { budget } = held
    const other =
      typeof budget.onExceed === 'object' && 'degrade' in budget.onExceed
        ? gateway.aliases.get(budget.onExceed.degrade)
        : undefined
    if (other === undefined) return overLimit(sending, call, alias, held, now)
    return keepBack(sending, call, now, other, passed.add(budget))
  }
  const held = gateway
    .bookOf(call)
    .hold([...gateway.budgets, ...sending.budgets], whose, alias.members, bounds, now, passed)
  return held instanceof Promise ? held.then(judged) : judged(held)
}

/** Budgets that ask do not stop what somebody has allowed. */
function passedBy({ approved, gateway }: Sending): Set<Budget> {
  return new Set(
    approved ? gateway.budgets.filter(({ onExceed }) => typeof onExceed === 'object' && 'ask' in onExceed) : [],
  )
}

/** The call waits for the budget's next window, or is not made. */
function overLimit(
  sending: Sending,
  call: ModelCall,
  alias: Alias,
  held: Extract<Held, { ok: false }>,
  now: number,
): Refused {
  const { budget, asked, next } = held
  const error = exceeded(budget, held, call)
  const facts = { ...meta(sending, alias, { ms: 0 }), budget: budget.name }
  // what is more than the whole limit fits into no window
  const waits = budget.onExceed === 'wait' && asked <= budget.limit && call.run !== undefined
  if (!waits || next >= (call.run?.deadline ?? Number.POSITIVE_INFINITY)) return { state: 'failed', error, meta: facts }
  return {
    state: 'again',
    at: next,
    error: Object.assign(error, { outage: true, retryAfter: next - now }),
    meta: facts,
  }
}

/** How much is used could not be read: nothing was asked yet, so a run looks again in a moment. */
function unread(sending: Sending, call: ModelCall, error: unknown): Refused {
  const facts = meta(sending, sending.alias, { ms: 0 })
  if (call.run === undefined) return { state: 'failed', error, meta: facts }
  const at = call.home.clock.now() + unreadPause
  return {
    state: 'again',
    at,
    error: Object.assign(error as object, { outage: true, retryAfter: unreadPause }),
    meta: facts,
  }
}

/** ms */
const unreadPause = 1_000

/** Over its limit, a call of this budget is not made. */
function exceeded(
  budget: Budget,
  held: { readonly used: bigint; readonly asked: bigint },
  call: ModelCall,
): SpanwiseError {
  const amount = (value: bigint) => (budget.unit === 'money' ? `$${Number(value) / 1e9}` : `${value} tokens`)
  const error = new SpanwiseError({
    code: 'BUDGET_EXCEEDED',
    message: `The call may use ${amount(held.asked)}, and of budget "${budget.name}" ${amount(budget.limit - held.used)} are left.`,
    hint: 'Raise the limit, wait for the next window, lower maxOutputTokens, or give the budget an onExceed.',
    run: call.run?.id,
  })
  const ask = typeof budget.onExceed === 'object' && 'ask' in budget.onExceed ? budget.onExceed.ask : undefined
  // as plain fields: that is what of an error is on record
  Object.assign(error, { budget: budget.name })
  return ask === undefined
    ? error
    : Object.assign(error, { asks: budget.name, ...(ask.role === undefined ? {} : { askRole: ask.role }) })
}

interface Bill {
  readonly cost: bigint | undefined
  readonly price: CallRecord['price']
  /** what may have been paid for and was not used */
  readonly wasted: bigint | undefined
  /** what budgets are charged, by candidate */
  readonly used: ReadonlyMap<Member, Bound>
}

function billOf(routed: Routed<Heard>, prices: Prices, bounds: ReadonlyMap<Member, Bound>, at: number): Bill {
  const used = new Map<Member, Bound>()
  const add = (member: Member, money: bigint | undefined, tokens: bigint) => {
    const before = used.get(member)
    const sum = money === undefined ? before?.money : money + (before?.money ?? 0n)
    used.set(member, { money: sum, tokens: tokens + (before?.tokens ?? 0n) })
  }
  const wasted = wastedBy(routed.tally, bounds)
  for (const member of routed.tally.wasted) {
    const bound = bounds.get(member)
    add(member, bound?.money, bound?.tokens ?? 0n)
  }
  if (!routed.ok) return { cost: undefined, price: undefined, wasted, used }
  const { member, value } = routed
  const { provider, model } = member
  const { usage, answered } = value
  const { cost, price } = priceOf({ provider, model, answered, at, usage }, prices)
  const bound = bounds.get(member)
  const counted = usage.input !== undefined && usage.output !== undefined
  // what nobody counted is charged as the most that it can be
  add(member, cost ?? bound?.money, counted ? BigInt((usage.input ?? 0) + (usage.output ?? 0)) : (bound?.tokens ?? 0n))
  return { cost, price, wasted, used }
}

function wastedBy({ wasted }: Tally, bounds: ReadonlyMap<Member, Bound>): bigint | undefined {
  const amounts = wasted.map((member) => bounds.get(member)?.money).filter((amount) => amount !== undefined)
  return amounts.length === 0 ? undefined : amounts.reduce((a, b) => a + b, 0n)
}

type Facts = { readonly ms: number; readonly member?: Member } & Partial<CallRecord>

function meta(sending: Sending, alias: Alias, { member = alias.members[0] as Member, ...facts }: Facts) {
  return toMeta({
    kind: sending.kind,
    alias: alias.name,
    provider: member.provider,
    model: member.model,
    usage: unknown,
    cost: undefined,
    tries: 0,
    failovers: 0,
    streamed: sending.streamed || undefined,
    prompt: sending.prompt,
    ...facts,
  })
}

function capOf({ kind, maxOutput }: Pick<Sending, 'kind' | 'maxOutput'>, member: Member): number {
  return kind === 'embedding' ? 0 : (maxOutput ?? member.maxOutputTokens)
}

function highest(bounds: ReadonlyMap<Member, Bound>): bigint | undefined {
  let most: bigint | undefined
  for (const { money } of bounds.values()) if (money !== undefined && (most === undefined || money > most)) most = money
  return most
}

function doubled(bounds: ReadonlyMap<Member, Bound>): ReadonlyMap<Member, Bound> {
  return new Map(
    [...bounds].map(([member, { money, tokens }]) => [
      member,
      { money: money === undefined ? undefined : money * 2n, tokens: tokens * 2n },
    ]),
  )
}

export function patienceOf(given: Parameters<typeof milliseconds>[0] | undefined): number {
  return milliseconds(given ?? '1d', 'patience')
}
