import {
  approval,
  checkSpending,
  child,
  classify,
  compensate,
  type Duration,
  definitionOf,
  formatDuration,
  isInlined,
  isRetried,
  milliseconds,
  openBranch,
  ownStep,
  race,
  type Signal,
  type StandardSchemaV1,
  type Startable,
  type Step,
  type StepContext,
  type StepSettings,
  signal,
  sleep,
  spendAtMost,
  TimeoutError,
  withSettings,
  workflowDefinition,
} from '../workflow/index.ts'
import { invalidGraph } from './errors.ts'
import { isGoto } from './goto.ts'
import { forMany } from './many.ts'
import { callAsNode, type GraphNode, type NodeKind, type State } from './model.ts'

/** What a node does, as the builder hands it over: types are checked there. */
export type Work = ((...args: never) => unknown) | Startable<never, unknown>

export interface NodeSettings extends StepSettings, Budgeted {
  readonly input?: (state: never) => unknown
  readonly output?: (result: never, state: never) => unknown
  readonly compensate?: {
    readonly step: Step<never, unknown>
    readonly input: (result: never, state: never) => unknown
  }
}

export interface ManySettings extends NodeSettings {
  readonly over: (state: never) => readonly unknown[]
  readonly key?: (item: never, index: number) => string
  readonly each?: (item: never, state: never) => unknown
  readonly join?: 'all' | 'any' | number | { readonly first: (result: never) => boolean }
  readonly atOnce?: number
  readonly onError?: 'stop' | 'collect'
}

interface Budgeted {
  readonly budget?: string | readonly string[]
}

interface Caller {
  readonly kind: NodeKind
  call(input: unknown): Promise<unknown>
}

type StepFunction = (input: unknown, context: StepContext) => unknown

export function makeNode(graph: string, name: string, work: Work, settings: NodeSettings): GraphNode {
  const caller = callerOf(graph, name, work, settings)
  const { input, output } = settings
  return {
    name,
    source: { work, settings: { ...settings } },
    kind: caller.kind,
    many: false,
    run: budgeted(graph, name, { pool: definitionOf(work)?.options.pool, ...settings }, caller.kind, async (state) => {
      const result = await caller.call(input === undefined ? state : input(state as never))
      registerCompensation(settings, result, state)
      return output === undefined || isGoto(result) ? result : output(result as never, state as never)
    }),
  }
}

export function makeMany(graph: string, name: string, work: Work, settings: ManySettings): GraphNode {
  const caller = callerOf(graph, name, work, settings)
  const { over, key, each, join = 'all', atOnce, onError = 'stop', output } = settings
  const need = join === 'all' ? undefined : typeof join === 'number' ? join : 1
  if (need !== undefined && !(Number.isSafeInteger(need) && need > 0))
    throw invalidGraph(
      graph,
      `node "${name}" waits for ${need} of its items.`,
      "join is 'all', 'any', a number from 1 on, or { first }.",
    )
  const options = {
    graph,
    node: name,
    key: key as ((item: unknown, index: number) => string) | undefined,
    concurrency: atOnce,
    need,
    good: typeof join === 'object' ? (join.first as (value: unknown) => boolean) : undefined,
    onError,
  }
  return {
    name,
    source: { work, settings: { ...settings } },
    kind: caller.kind,
    many: true,
    run: budgeted(graph, name, { pool: definitionOf(work)?.options.pool, ...settings }, caller.kind, async (state) => {
      const outcomes = await forMany(over(state as never), options, async (item) => {
        const result = await caller.call(each === undefined ? item : each(item as never, state as never))
        registerCompensation(settings, result, state)
        return result
      })
      return output === undefined ? undefined : output(outcomes as never, state as never)
    }),
  }
}

/** Code of the run itself, in the node's scope: it may call steps, wait, ask and start children. */
export function makeBody(graph: string, name: string, body: (state: never) => unknown, settings: Budgeted): GraphNode {
  return {
    name,
    source: { work: body, settings: { ...settings } },
    kind: 'body',
    many: false,
    run: budgeted(graph, name, settings, 'body', async (state) => body(state as never)),
  }
}

export interface ApprovalSettings {
  readonly question: string | ((state: never) => string)
  readonly role?: string
  readonly timeout?: Duration
  readonly of?: (state: never) => unknown
  readonly form?: StandardSchemaV1
  readonly output: (decision: never, state: never) => unknown
}

export function makeApproval(name: string, settings: ApprovalSettings): GraphNode {
  const { question, of, output, ...options } = settings
  return {
    name,
    source: { settings: { ...settings } },
    kind: 'approval',
    many: false,
    async run(state) {
      const text = typeof question === 'string' ? question : question(state as never)
      const asked = of === undefined ? options : { ...options, of: of(state as never) }
      return output((await approval.ask(text, asked as object)) as never, state as never)
    },
  }
}

export interface WaitSettings {
  readonly timeout?: Duration
  readonly output?: (value: never, state: never) => unknown
}

export function makeWait(name: string, what: Signal<never, unknown> | string, settings: WaitSettings): GraphNode {
  const { timeout, output } = settings
  const awaited = typeof what === 'string' ? signal<unknown>(what) : what
  return {
    name,
    source: { work: what, settings: { ...settings } },
    kind: 'wait',
    many: false,
    async run(state) {
      const value = await awaited.wait(timeout === undefined ? {} : { timeout })
      return output === undefined ? undefined : output(value as never, state as never)
    },
  }
}

function callerOf(graph: string, name: string, work: Work, settings: NodeSettings): Caller {
  const { input: _, output: __, compensate: ___, budget: ____, ...rest } = settings
  const own = stepSettings(rest)
  if (definitionOf(work) !== undefined) {
    const step = work as Step<never, unknown>
    return {
      kind: 'step',
      call: Object.keys(own).length === 0 ? (step as Step<unknown, unknown>) : withSettings(step, own),
    }
  }
  if (isInlined(work)) {
    const call = (work as { [callAsNode]?: (input: unknown) => Promise<unknown> })[callAsNode] ?? work
    return { kind: work.kind, call: repeated(graph, name, own, (input) => call(input as never)) }
  }
  if (typeof work === 'function') {
    const record = ownStep(name, own)
    return { kind: 'function', call: (input) => record((context) => (work as StepFunction)(input, context)) }
  }
  workflowDefinition(work)
  return {
    kind: 'workflow',
    call: repeated(graph, name, own, (input) => child(work as Startable<unknown, unknown>, input)),
  }
}

const stepOptions = [
  'attempts',
  'backoff',
  'retryOn',
  'timeout',
  'deadline',
  'effect',
  'pool',
  'priority',
  'concurrency',
  'rate',
] as const

function stepSettings(settings: NodeSettings): StepSettings {
  const given = stepOptions.filter((option) => settings[option] !== undefined)
  return Object.fromEntries(given.map((option) => [option, settings[option]])) as StepSettings
}

/** Graphs, agents and workflows know nothing of attempts: their steps do. As nodes they have what the node says. */
function repeated(
  graph: string,
  name: string,
  settings: StepSettings,
  call: (input: unknown) => Promise<unknown>,
): (input: unknown) => Promise<unknown> {
  const { attempts = 1, backoff = 1_000, timeout, retryOn = (error) => isRetried(classify(error)), ...rest } = settings
  const [other] = Object.keys(rest)
  if (other !== undefined)
    throw invalidGraph(
      graph,
      `node "${name}" is no step and has "${other}".`,
      'Set it on the steps in it; a node that is a graph, an agent or a workflow takes attempts, backoff, timeout and compensate.',
    )
  if (timeout !== undefined) milliseconds(timeout, `timeout of node "${name}"`)
  const within = timeout === undefined ? call : (input: unknown) => timed(name, timeout, () => call(input))
  if (attempts === 1) return within
  return async (input) => {
    for (let attempt = 1; ; attempt++) {
      const branch = openBranch(`attempt-${attempt}`)
      try {
        return await branch.run(() => within(input))
      } catch (error) {
        branch.close()
        if (attempt === attempts || !retryOn(error)) throw error
        await sleep(milliseconds(backoff) * 2 ** (attempt - 1))
      }
    }
  }
}

async function timed(name: string, timeout: Duration, call: () => Promise<unknown>): Promise<unknown> {
  const first = await race({ work: call, late: () => sleep(timeout) })
  if (first.key === 'late') throw new TimeoutError(`Node "${name}"`, formatDuration(milliseconds(timeout)))
  return first.value
}

/**
 * What all attempts and items of one visit may use together. It is counted where model calls are placed, so it holds for what goes on in
 * this process and for this run: what is done elsewhere would pass it by, and is refused here.
 */
function budgeted(
  graph: string,
  name: string,
  { budget, pool }: Budgeted & { readonly pool?: unknown },
  kind: NodeKind,
  run: GraphNode['run'],
): GraphNode['run'] {
  if (budget === undefined) return run
  const limits = [budget].flat()
  const what = `node "${name}" of graph "${graph}"`
  if (limits.length === 0)
    throw invalidGraph(graph, `node "${name}" has a budget of nothing.`, "Write '$0.20', or leave it out.")
  for (const limit of limits) checkSpending(what, limit)
  if (kind === 'workflow')
    throw invalidGraph(
      graph,
      `node "${name}" is a workflow, a run of its own, and has a budget.`,
      "Give the gateway one for it, like budget('workflow:name', { limit: '$2', per: 'day' }), or a budget to the nodes and agents in it.",
    )
  if (pool !== undefined)
    throw invalidGraph(
      graph,
      `node "${name}" runs in another thread and has a budget.`,
      'Model calls are counted where the run is: ask models in a node without `pool`.',
    )
  return (state) => spendAtMost('budget', what, limits, async () => run(state))
}

function registerCompensation({ compensate: undo }: NodeSettings, result: unknown, state: State): void {
  if (undo === undefined) return
  compensate(undo.step as Step<unknown, unknown>, undo.input(result as never, state as never) as never)
}
