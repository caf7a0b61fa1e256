import { jsonSchema, type ToolSet } from 'ai'
import { type AgentDefinition, agentDefinitionOf } from './definition.ts'
import { invalidAgent } from './errors.ts'

interface Handoff {
  readonly agent: AgentDefinition
  readonly name: string
  readonly shown: ToolSet[string]
}

/** Whom an agent may hand the conversation over to, each as a tool that changes who speaks and does nothing else. */
export function handoffsOf({ name, options }: AgentDefinition): readonly Handoff[] {
  const { handoffs = [] } = options
  return (typeof handoffs === 'function' ? handoffs() : handoffs).map((made) => {
    const agent = agentDefinitionOf(made)
    if (agent === undefined)
      throw invalidAgent(name, 'one of its handoffs is no agent', "Pass what agent('name', …) returned.")
    const description = `Hands the conversation over to ${agent.name}${agent.options.description === undefined ? '' : `: ${agent.options.description}`}.`
    return { agent, name: agent.name, shown: { description, inputSchema: nothing } }
  })
}

const nothing = jsonSchema({ type: 'object', properties: {}, additionalProperties: false })

export function handoffName({ name }: Pick<Handoff, 'name'>): string {
  return `hand_over_to_${name.replace(/[^\w-]/g, '_')}`
}

/** All that may come to speak, by name: the agent itself and whom it, or one of those, may hand over to. */
export function speakersOf(agent: AgentDefinition): ReadonlyMap<string, AgentDefinition> {
  const speakers = new Map<string, AgentDefinition>()
  const add = (one: AgentDefinition): void => {
    if (speakers.has(one.name)) return
    speakers.set(one.name, one)
    for (const { agent: other } of handoffsOf(one)) add(other)
  }
  add(agent)
  return speakers
}

/** How often in a row the same two have handed over to each other. */
export function backAndForth(path: readonly string[]): number {
  let times = 0
  for (let n = path.length - 1; n >= 2 && path[n] === path[n - 2]; n--) times++
  return Math.floor((times + 1) / 2)
}
