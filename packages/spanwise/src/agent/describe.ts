import type { Description } from '../workflow/index.ts'
import type { AgentDefinition } from './definition.ts'
import { handoffsOf } from './handoff.ts'
import { defaultTurns } from './limits.ts'

/** What an agent is made of, for those who look at it. */
export function describeAgent(agent: AgentDefinition): Description {
  const { model, description, maxTurns = defaultTurns, budget = [] } = agent.options
  return {
    agent: {
      model: typeof model === 'string' ? model : model.modelId,
      description,
      tools: [...agent.tools.values()].map(({ name, shown }) => ({
        name,
        description: typeof shown?.description === 'string' ? shown.description : undefined,
      })),
      handoffs: handoffsOf(agent).map(({ name }) => name),
      hasRules: agent.rules !== undefined,
      maxTurns,
      budgets: typeof budget === 'string' ? [budget] : budget,
    },
    output: agent.output,
  }
}
