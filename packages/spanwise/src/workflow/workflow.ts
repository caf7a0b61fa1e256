import { encodeCanonical, SpanwiseError } from '../journal/index.ts'
import { checkRedaction, type Redaction } from '../redaction/index.ts'
import type { Description } from './describe.ts'
import type { Duration } from './duration.ts'
import type { SchemaInput, SchemaOutput, StandardSchemaV1 } from './schema.ts'
import { checkStarts, type Debounce, type Throttle } from './starts.ts'
import type { WorkflowContext } from './types.ts'

/** What `app.start` takes: workflow, graph, agent. */
export interface Startable<in I, out O> {
  readonly name: string
  readonly kind: 'workflow' | 'graph' | 'agent'
  readonly '~types'?: { readonly input: (input: I) => void; readonly output: O }
}

export interface Workflow<in I, out O> extends Startable<I, O> {
  readonly kind: 'workflow'
}

/** I: what `fn` sees. */
interface WorkflowCommon<I> {
  /** the run ends as `failed` when it is not done by then */
  readonly deadline?: Duration
  /**
   * Starts that follow each other within `period` become one run, which has the input of the latest.
   * @example { debounce: { key: (page) => page.id, period: '5s', timeout: '1m' } }
   */
  readonly debounce?: Debounce<I>
  /**
   * So many runs begin within any `period`; further ones wait in a queue. None is dropped.
   * @example { throttle: { key: (order) => order.shop, limit: 10, period: '1m' } }
   */
  readonly throttle?: Throttle<I>
  /** What must not be written of its runs, beside what holds for the app; `false`: nothing is looked for. */
  readonly redact?: Redaction | false
}

export interface WorkflowDefinition {
  readonly name: string
  readonly kind: Startable<never, unknown>['kind']
  readonly input: StandardSchemaV1 | undefined
  readonly output: StandardSchemaV1 | undefined
  readonly deadline: Duration | undefined
  readonly debounce?: Debounce<never> | undefined
  readonly throttle?: Throttle<never> | undefined
  /** what is inside, where there is more to see than code */
  readonly describe?: (() => Description) | undefined
  readonly redact?: Redaction | false | undefined
  readonly fn: (input: unknown, context: WorkflowContext<unknown>) => Promise<unknown>
}

export interface WorkflowFactory {
  <I = void, O = unknown>(
    name: string,
    fn: (input: I, context: WorkflowContext<NoInfer<I>>) => Promise<O>,
  ): Workflow<I, O>
  <SI extends StandardSchemaV1, SO extends StandardSchemaV1>(
    name: string,
    options: WorkflowCommon<SchemaOutput<SI>> & { readonly input: SI; readonly output: SO },
    fn: (input: SchemaOutput<SI>, context: WorkflowContext<SchemaInput<SI>>) => Promise<SchemaInput<SO>>,
  ): Workflow<SchemaInput<SI>, SchemaOutput<SO>>
  <SI extends StandardSchemaV1, O>(
    name: string,
    options: WorkflowCommon<SchemaOutput<SI>> & { readonly input: SI; readonly output?: undefined },
    fn: (input: SchemaOutput<SI>, context: WorkflowContext<SchemaInput<SI>>) => Promise<O>,
  ): Workflow<SchemaInput<SI>, O>
  <I = void, SO extends StandardSchemaV1 = StandardSchemaV1>(
    name: string,
    options: WorkflowCommon<NoInfer<I>> & { readonly input?: undefined; readonly output: SO },
    fn: (input: I, context: WorkflowContext<NoInfer<I>>) => Promise<SchemaInput<SO>>,
  ): Workflow<I, SchemaOutput<SO>>
  <I = void, O = unknown>(
    name: string,
    options: WorkflowCommon<NoInfer<I>> & { readonly input?: undefined; readonly output?: undefined },
    fn: (input: I, context: WorkflowContext<NoInfer<I>>) => Promise<O>,
  ): Workflow<I, O>
}

interface Options extends WorkflowCommon<never> {
  readonly input?: StandardSchemaV1
  readonly output?: StandardSchemaV1
}

/** Defines a workflow: an async function whose steps, waits and children survive any crash. */
export const workflow: WorkflowFactory = ((name: string, second: unknown, third?: unknown): WorkflowDefinition => {
  const options = (typeof second === 'function' ? {} : second) as Options
  const fn = (typeof second === 'function' ? second : third) as WorkflowDefinition['fn']
  if (typeof name !== 'string' || name === '' || /[#/[\]:@~]/.test(name)) {
    throw new SpanwiseError({
      code: 'INVALID_NAME',
      message: `A workflow cannot be named ${JSON.stringify(name)}.`,
      hint: 'Use a name without # / [ ] : @ ~, like "refund".',
    })
  }
  checkStarts(name, options)
  const { input, output, deadline, debounce, throttle, redact } = options
  checkRedaction(redact, `redact of workflow "${name}"`)
  return { name, kind: 'workflow', input, output, deadline, debounce, throttle, redact, fn }
}) as never

export function workflowDefinition(startable: Startable<never, unknown>): WorkflowDefinition {
  const definition = startable as unknown as Partial<WorkflowDefinition>
  if (typeof definition.fn === 'function' && typeof definition.name === 'string')
    return definition as WorkflowDefinition
  throw new SpanwiseError({
    code: 'NOT_STARTABLE',
    message: `${JSON.stringify(definition.name ?? startable)} is not a workflow.`,
    hint: "Pass what workflow('name', …) returned.",
  })
}

/** What two starts under the same id must agree on: the unparsed input in canonical form. */
export function canonicalInput(input: unknown): string {
  return encodeCanonical(input, 'input')
}
