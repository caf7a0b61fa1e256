import { hash } from 'node:crypto'
import type { CallToolResult, Client, Tool, Transport } from '@modelcontextprotocol/client'
import { encodeCanonical, SpanwiseError } from '../../journal/index.ts'

/** A server that is started as a process of its own, or one that listens. */
export type McpTarget =
  | {
      readonly command: string
      readonly args?: readonly string[]
      /** beside the few variables that are harmless; nothing else of this process's environment is handed on */
      readonly env?: Readonly<Record<string, string>>
      readonly cwd?: string
    }
  | {
      readonly url: string
      /** asked for at each connection, so that a token stands in no journal */
      readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
    }

export interface ListedTool {
  readonly tool: Tool
  /** of name, description, schemas and hints: another one is another tool */
  readonly version: string
}

/** how long a list of tools is believed */
const freshFor = 60_000

/** One server: connected when it is needed, and again after it was lost. */
export class McpConnection {
  readonly name: string
  readonly #target: McpTarget
  #client: Promise<Client> | undefined
  #listed: { readonly at: number; readonly tools: Promise<ReadonlyMap<string, ListedTool>> } | undefined
  #closed = false

  constructor(name: string, target: McpTarget) {
    this.name = name
    this.#target = target
  }

  /** What the server offers now, or did a moment ago. */
  async tools(): Promise<ReadonlyMap<string, ListedTool>> {
    const client = await this.#connected()
    const now = performance.now()
    if (this.#listed === undefined || now - this.#listed.at > freshFor) {
      const tools = client
        .listTools(undefined, { cacheMode: 'refresh' })
        .then((list) => new Map(list.tools.map((tool) => [tool.name, { tool, version: versionOf(tool) }])))
      this.#listed = { at: now, tools }
      tools.catch(() => this.#forget(client))
    }
    return this.#listed.tools
  }

  async call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallToolResult> {
    const client = await this.#connected()
    return client.callTool({ name, arguments: args }, { signal })
  }

  async close(): Promise<void> {
    this.#closed = true
    const client = await this.#client?.catch(() => undefined)
    await client?.close()
  }

  #connected(): Promise<Client> {
    if (this.#closed)
      throw new SpanwiseError({
        code: 'MCP_CLOSED',
        message: `MCP server "${this.name}" was closed.`,
        hint: 'Close it when no run needs it any more, after the app.',
      })
    this.#client ??= this.#connect()
    return this.#client
  }

  async #connect(): Promise<Client> {
    try {
      const { Client } = await packaged(() => import('@modelcontextprotocol/client'))
      const client = new Client(
        { name: 'spanwise', version: '1' },
        { listChanged: { tools: { onChanged: () => this.#outdated(client) } } },
      )
      client.onclose = () => this.#forget(client)
      await client.connect(await transportTo(this.#target))
      this.#listed = undefined
      return client
    } catch (error) {
      this.#client = undefined
      throw error
    }
  }

  #outdated(client: Client): void {
    if (this.#client !== undefined && client !== undefined) this.#listed = undefined
  }

  #forget(_: Client): void {
    this.#client = undefined
    this.#listed = undefined
  }
}

async function transportTo(target: McpTarget): Promise<Transport> {
  if ('url' in target) {
    const { StreamableHTTPClientTransport } = await packaged(() => import('@modelcontextprotocol/client'))
    const headers = (await target.headers?.()) ?? {}
    return new StreamableHTTPClientTransport(new URL(target.url), { requestInit: { headers } })
  }
  const { StdioClientTransport } = await packaged(() => import('@modelcontextprotocol/client/stdio'))
  const { command, args = [], env, cwd } = target
  const { getDefaultEnvironment } = await packaged(() => import('@modelcontextprotocol/client/stdio'))
  return new StdioClientTransport({
    command,
    args: [...args],
    ...(env === undefined ? {} : { env: { ...getDefaultEnvironment(), ...env } }),
    ...(cwd === undefined ? {} : { cwd }),
    stderr: 'ignore',
  })
}

async function packaged<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if ((cause as { code?: unknown } | null)?.code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new SpanwiseError({
      code: 'MCP_NOT_INSTALLED',
      message: 'The client for MCP servers is not installed.',
      hint: 'npm install @modelcontextprotocol/client',
      cause,
    })
  }
}

function versionOf({ name, description, inputSchema, outputSchema, annotations }: Tool): string {
  const said = { name, description, inputSchema, outputSchema, annotations }
  return hash('sha256', encodeCanonical(JSON.parse(JSON.stringify(said)), `tool "${name}"`), 'hex').slice(0, 16)
}
