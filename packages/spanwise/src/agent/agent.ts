import { SpanwiseError } from '../journal/index.ts'
import {
  currentScope,
  milliseconds,
  parse,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchemaV1,
} from '../workflow/index.ts'
import { checkToolName } from './check-name.ts'
import { type AgentDefinition, agentMarker } from './definition.ts'
import { describeAgent } from './describe.ts'
import { invalidAgent } from './errors.ts'
import { handoffName, handoffsOf } from './handoff.ts'
import { runAgent } from './loop.ts'
import type { Agent, AgentOptions, AgentTools } from './options.ts'
import { readRules } from './policy.ts'
import { readTools } from './tools.ts'

type Answer<SO> = SO extends StandardSchemaV1 ? SchemaOutput<SO> : string
type Given<SI> = SI extends StandardSchemaV1 ? SchemaInput<SI> : string
type Seen<SI> = SI extends StandardSchemaV1 ? SchemaOutput<SI> : string

/**
 * An agent: a model that calls tools until it has an answer. It runs as a run of its own, or as a scope of the run that calls it; never
 * as a step. Each turn of the model and each call of a tool is on record, and after a crash it goes on from there.
 * @example
 * const researcher = agent('researcher', { model: models('smart'), tools: { search }, output: Report, budget: '$0.50', maxTurns: 20 })
 * const report = await researcher('What do customers complain about?') // in a workflow
 * const same = await app.run(researcher, 'What do customers complain about?')
 */
export function agent<
  const Tools extends AgentTools = Record<never, never>,
  SI extends StandardSchemaV1 | undefined = undefined,
  SO extends StandardSchemaV1 | undefined = undefined,
>(name: string, options: AgentOptions<Seen<SI>, Tools, SI, SO>): Agent<Given<SI>, Answer<SO>> {
  if (typeof name !== 'string' || name === '' || /[#/[\]:@~()]/.test(name))
    throw new SpanwiseError({
      code: 'INVALID_NAME',
      message: `An agent cannot be named ${JSON.stringify(name)}.`,
      hint: 'Use a name without # / [ ] : @ ~ ( ), like "researcher".',
    })
  const { input, output, deadline, tools = {}, toolOptions = {} } = options
  const definition: AgentDefinition = {
    name,
    kind: 'agent',
    input,
    output,
    deadline,
    options: options as unknown as AgentDefinition['options'],
    tools: readTools(name, tools, toolOptions),
    rules: readRules(name, options.approve),
    fn: (given) => runAgent(definition, given),
  }
  check(definition)
  const call = (given?: unknown): Promise<unknown> =>
    currentScope(`agent "${name}"`).execution.track(
      parse(input, given, 'INVALID_INPUT', `The input of agent "${name}"`).then((parsed) =>
        runAgent(definition, parsed),
      ),
    )
  // as a workflow's definition: its answer is held against its output where the model gives it
  Object.assign(call, {
    kind: 'agent',
    input,
    output: undefined,
    deadline,
    describe: () => describeAgent(definition),
    fn: definition.fn,
    [agentMarker]: definition,
  })
  // a function's own name is none that is copied with the rest
  Object.defineProperty(call, 'name', { value: name, enumerable: true })
  return call as never
}

function check(definition: AgentDefinition): void {
  const { name, options, tools } = definition
  if (options.model === undefined || options.model === null)
    throw invalidAgent(name, 'it has no model', "Pass a model of the gateway: model: models('smart').")
  for (const option of ['maxTurns', 'maxToolCalls', 'repeats'] as const) {
    const value = options[option]
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      throw invalidAgent(name, `${option} is ${String(value)}`, 'Give it a whole number, 1 or more.')
  }
  if (options.timeout !== undefined) milliseconds(options.timeout, `timeout of agent "${name}"`)
  // those that a function names are not there yet
  for (const other of typeof options.handoffs === 'function' ? [] : handoffsOf(definition)) {
    const called = handoffName(other)
    checkToolName(name, called)
    if (tools.has(called))
      throw invalidAgent(name, `"${called}" is one of its tools and a handoff too`, 'Give the tool another name.')
  }
}
