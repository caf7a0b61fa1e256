import { isSpanwiseError } from '../journal/index.ts'
import { approval, callStep, type StepDefinition } from '../workflow/index.ts'
import type { AgentDefinition } from './definition.ts'
import type { ToolDefinition } from './tool.ts'

/** Puts versions of the remote tools on record, before a model hears of them: what they are held against from then on. */
export async function pinTools(speakers: Iterable<AgentDefinition>): Promise<Readonly<Record<string, string>>> {
  const remote = [...speakers]
    .flatMap(({ tools }) => [...tools.values()])
    .filter(({ remote: one }) => one !== undefined)
  if (remote.length === 0) return {}
  const definition: StepDefinition = {
    name: 'tools',
    kind: 'function',
    options: { effect: 'idempotent' },
    input: undefined,
    output: undefined,
    reconcile: undefined,
    fn: async () =>
      Object.fromEntries(
        await Promise.all(remote.map(async ({ name, remote: one }) => [name, await one?.version()] as const)),
      ),
  }
  return (await callStep(definition, undefined)) as Readonly<Record<string, string>>
}

/** The tool as the run knows it. Where it has changed since, a person is asked before it is called, and `learn` is told how it is now. */
export function asPinned(
  tool: ToolDefinition,
  versions: Readonly<Record<string, string>>,
  learn: (version: string) => void,
): ToolDefinition {
  if (tool.remote === undefined) return tool
  let pinned = versions[tool.name]
  const call: ToolDefinition['call'] = async (args, context) => {
    for (;;) {
      try {
        return await tool.call(args, { ...context, pinned })
      } catch (error) {
        if (!isSpanwiseError(error) || error.code !== 'MCP_TOOL_CHANGED') throw error
        const { was, now } = error as { was?: unknown; now?: unknown }
        if (typeof now !== 'string') throw error
        const question = `Tool ${tool.name} has changed since this run began. Use it as it is now?`
        const answer = await approval.ask(question, { of: { tool: tool.name, was, now } })
        if (answer.status !== 'approved') throw error
        pinned = now
        learn(now)
      }
    }
  }
  return { ...tool, call }
}
