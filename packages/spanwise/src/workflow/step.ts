import { checkPayloadSize, decode, encode, encodeCanonical, type Meta, SpanwiseError } from '../journal/index.ts'
import { checkRedaction, type Redaction } from '../redaction/index.ts'
import { type Caches, checkCache } from './cache.ts'
import { readDocument } from './document.ts'
import { type Duration, milliseconds } from './duration.ts'
import { checkLimits, type Limits } from './limits.ts'
import { outsideRun } from './outside.ts'
import { callSite, registerStep } from './registry.ts'
import type { Delivered, OperationSpec, Settlement, StepFrame } from './runtime/model.ts'
import { frames } from './runtime/scope.ts'
import { parse, type SchemaInput, type SchemaOutput, type StandardSchemaV1 } from './schema.ts'
import { bytes, type Size } from './size.ts'
import { underLimits } from './spending.ts'
import type { Omittable, Reconciled, SqlTransaction, StepContext } from './types.ts'

export interface StepCommon {
  /** what it does, for whoever chooses among steps: a model that has it as a tool */
  readonly description?: string
  /** time for one attempt */
  readonly timeout?: Duration
  /** time for all attempts together, from when the step is first begun */
  readonly deadline?: Duration
  /** `'thread'` runs it on a worker thread: for work that would block the event loop */
  readonly pool?: 'thread'
  /** what its thread's JavaScript heap may grow to, with `pool: 'thread'`; one that exceeds it fails with MEMORY_LIMIT */
  readonly memory?: Size
  /** `import.meta.url` of the module that defines the step: a pool thread imports it */
  readonly module?: string
  /** higher first, where steps wait for a limit or for a place in a pool; the run's when absent */
  readonly priority?: number
  /** what to do when the code passes another input than was recorded under the same key; steps park by default */
  readonly onDrift?: 'park' | 'keep'
  /**
   * What must not be written of its input, result, errors and model calls, beside what holds for its workflow; `false`: nothing is looked for.
   * Code gets its result as it is written
   * @example { redact: { find: personalData() } }
   */
  readonly redact?: Redaction | false
  /** it decides something, under this name where it is one: it is listed with the decisions, whether it asks a model or not */
  readonly decision?: boolean | string
}

/** I: what callers pass, which keys are made of. */
type Shares<I> = Limits<I> & Caches<I>

interface Repeatable {
  /**
   * `'idempotent'`: it does no harm to do it again, even under another `idempotencyKey`; forks then do it without asking. Retries
   * are the same for both. `'none'`: it only computes. Then it also begins before the results that it depends on are on disk: after a
   * crash it may be computed again from others.
   */
  readonly effect?: 'at-least-once' | 'idempotent' | 'none'
  /** all attempts, the first included; 3 */
  readonly attempts?: number
  /** wait before the second attempt, doubled for each further one, with jitter; 1 s */
  readonly backoff?: Duration
  /** replaces the rule that only what waiting can heal is retried */
  readonly retryOn?: (error: unknown) => boolean
}

interface Once {
  readonly effect: 'at-most-once'
  readonly attempts?: never
  readonly backoff?: never
  readonly retryOn?: never
  readonly cache?: never
}

type Tries = Repeatable | Once

/** P: what fn sees; R: what fn returns; the recorded result is O. */
interface Asks<P, R> {
  /** asks the other side whether an earlier attempt took effect, before it is repeated */
  readonly reconcile?: (input: P, context: StepContext) => Promise<Reconciled<R>>
  /** how long an earlier attempt may still arrive: `done: false` counts only after that */
  readonly settleAfter?: Duration
}

export interface Step<I, O> {
  (input: I): Promise<O>
  /** Runs the function as an ordinary one, unrecorded, on purpose. */
  direct(input: I): Promise<O>
  readonly stepName: string
}

/** What the engine reads of a step. */
export interface StepDefinition {
  readonly name: string
  readonly kind: 'function' | 'transaction'
  readonly options: StepCommon & {
    readonly effect?: 'at-least-once' | 'at-most-once' | 'idempotent' | 'none'
    readonly attempts?: number
    readonly backoff?: Duration
    readonly retryOn?: (error: unknown) => boolean
    readonly settleAfter?: Duration
    /** another program performs it: the pool that it takes it from */
    readonly external?: string
  } & Shares<never>
  readonly input: StandardSchemaV1 | undefined
  readonly output: StandardSchemaV1 | undefined
  readonly reconcile: ((input: unknown, context: StepContext) => Promise<Reconciled<unknown>>) | undefined
  readonly fn: (...args: readonly unknown[]) => unknown
}

export interface ExternalOptions extends Omit<StepCommon, 'pool' | 'memory' | 'module'> {
  /** where programs take it from; its name by default */
  readonly pool?: string
  readonly attempts?: number
  readonly backoff?: Duration
  readonly retryOn?: (error: unknown) => boolean
  readonly effect?: 'at-least-once' | 'idempotent'
}

export interface StepFactory {
  /**
   * A step that another program performs, in any language: it claims it over HTTP, and answers with a result that fits `output`. Give it a
   * `timeout`: so long it may be silent.
   * @example const render = step.external('render', { input: Page, output: Pdf, timeout: '5m' })
   */
  external<SI extends StandardSchemaV1, SO extends StandardSchemaV1>(
    name: string,
    options: ExternalOptions & { readonly input: SI; readonly output: SO },
  ): Step<Omittable<SchemaInput<SI>>, SchemaOutput<SO>>
  // 1 no options
  <I = void, O = unknown>(
    name: string,
    fn: (input: I, context: StepContext) => O | Promise<O>,
  ): Step<Omittable<I>, Awaited<O>>
  // 2 both schemas
  <SI extends StandardSchemaV1, SO extends StandardSchemaV1>(
    name: string,
    options: StepCommon &
      Shares<SchemaInput<SI>> &
      Tries & { readonly input: SI; readonly output: SO } & Asks<SchemaOutput<SI>, SchemaInput<SO>>,
    fn: (input: SchemaOutput<SI>, context: StepContext) => SchemaInput<SO> | Promise<SchemaInput<SO>>,
  ): Step<Omittable<SchemaInput<SI>>, SchemaOutput<SO>>
  // 3 input schema
  <SI extends StandardSchemaV1, O>(
    name: string,
    options: StepCommon &
      Shares<SchemaInput<SI>> &
      Tries & { readonly input: SI; readonly output?: undefined } & Asks<SchemaOutput<SI>, NoInfer<Awaited<O>>>,
    fn: (input: SchemaOutput<SI>, context: StepContext) => O | Promise<O>,
  ): Step<Omittable<SchemaInput<SI>>, Awaited<O>>
  // 4 output schema
  <I = void, SO extends StandardSchemaV1 = StandardSchemaV1>(
    name: string,
    options: StepCommon &
      Shares<NoInfer<I>> &
      Tries & { readonly input?: undefined; readonly output: SO } & Asks<NoInfer<I>, SchemaInput<SO>>,
    fn: (input: I, context: StepContext) => SchemaInput<SO> | Promise<SchemaInput<SO>>,
  ): Step<Omittable<I>, SchemaOutput<SO>>
  // 5 none
  <I = void, O = unknown>(
    name: string,
    options: StepCommon &
      Shares<NoInfer<I>> &
      Tries & { readonly input?: undefined; readonly output?: undefined } & Asks<NoInfer<I>, NoInfer<Awaited<O>>>,
    fn: (input: I, context: StepContext) => O | Promise<O>,
  ): Step<Omittable<I>, Awaited<O>>
  readonly transaction: TransactionFactory
}

export interface TransactionOptions {
  readonly attempts?: number
  readonly backoff?: Duration
  readonly retryOn?: (error: unknown) => boolean
  readonly onDrift?: 'park' | 'keep'
  readonly decision?: boolean | string
}

export interface TransactionFactory {
  <I = void, O = unknown>(
    name: string,
    fn: (tx: SqlTransaction, input: I, context: StepContext) => O,
  ): Step<Omittable<I>, O>
  <I = void, O = unknown>(
    name: string,
    options: TransactionOptions & { readonly input?: undefined },
    fn: (tx: SqlTransaction, input: I, context: StepContext) => O,
  ): Step<Omittable<I>, O>
  <SI extends StandardSchemaV1, O>(
    name: string,
    options: TransactionOptions & { readonly input: SI },
    fn: (tx: SqlTransaction, input: SchemaOutput<SI>, context: StepContext) => O,
  ): Step<Omittable<SchemaInput<SI>>, O>
}

type Options = StepDefinition['options'] & {
  readonly input?: StandardSchemaV1
  readonly output?: StandardSchemaV1
  readonly reconcile?: StepDefinition['reconcile']
}

/** Identifies a step across two copies of the package. */
export const stepMarker: unique symbol = Symbol.for('spanwise.step') as never

function define(kind: StepDefinition['kind'], name: string, second: unknown, third: unknown): Step<unknown, unknown> {
  const made = make(kind, name, second, third)
  registerStep(name, made, callSite(3))
  return made
}

/** What a construct may say about steps that it makes or takes. */
export type StepSettings = Pick<
  StepDefinition['options'],
  'attempts' | 'backoff' | 'retryOn' | 'timeout' | 'deadline' | 'effect' | 'pool' | 'priority' | 'concurrency' | 'rate'
>

/**
 * Steps of a construct's own: nobody else finds them by their name. They have no input on record, because it is there already: what
 * the construct's continuation holds.
 */
export function ownStep(
  name: string,
  options: StepSettings,
): (fn: (context: StepContext) => unknown) => Promise<unknown> {
  const definition = definitionOf(make('function', name, options, () => {})) as StepDefinition
  return (fn) => callStep({ ...definition, fn: (_, context) => fn(context as StepContext) }, undefined)
}

/** A step with other settings, in the places that it is used in by a construct. */
export function withSettings(step: Step<never, unknown>, settings: StepSettings): Step<unknown, unknown> {
  const { name, kind, options, input, output, reconcile, fn } = definitionOf(step) as StepDefinition
  return make(kind, name, { ...options, ...settings, input, output, reconcile }, fn)
}

function make(kind: StepDefinition['kind'], name: string, second: unknown, third: unknown): Step<unknown, unknown> {
  const options = (typeof second === 'function' ? {} : second) as Options
  const fn = (typeof second === 'function' ? second : third) as StepDefinition['fn']
  if (typeof name !== 'string' || name === '' || /[#/[\]:@~]/.test(name)) {
    throw new SpanwiseError({
      code: 'INVALID_NAME',
      message: `A step cannot be named ${JSON.stringify(name)}.`,
      hint: 'Use a name without # / [ ] : @ ~, like "fetch-order".',
    })
  }
  const { input, output, reconcile, ...rest } = options
  if (rest.pool === 'thread' && rest.module === undefined) {
    throw new SpanwiseError({
      code: 'POOL_NEEDS_MODULE',
      message: `Step "${name}" runs in the thread pool but does not say which module defines it.`,
      hint: 'Add module: import.meta.url to its options; a pool thread imports that module.',
    })
  }
  checkOptions(name, rest)
  if (kind === 'transaction' && (rest.concurrency ?? rest.rate) !== undefined) {
    throw new SpanwiseError({
      code: 'INVALID_OPTION',
      message: `The transaction "${name}" cannot have a concurrency or a rate.`,
      hint: 'Transactions run one at a time as it is. Limit a step before it, or how often its workflow begins (throttle).',
      step: name,
    })
  }
  checkCache(name, kind, rest, reconcile !== undefined)
  const definition: StepDefinition = { name, kind, options: rest, input, output, reconcile, fn }
  const call = (value?: unknown): Promise<unknown> => callStep(definition, value)
  return Object.assign(call, {
    direct: (value?: unknown) => runDirect(definition, value),
    stepName: name,
    [stepMarker]: definition,
  })
}

/** Told where the step is written, not at its first failure at night. */
function checkOptions(name: string, options: StepDefinition['options']): void {
  for (const option of ['timeout', 'deadline', 'backoff', 'settleAfter'] as const) {
    const value = options[option]
    if (value !== undefined) milliseconds(value, `${option} of step "${name}"`)
  }
  checkLimits(name, options)
  checkRedaction(options.redact, `redact of step "${name}"`)
  if (options.memory !== undefined) {
    bytes(options.memory, `memory of step "${name}"`)
    if (options.pool === undefined) {
      throw new SpanwiseError({
        code: 'INVALID_OPTION',
        message: `Step "${name}" limits its memory and runs in no pool.`,
        hint: "Add pool: 'thread' and module: import.meta.url: only a thread of its own has a limit of its own.",
      })
    }
  }
  const { decision } = options
  if (decision !== undefined && typeof decision !== 'boolean' && !(typeof decision === 'string' && decision !== '')) {
    throw new SpanwiseError({
      code: 'INVALID_OPTION',
      message: `The decision of step "${name}" cannot be named ${JSON.stringify(decision)}.`,
      hint: 'Give true, or a short name for it, like "credit limit".',
    })
  }
  const { attempts } = options
  if (attempts !== undefined && !(Number.isSafeInteger(attempts) && attempts > 0)) {
    throw new SpanwiseError({
      code: 'INVALID_OPTION',
      message: `Step "${name}" cannot have ${attempts} attempts.`,
      hint: 'Count all attempts, the first included: 1 or more.',
    })
  }
}

export const step: StepFactory = Object.assign(
  ((name: string, second: unknown, third?: unknown) => define('function', name, second, third)) as never,
  {
    transaction: ((name: string, second: unknown, third?: unknown) =>
      define('transaction', name, second, third)) as TransactionFactory,
    external: ((name: string, { pool = name, ...options }: ExternalOptions) =>
      define('function', name, { ...options, external: pool }, () => {
        throw externalOnly(name, pool)
      })) as never,
  },
)

function externalOnly(step: string, pool: string): SpanwiseError {
  return new SpanwiseError({
    code: 'EXTERNAL_STEP',
    message: `Step "${step}" is performed by another program, and there is none here.`,
    hint: `Call it in a workflow, with a program that takes steps of the pool "${pool}"; in tests give a fake for it.`,
    step,
  })
}

export function definitionOf(made: unknown): StepDefinition | undefined {
  return typeof made === 'function' ? (made as { [stepMarker]?: StepDefinition })[stepMarker] : undefined
}

/** What a call of a step does; for one that is made on the spot and has no place in the registry too. */
export function callStep(definition: StepDefinition, value: unknown): Promise<unknown> {
  const frame = frames.getStore()
  if (frame === undefined) return outsideRun(definition.name) ?? runDirect(definition, value)
  // part of the outer attempt
  if (frame.kind === 'step') return callInside(definition, value, frame)
  let spec: OperationSpec
  try {
    // an attempt is not begun from here
    const fn = underLimits(definition.fn)
    spec = stepSpec(fn === definition.fn ? definition : { ...definition, fn }, value)
  } catch (error) {
    return frame.execution.track(Promise.reject(error))
  }
  return frame.execution.issue(frame, spec)
}

function callInside(definition: StepDefinition, value: unknown, frame: StepFrame): Promise<unknown> {
  if (definition.kind !== 'transaction') return runFunction(definition, value, frame.context)
  return Promise.reject(
    new SpanwiseError({
      code: 'NOT_IN_STEP',
      message: `Transaction "${definition.name}" was called inside step "${frame.step}".`,
      hint: 'Its writes and its result are one commit of the run: call it in the workflow.',
      step: frame.step,
    }),
  )
}

function stepSpec(definition: StepDefinition, value: unknown): OperationSpec {
  const where = `input of "${definition.name}"`
  const input = encodeCanonical(value, where)
  const text = typeof value === 'object' && value !== null ? encode(value, where) : input
  checkPayloadSize(text, `The ${where}`)
  return {
    kind: 'step',
    name: definition.name,
    input,
    effect: { type: definition.kind === 'transaction' ? 'transaction' : 'step', definition, text },
    settle: settleStep,
    onDrift: definition.options.onDrift,
    redact: definition.options.redact,
    repeatable: definition.options.effect === 'idempotent' || definition.options.effect === 'none',
  }
}

/** `step.result` holds input and output as two lines of codec text; `step.error` input and error. */
function settleStep(entry: Delivered): Settlement | undefined {
  if (entry.kind === 'step.result') return { ok: true, value: decode(secondLine(entry)) }
  if (entry.kind === 'step.error') return { ok: false, error: decode(secondLine(entry)) }
  return undefined
}

/** What the entry with its outcome says of a step that is a decision. */
export function decisionMeta({ options: { decision } }: StepDefinition): Meta | undefined {
  return decision === undefined || decision === false ? undefined : { decision }
}

export function stepPayload(input: string, outcome: string): string {
  return `${input}\n${outcome}`
}

function secondLine(entry: Delivered): string {
  if (entry.payload === undefined) {
    throw new SpanwiseError({
      code: 'ERASED',
      message: `The result of "${entry.key}" was erased.`,
      hint: 'The run cannot go on without it: give it up, or fork it from before.',
      step: entry.key,
    })
  }
  return entry.payload.slice(entry.payload.indexOf('\n') + 1)
}

/** Validates, calls, validates: what one attempt does, wherever it runs. */
export async function runFunction(definition: StepDefinition, value: unknown, context: StepContext): Promise<unknown> {
  const { input, output, fn, name } = definition
  // never begun at once: whoever begins it has things to say first
  const parsed = await (input === undefined
    ? value
    : parse(input, value, 'INVALID_INPUT', `The input of step "${name}"`))
  const result = await fn(parsed, context)
  return output === undefined ? result : parse(output, result, 'INVALID_OUTPUT', `The result of step "${name}"`)
}

function runDirect(definition: StepDefinition, value: unknown): Promise<unknown> {
  if (definition.kind === 'transaction') {
    return Promise.reject(
      new SpanwiseError({
        code: 'TRANSACTION_OUTSIDE_RUN',
        message: `Step "${definition.name}" writes in the store's transaction and there is no run here.`,
        hint: 'Call it in a workflow; in unit tests use testApp from spanwise/testing.',
        step: definition.name,
      }),
    )
  }
  const context: StepContext = {
    idempotencyKey: `direct-${crypto.randomUUID()}`,
    attempt: 1,
    abortSignal: new AbortController().signal,
    heartbeat: () => {},
    progress: () => {},
    cite: (...documents) => {
      for (const document of documents) readDocument(document, definition.name)
    },
    log: console,
    run: { id: 'direct', workflow: '', tenant: 'default' },
  }
  return frames.run({ kind: 'step', step: definition.name, context }, () => runFunction(definition, value, context))
}
