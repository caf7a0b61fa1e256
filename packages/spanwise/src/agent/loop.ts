import { hash } from 'node:crypto'
import type { ModelMessage } from 'ai'
import { encodeCanonical } from '../journal/index.ts'
import { currentScope, loop, now, race, type Scope, sleep, spend } from '../workflow/index.ts'
import { type Called, makeCall, untold } from './calls.ts'
import { compacted } from './compact.ts'
import type { AgentDefinition } from './definition.ts'
import { goesRound, noOutput } from './errors.ts'
import { backAndForth, handoffName, handoffsOf, speakersOf } from './handoff.ts'
import { Limits } from './limits.ts'
import { readThread, writeThread } from './memory/thread.ts'
import { pinTools } from './pinned.ts'
import type { State } from './state.ts'
import { ask, type Said, type WantedCall } from './turn.ts'
import { heard, marked } from './untrusted.ts'

type Turned = { readonly next: State } | { readonly done: unknown }

const tooOften = 3

/** Runs an agent as a scope of the run that it is called in: turn after turn, each from data to data. */
export function runAgent(agent: AgentDefinition, input: unknown): Promise<unknown> {
  const limits = new Limits(agent, currentScope(`agent "${agent.name}"`))
  const going: Going = { agent, input, speakers: speakersOf(agent), limits }
  const start = beginning(agent, input, now().getTime())
  return loop<State, unknown>({ name: `agent(${agent.name})`, start, snapshots: 'growing' }, async (state) =>
    turn(going, state.versions === undefined ? await prepared(going, state) : state),
  )
}

function beginning(agent: AgentDefinition, input: unknown, since: number): State {
  const { prompt } = agent.options
  const said =
    prompt === undefined ? text(input) : (prompt as (input: unknown) => string | readonly ModelMessage[])(input)
  const messages: readonly ModelMessage[] = typeof said === 'string' ? [{ role: 'user', content: said }] : said
  return {
    messages,
    active: agent.name,
    since,
    turns: 0,
    calls: 0,
    granted: {},
    closing: undefined,
    same: undefined,
    versions: undefined,
    fresh: 0,
    path: [agent.name],
    trusted: typeof said === 'string' ? [text(input), said] : [text(input)],
    untrusted: [],
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1)
}

interface Going {
  readonly agent: AgentDefinition
  readonly input: unknown
  readonly speakers: ReadonlyMap<string, AgentDefinition>
  readonly limits: Limits
}

/** In the first round, before anything is asked: tools as they are now, and what is known from earlier runs. */
async function prepared({ agent, input, speakers }: Going, state: State): Promise<State> {
  const versions = await pinTools(speakers.values())
  const thread = threadOf(agent, input)
  const earlier = thread === undefined ? [] : await readThread(agent.name, thread)
  const recalled = await agent.options.memory?.recall(text(input))
  const known: ModelMessage[] =
    recalled === undefined || recalled.length === 0
      ? []
      : [{ role: 'user', content: marked('memory', recalled.map(({ text: one }) => `- ${one}`).join('\n')) }]
  // nobody vouches for what was remembered: it may have come from anywhere
  const untrusted = known.length > 0 || earlier.some(({ role }) => role === 'tool') ? ['memory'] : []
  return {
    ...state,
    versions,
    untrusted,
    messages: [...earlier, ...known, ...state.messages],
    fresh: earlier.length + known.length,
  }
}

function threadOf({ options }: AgentDefinition, input: unknown): string | undefined {
  return (options.thread as ((input: unknown) => string | undefined) | undefined)?.(input)
}

/** One turn: from what the agent goes on with to what it goes on with next, or to its answer. */
async function turn(going: Going, state: State): Promise<Turned> {
  const reached = state.closing === undefined ? going.limits.reached(state, now().getTime()) : undefined
  return inTime(going, reached === undefined ? state : await going.limits.decide(state, reached))
}

/** What is under way when the time is over is not waited for; where a person is asked, the turn is seen through first. */
async function inTime(going: Going, state: State): Promise<Turned> {
  const { limits, agent } = going
  const until = limits.until(state)
  const asks = typeof agent.options.onLimit === 'object'
  if (until === undefined || asks || state.closing !== undefined) return spoken(going, state)
  const first = await race({
    turn: () => spoken(going, state),
    time: () => sleep(new Date(until)),
  })
  if (first.key === 'turn') return first.value
  const allowed = `time of ${Math.round((until - state.since) / 1000)} s`
  return { next: await limits.decide(state, { limit: 'time', allowed }) }
}

async function spoken(going: Going, begun: State): Promise<Turned> {
  const scope = currentScope('a turn')
  const { agent, input, speakers, limits } = going
  const speaker = speakers.get(begun.active) ?? agent
  let state = begun
  let said: Said
  try {
    const { compact } = agent.options
    state = await spend(limits.budgets(begun), () => compacted(begun, speaker.options.model, compact))
    said = await ask(agent, speaker, input, state.closing === undefined ? state : closing(state, state.closing), limits)
  } catch (error) {
    const exceeded = limits.exceeded(error)
    if (exceeded === undefined) throw error
    return { next: await limits.decide(state, exceeded) }
  }
  const after: State = { ...state, messages: [...state.messages, ...said.messages], turns: state.turns + 1 }
  if (said.calls.length > 0) return { next: await called(going, speaker, said.calls, after, scope) }
  if (said.output !== undefined && 'wrong' in said.output) {
    const { run } = scope.execution
    if (state.closing !== undefined) throw noOutput(agent.name, said.output.wrong, run.id)
    return { next: { ...after, messages: [...after.messages, corrected(said.output.wrong)] } }
  }
  const thread = threadOf(agent, input)
  if (thread !== undefined) await writeThread(agent.name, thread, after.messages.slice(after.fresh))
  return { done: said.output === undefined ? said.text : said.output.value }
}

function closing(state: State, limit: string): State {
  const content = `You have reached your limit of ${limit}. Answer now, with what you have.`
  return { ...state, messages: [...state.messages, { role: 'user', content }] }
}

function corrected(why: string): ModelMessage {
  return { role: 'user', content: `That does not fit what was asked for: ${why}\nAnswer again.` }
}

/** Makes the calls of a turn at once, as far as there are calls left. */
async function called(
  going: Going,
  speaker: AgentDefinition,
  wanted: readonly WantedCall[],
  state: State,
  scope: Scope,
): Promise<State> {
  const { limits } = going
  const handoff = handoffOf(speaker, wanted)
  const left = limits.callsLeft(state)
  const tools = wanted.filter(({ tool }) => handoff === undefined || !isHandoff(speaker, tool))
  const made = tools.slice(0, left)
  let over: ReturnType<Limits['exceeded']>
  const make = async (call: WantedCall): Promise<Called> => {
    try {
      return await makeCall(speaker, call, state, scope)
    } catch (error) {
      // the others are seen through: what they did is worth knowing at the limit too
      over = limits.exceeded(error) ?? over
      if (limits.exceeded(error) === undefined) throw error
      return untold(call, 'This call was broken off: the budget is used up.')
    }
  }
  const answers = await spend(limits.budgets(state), () => Promise.all(made.map(make)))
  const results = new Map<WantedCall, Called>(made.map((call, n) => [call, answers[n] as Called]))
  const content = wanted.map((call) => (results.get(call) ?? unmade(call, call === handoff?.call)).part)
  let next: State = {
    ...state,
    messages: [...state.messages, { role: 'tool', content }],
    calls: state.calls + made.length,
  }
  for (const [call, { text: said, trusted, version }] of results) {
    if (said !== undefined) next = { ...next, ...heard(next, call.tool, trusted, said) }
    if (version !== undefined) next = { ...next, versions: { ...next.versions, [call.tool]: version } }
  }
  if (over !== undefined) return limits.decide(next, over)
  next = repeated(going, next, made, answers, scope)
  if (handoff === undefined) return made.length > 0 ? { ...next, path: [next.active] } : next
  return handedOver(going, next, handoff.to, made.length > 0, scope)
}

interface Handed {
  readonly call: WantedCall
  readonly to: string
}

function handoffOf(speaker: AgentDefinition, wanted: readonly WantedCall[]): Handed | undefined {
  for (const call of wanted) {
    const to = handoffsOf(speaker).find((other) => handoffName(other) === call.tool)
    if (to !== undefined) return { call, to: to.agent.name }
  }
  return undefined
}

function isHandoff(speaker: AgentDefinition, tool: string): boolean {
  return handoffsOf(speaker).some((other) => handoffName(other) === tool)
}

function unmade(call: WantedCall, isHandoff: boolean): Pick<Called, 'part'> {
  if (!isHandoff) return untold(call, 'This call was not made: there are no calls left.')
  const output = { type: 'text', value: 'You have the conversation now.' } as const
  return { part: { type: 'tool-result', toolCallId: call.id, toolName: call.tool, output } }
}

/** @throws AGENT_LOOP where turn after turn did the same and learned the same */
function repeated(
  { agent }: Going,
  state: State,
  made: readonly WantedCall[],
  answers: readonly Called[],
  scope: Scope,
): State {
  if (made.length === 0) return state
  const done = made.map(({ tool, args }, n) => [tool, args, answers[n]?.part.output])
  const what = hash('sha256', encodeCanonical(done, 'calls of a turn'), 'hex')
  const times = state.same?.what === what ? state.same.times + 1 : 1
  const most = agent.options.repeats ?? tooOften
  if (times > 1 && times >= most) {
    const names = [...new Set(made.map(({ tool }) => tool))].join(', ')
    throw goesRound(
      agent.name,
      `it called ${names} ${times} times in a row with the same arguments and the same results`,
      scope.execution.run.id,
    )
  }
  return { ...state, same: { what, times } }
}

/** @throws AGENT_LOOP where two hand over to each other again and again, and do nothing else */
function handedOver({ agent }: Going, state: State, to: string, didMore: boolean, scope: Scope): State {
  const path = didMore ? [state.active, to] : [...state.path, to]
  const most = agent.options.repeats ?? tooOften
  if (backAndForth(path) >= most)
    throw goesRound(
      agent.name,
      `${path.at(-1)} and ${path.at(-2)} hand over to each other and do nothing else`,
      scope.execution.run.id,
    )
  return { ...state, active: to, path }
}
