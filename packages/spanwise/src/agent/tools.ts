import { hash } from 'node:crypto'
import { asSchema, type FlexibleSchema, jsonSchema, type ToolSet } from 'ai'
import {
  callStep,
  child,
  definitionOf,
  type StandardSchemaV1,
  type StepContext,
  type StepDefinition,
  type Workflow,
  workflowDefinition,
} from '../workflow/index.ts'
import { checkToolName } from './check-name.ts'
import { agentDefinitionOf } from './definition.ts'
import { invalidAgent } from './errors.ts'
import { type Remote, remoteMarker, remoteOf } from './mcp/remote.ts'
import { inBody } from './memory/memory.ts'
import type { Agent, AgentTool, ToolOptions } from './options.ts'
import type { ToolCallContext, ToolDefinition } from './tool.ts'

export function readTools(
  agent: string,
  tools: Readonly<Record<string, AgentTool>>,
  options: Readonly<Record<string, ToolOptions | undefined>>,
): ReadonlyMap<string, ToolDefinition> {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(tools, name))
      throw invalidAgent(
        agent,
        `toolOptions names "${name}", which is none of its tools`,
        'Name its tools as in `tools`.',
      )
  return new Map(
    Object.entries(tools).map(([name, tool]) => {
      checkToolName(agent, name)
      return [name, readTool(agent, name, tool, options[name] ?? {})]
    }),
  )
}

function readTool(agent: string, name: string, tool: AgentTool, options: ToolOptions): ToolDefinition {
  const step = definitionOf(tool)
  if (step !== undefined) return stepTool(agent, name, step, options)
  const other = agentDefinitionOf(tool)
  if (other !== undefined) {
    const { input } = other
    const shown = {
      description: other.options.description ?? `Asks agent ${other.name}.`,
      inputSchema: input === undefined ? asking : shownSchema(input),
    }
    const call = (args: unknown) =>
      (tool as Agent<unknown, unknown>)(input === undefined ? (args as { prompt: string }).prompt : args)
    return { name, kind: 'agent', shown, options, call, toModelOutput: undefined, remote: undefined }
  }
  if ((tool as { kind?: unknown }).kind === 'workflow')
    return workflowTool(agent, name, tool as Workflow<unknown, unknown>, options)
  return sdkTool(agent, name, tool as ToolSet[string], options)
}

/** How an agent without an input schema is asked. */
const asking = jsonSchema({
  type: 'object',
  properties: { prompt: { type: 'string', description: 'what it is to do, with all that it has to know' } },
  required: ['prompt'],
  additionalProperties: false,
})

/** For the model only: whoever is called validates, once. */
function shownSchema(schema: StandardSchemaV1): FlexibleSchema {
  return jsonSchema(() => asSchema(schema as FlexibleSchema).jsonSchema)
}

function stepTool(agent: string, name: string, step: StepDefinition, options: ToolOptions): ToolDefinition {
  if (step.input === undefined)
    throw invalidAgent(
      agent,
      `its tool "${name}" is step "${step.name}", which has no input schema`,
      'Give the step { input: schema }: a model has to be told what it takes.',
    )
  const shown = { description: step.options.description ?? `Does ${step.name}.`, inputSchema: shownSchema(step.input) }
  return {
    name,
    kind: 'step',
    shown,
    options,
    toModelOutput: undefined,
    remote: undefined,
    call: (args, { check }) => {
      const isPooled = step.options.pool !== undefined
      if (check !== undefined && isPooled)
        throw invalidAgent(
          agent,
          `its tool "${name}" needs an approval and runs in a pool`,
          'What is approved is checked where the effect begins: leave the pool to steps that need no approval.',
        )
      return callStep(isPooled ? step : within(step, check), args)
    },
  }
}

function workflowTool(
  agent: string,
  name: string,
  workflow: Workflow<unknown, unknown>,
  options: ToolOptions,
): ToolDefinition {
  const { input, name: called } = workflowDefinition(workflow)
  if (input === undefined)
    throw invalidAgent(
      agent,
      `its tool "${name}" is workflow "${called}", which has no input schema`,
      'Give the workflow { input: schema }: a model has to be told what it takes.',
    )
  const shown = { description: `Runs ${called}.`, inputSchema: shownSchema(input) }
  return {
    name,
    kind: 'workflow',
    shown,
    options,
    call: (args) => child(workflow, args),
    toModelOutput: undefined,
    remote: undefined,
  }
}

function sdkTool(agent: string, name: string, tool: ToolSet[string], options: ToolOptions): ToolDefinition {
  const body = (tool as { [inBody]?: (args: never) => Promise<unknown> })[inBody]
  if (body !== undefined) {
    const { description, inputSchema } = tool as { description: string; inputSchema: FlexibleSchema }
    const call = (args: unknown) => body(args as never)
    return {
      name,
      kind: 'function',
      shown: { description, inputSchema },
      options,
      call,
      toModelOutput: undefined,
      remote: undefined,
    }
  }
  const remote = remoteOf(tool)
  const {
    execute,
    toModelOutput,
    [remoteMarker]: _,
    ...shown
  } = tool as ToolSet[string] & { execute?: Execute; [remoteMarker]?: Remote }
  if (execute === undefined && shown.type !== 'provider')
    throw invalidAgent(
      agent,
      `its tool "${name}" has no execute`,
      'Give it one; for what a person has to do, take a tool whose approval asks for it, or call approval() in a workflow.',
    )
  return {
    name,
    kind: execute === undefined ? 'provider' : 'function',
    shown: shown as ToolSet[string],
    options,
    toModelOutput,
    remote,
    call: (args, { id, messages, check, pinned }) => {
      const given = { id, messages, pinned }
      const fn = (input: unknown, context: StepContext) => run(execute as Execute, input, given, context)
      const definition: StepDefinition = {
        name,
        kind: 'function',
        options: remote === undefined ? {} : { effect: remote.isRepeatable ? 'idempotent' : 'at-most-once' },
        input: undefined,
        output: undefined,
        reconcile: undefined,
        fn: fn as StepDefinition['fn'],
      }
      return callStep(within(definition, check), args)
    },
  }
}

type Execute = (input: unknown, options: object) => unknown

async function run(
  execute: Execute,
  input: unknown,
  { id, messages, pinned }: Omit<ToolCallContext, 'check'>,
  context: StepContext,
): Promise<unknown> {
  const said = execute(input, { toolCallId: id, messages, abortSignal: context.abortSignal, context, pinned })
  if (typeof said !== 'object' || said === null || !(Symbol.asyncIterator in said)) return said
  // preliminary results are for those who watch; the last one is the result
  let last: unknown
  for await (const one of said as AsyncIterable<unknown>) {
    last = one
    context.progress(one)
  }
  return last
}

/** The step with its check before its input is read. */
function within(definition: StepDefinition, check: ToolCallContext['check']): StepDefinition {
  return check === undefined ? definition : { ...definition, input: checked(definition.input, check) }
}

/** What an attempt is given is what was approved, also where an operator has edited it since. */
function checked(schema: StandardSchemaV1 | undefined, check: NonNullable<ToolCallContext['check']>): StandardSchemaV1 {
  return {
    '~standard': {
      version: 1,
      vendor: 'spanwise',
      async validate(value) {
        await check(value)
        return schema === undefined ? { value } : schema['~standard'].validate(value)
      },
    },
  }
}

/** What an approval is bound to beside the arguments, where nobody says a version: what the tool says of itself. */
export async function versionOf({ options, shown, kind }: ToolDefinition): Promise<string> {
  if (options.version !== undefined) return options.version
  const { description, inputSchema } = shown as { description?: unknown; inputSchema?: FlexibleSchema }
  const schema = inputSchema === undefined ? null : await asSchema(inputSchema).jsonSchema
  const text = JSON.stringify([kind, typeof description === 'string' ? description : '', schema])
  return hash('sha256', text, 'hex').slice(0, 12)
}
