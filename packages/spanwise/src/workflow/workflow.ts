import { encodeCanonical, SpanwiseError } from '../journal/index.ts'
import type { Duration } from './duration.ts'
import type { SchemaInput, SchemaOutput, StandardSchemaV1 } from './schema.ts'
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

interface WorkflowCommon {
  /** the run ends as `failed` when it is not done by then */
  readonly deadline?: Duration
}

export interface WorkflowDefinition {
  readonly name: string
  readonly kind: Startable<never, unknown>['kind']
  readonly input: StandardSchemaV1 | undefined
  readonly output: StandardSchemaV1 | undefined
  readonly deadline: Duration | undefined
  readonly fn: (input: unknown, context: WorkflowContext<unknown>) => Promise<unknown>
}

export interface WorkflowFactory {
  <I = void, O = unknown>(
    name: string,
    fn: (input: I, context: WorkflowContext<NoInfer<I>>) => Promise<O>,
  ): Workflow<I, O>
  <SI extends StandardSchemaV1, SO extends StandardSchemaV1>(
    name: string,
    options: WorkflowCommon & { readonly input: SI; readonly output: SO },
    fn: (input: SchemaOutput<SI>, context: WorkflowContext<SchemaInput<SI>>) => Promise<SchemaInput<SO>>,
  ): Workflow<SchemaInput<SI>, SchemaOutput<SO>>
  <SI extends StandardSchemaV1, O>(
    name: string,
    options: WorkflowCommon & { readonly input: SI; readonly output?: undefined },
    fn: (input: SchemaOutput<SI>, context: WorkflowContext<SchemaInput<SI>>) => Promise<O>,
  ): Workflow<SchemaInput<SI>, O>
  <I = void, SO extends StandardSchemaV1 = StandardSchemaV1>(
    name: string,
    options: WorkflowCommon & { readonly input?: undefined; readonly output: SO },
    fn: (input: I, context: WorkflowContext<NoInfer<I>>) => Promise<SchemaInput<SO>>,
  ): Workflow<I, SchemaOutput<SO>>
  <I = void, O = unknown>(
    name: string,
    options: WorkflowCommon & { readonly input?: undefined; readonly output?: undefined },
    fn: (input: I, context: WorkflowContext<NoInfer<I>>) => Promise<O>,
  ): Workflow<I, O>
}

interface Options extends WorkflowCommon {
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
  return { name, kind: 'workflow', input: options.input, output: options.output, deadline: options.deadline, fn }
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
