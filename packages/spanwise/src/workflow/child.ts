import { decode, encode, encodeCanonical, SpanwiseError } from '../journal/index.ts'
import { currentScope } from './current.ts'
import { RunFailedError } from './errors.ts'
import type { Delivered, OperationSpec, Scope, Settlement } from './runtime/model.ts'
import { deferred } from './runtime/tracked.ts'
import { parse } from './schema.ts'
import type { Signal } from './signal.ts'
import type { Arg, Rest } from './types.ts'
import { type Startable, workflowDefinition } from './workflow.ts'

export interface ChildOptions {
  /** unique within tenant and workflow; by default one of the parent's own */
  readonly id?: string
  /** what becomes of it when the parent ends first; `cancel` */
  readonly onParentClose?: 'cancel' | 'abandon' | 'wait'
}

export interface ChildRun<O> {
  readonly id: string
  /** @throws RunFailedError when it failed or was cancelled */
  result(): Promise<O>
  signal<I>(signal: Signal<I, unknown>, ...value: Arg<I>): Promise<void>
  cancel(reason: string): Promise<void>
}

/** What a child's end, or its refusal, tells the parent: payload of `child.settled`. */
type ChildOutcome =
  | { readonly run: string; readonly conflict: true }
  /** `outcome`: codec text of result or error */
  | {
      readonly run: string
      readonly conflict?: undefined
      readonly status: 'completed' | 'failed' | 'cancelled'
      readonly outcome: string | null
    }

function childSpec(
  startable: Startable<never, unknown>,
  input: unknown,
  options: ChildOptions,
  onStarted?: (run: string) => void,
): OperationSpec {
  const definition = workflowDefinition(startable)
  return {
    kind: 'child',
    name: `child(${definition.name})`,
    input: encodeCanonical({ input, id: options.id }, `input of child "${definition.name}"`),
    effect: {
      type: 'child',
      workflow: definition.name,
      definition,
      value: input,
      id: options.id,
      onParentClose: options.onParentClose ?? 'cancel',
    },
    announce: (childRun) => {
      const abandoned = options.onParentClose === 'abandon' ? { abandoned: true } : {}
      const handle = onStarted === undefined ? {} : { handle: true }
      return { kind: 'child.started', meta: { child: childRun, workflow: definition.name, ...abandoned, ...handle } }
    },
    settle: (entry) => {
      if (entry.kind === 'child.settled') return settleOutcome(entry)
      if (entry.kind === 'child.started') onStarted?.(String(entry.meta['child']))
      return undefined
    },
  }
}

function settleOutcome(entry: Delivered): Settlement {
  const outcome = decode(entry.payload ?? 'null') as ChildOutcome
  if (outcome.conflict === true) {
    return {
      ok: false,
      error: new SpanwiseError({
        code: 'ID_CONFLICT',
        message: `A run with the id of this child exists and was started with another input: ${outcome.run}.`,
        hint: 'Give the child an id of its own, or pass the same input.',
        run: outcome.run,
      }),
    }
  }
  const value = outcome.outcome === null ? undefined : decode(outcome.outcome)
  if (outcome.status === 'completed') return { ok: true, value }
  return { ok: false, error: new RunFailedError(outcome.run, outcome.status, value) }
}

async function startAndWait(
  scope: Scope,
  startable: Startable<never, unknown>,
  input: unknown,
  options: ChildOptions = {},
): Promise<unknown> {
  const parsed = await parseInput(startable, input)
  return scope.execution.issue(scope, childSpec(startable, parsed, options))
}

async function startHandle(
  scope: Scope,
  startable: Startable<never, unknown>,
  input: unknown,
  options: ChildOptions = {},
): Promise<ChildRun<unknown>> {
  const { name } = workflowDefinition(startable)
  const parsed = await parseInput(startable, input)
  const started = deferred<string>()
  const result = scope.execution.issue<unknown>(scope, childSpec(startable, parsed, options, started.resolve))
  const id = await Promise.race([started.promise, result.then(() => started.promise)])
  return {
    id,
    result: () => result,
    signal: (signal, ...value) => mail(name, id, 'signal', signal.signalName, value[0]),
    cancel: (reason) => mail(name, id, 'cancel', reason, undefined),
  }
}

/** As it is at the call: what the code does with its object from then on is not in the child's input. */
function parseInput(startable: Startable<never, unknown>, input: unknown): Promise<unknown> {
  const { name, input: schema } = workflowDefinition(startable)
  const given = typeof input === 'object' && input !== null ? decode(encode(input, `input of child "${name}"`)) : input
  return parse(schema, given, 'INVALID_INPUT', `The input of child "${name}"`)
}

/** Mail from a run to a child: goes out once, in the commit that records it. */
function mail(child: string, run: string, kind: 'signal' | 'cancel', name: string, value: unknown): Promise<void> {
  const scope = currentScope(`${kind}()`)
  return scope.execution.issue(scope, {
    kind: 'step',
    name: `child(${child}).${kind}`,
    input: encodeCanonical({ run, name, value }, kind),
    effect: { type: 'mail', run, mail: kind, name, payload: value === undefined ? undefined : encode(value, kind) },
    settle: (entry) => (entry.kind === 'step.result' ? { ok: true, value: undefined } : undefined),
  })
}

interface Child {
  /** Starts a workflow as a run of its own and waits for its result. @throws RunFailedError */
  <I, O>(workflow: Startable<I, O>, ...rest: Rest<I, ChildOptions>): Promise<O>
  /** Starts it and returns a handle as soon as the child is on record. */
  start<I, O>(workflow: Startable<I, O>, ...rest: Rest<I, ChildOptions>): Promise<ChildRun<O>>
}

export const child = Object.assign(
  ((workflow: Startable<never, unknown>, input?: unknown, options?: ChildOptions) => {
    const scope = currentScope('child()')
    return scope.execution.track(startAndWait(scope, workflow, input, options))
  }) as unknown as (...args: never) => never,
  {
    start: ((workflow: Startable<never, unknown>, input?: unknown, options?: ChildOptions) => {
      const scope = currentScope('child.start()')
      return scope.execution.track(startHandle(scope, workflow, input, options))
    }) as unknown as Child['start'],
  },
) as unknown as Child
