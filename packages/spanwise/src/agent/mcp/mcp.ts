import { jsonSchema, type ToolSet } from 'ai'
import { SpanwiseError } from '../../journal/index.ts'
import type { StepContext } from '../../workflow/index.ts'
import type { AgentTools } from '../options.ts'
import { type ListedTool, McpConnection, type McpTarget } from './connection.ts'
import { remoteMarker } from './remote.ts'

export interface McpOptions {
  /** only these of its tools */
  readonly only?: readonly string[]
  /** versions that its tools have to have, by name: another one is refused when it is connected */
  readonly pin?: Readonly<Record<string, string>>
  /** put before the names of its tools: `files_` */
  readonly prefix?: string
}

export interface McpServer extends AsyncDisposable {
  readonly name: string
  /** for the `tools` of an agent */
  readonly tools: AgentTools
  /** of each tool, as it is now: for `pin` */
  readonly versions: Readonly<Record<string, string>>
  close(): Promise<void>
}

/**
 * Connects to an MCP server and offers what it offers as tools. Each call is a step; what it returns is untrusted. A tool that the server
 * says does no harm twice (`readOnlyHint`, `idempotentHint`) is tried again like any step; any other is called at most once.
 * @throws MCP_TOOL_CHANGED where a tool is not as it was pinned
 * @example
 * const files = await mcp('files', { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/data'] })
 * const clerk = agent('clerk', { model: models('fast'), tools: { ...files.tools } })
 */
export async function mcp(name: string, target: McpTarget, options: McpOptions = {}): Promise<McpServer> {
  const connection = new McpConnection(name, target)
  const { only, pin = {}, prefix = '' } = options
  const listed = await connection.tools().catch(async (error: unknown) => {
    await connection.close()
    throw error
  })
  const offered = [...listed].filter(([tool]) => only === undefined || only.includes(tool))
  for (const tool of only ?? [])
    if (!listed.has(tool)) {
      await connection.close()
      throw changed(name, tool, 'offered', undefined)
    }
  for (const [tool, version] of Object.entries(pin))
    if (listed.get(tool)?.version !== version) {
      await connection.close()
      throw changed(name, tool, version, listed.get(tool)?.version)
    }
  return {
    name,
    tools: Object.fromEntries(offered.map(([tool, one]) => [`${prefix}${tool}`, toolOf(connection, one)])),
    versions: Object.fromEntries(offered.map(([tool, { version }]) => [tool, version])),
    close: () => connection.close(),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

function toolOf(connection: McpConnection, { tool, version }: ListedTool): ToolSet[string] {
  const { name, description = `Calls ${tool.name}.`, inputSchema, annotations } = tool
  const execute = async (args: unknown, { context, pinned }: { context: StepContext; pinned?: string }) => {
    const now = (await connection.tools()).get(name)?.version
    if (now !== (pinned ?? version)) throw changed(connection.name, name, pinned ?? version, now)
    return resultOf(await connection.call(name, (args ?? {}) as Record<string, unknown>, context.abortSignal))
  }
  const shown = { description, inputSchema: jsonSchema(inputSchema as object), execute: execute as never }
  const isRepeatable = annotations?.readOnlyHint === true || annotations?.idempotentHint === true
  return Object.assign(shown, {
    [remoteMarker]: {
      isRepeatable,
      version: async () => (await connection.tools()).get(name)?.version ?? 'gone',
    },
  }) as unknown as ToolSet[string]
}

function resultOf({ content, structuredContent, isError }: Awaited<ReturnType<McpConnection['call']>>): unknown {
  const texts = content.map((part) => (part.type === 'text' ? part.text : undefined))
  const text = texts.every((one) => one !== undefined) ? texts.join('\n') : undefined
  if (isError === true)
    // it answered: asking again would not heal it
    throw Object.assign(new Error(text ?? 'the tool failed'), { failureClass: 'decision' })
  return structuredContent ?? text ?? content
}

function changed(server: string, tool: string, was: string, now: string | undefined): SpanwiseError {
  const error = new SpanwiseError({
    code: 'MCP_TOOL_CHANGED',
    message: `Tool "${tool}" of MCP server "${server}" is ${now === undefined ? 'gone' : `another one (${now})`}; it was ${was}.`,
    hint: 'Look at what the server says of it now. In a run, somebody is asked; where it is pinned, pin the new version.',
  })
  return Object.assign(error, { failureClass: 'decision', tool, was, ...(now === undefined ? {} : { now }) })
}
