import { expect, onTestFinished } from 'vitest'
import { type Client, createClient } from '../../packages/spanwise/src/server/client/index.ts'
import { operations, routes, type ServeOptions, type Server, serve } from '../../packages/spanwise/src/server/index.ts'
import { type TestApp, type TestAppOptions, testApp } from '../../packages/spanwise/src/testing/index.ts'

export interface Api {
  readonly app: TestApp
  readonly server: Server
  readonly client: Client
  /** Sends what no client would. */
  send(path: string, init?: RequestInit): Promise<Response>
}

/** An app in memory and its API, without a socket; every answer is held against what the document promises. */
export async function api(options: TestAppOptions, serving: ServeOptions = {}, token?: string): Promise<Api> {
  const app = await testApp(options)
  const server = serve(app, serving)
  onTestFinished(async () => {
    server.close()
    await app.close()
  })
  return { app, server, client: clientOf(server, token), send: (path, init) => send(server, path, init) }
}

export function clientOf(server: Server, token?: string): Client {
  return createClient({
    url: 'http://localhost',
    ...(token === undefined ? {} : { token }),
    fetch: async (request) => {
      const response = await server.fetch(request)
      if (response.ok) await holdAgainstDocument(request, response.clone())
      return response
    },
  })
}

function send(server: Server, path: string, init?: RequestInit): Promise<Response> {
  return server.fetch(new Request(new URL(path, 'http://localhost'), init))
}

async function holdAgainstDocument(request: Request, response: Response): Promise<void> {
  const { pathname } = new URL(request.url)
  const name = Object.entries(operations).find(
    ([, [method, path]]) =>
      method === request.method && new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  )?.[0]
  const route = routes[name as keyof typeof routes] as unknown as {
    readonly status?: number
    readonly output: (typeof routes)['listRuns']['output'] | undefined
  }
  expect(response.status).toBe(route.status ?? 200)
  if (route.output === undefined) return
  const parsed = route.output.safeParse(await response.json())
  expect(parsed.error?.issues ?? [], `the answer of ${name}`).toEqual([])
}
