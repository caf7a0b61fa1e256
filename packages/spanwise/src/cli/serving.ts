import type { App, SpanwiseConfig } from '../app/index.ts'
import type { Listening } from '../server/index.ts'
import type { Log } from '../workflow/index.ts'
import { browse } from './browser.ts'
import type { Terminal } from './terminal.ts'

export interface ServingOptions {
  /** false: nothing listens */
  readonly serve?: boolean
  readonly port?: number
  readonly host?: string
  /** opens the studio in a browser */
  readonly browse?: boolean
}

/** Serves API and studio where that is wanted, and says where. Loaded only then: most commands need no server. */
export async function serveApp(
  terminal: Terminal,
  app: App,
  config: Pick<SpanwiseConfig, 'server'>,
  options: ServingOptions,
  log: Log,
): Promise<Listening | undefined> {
  if (options.serve === false) return undefined
  const { isLoopback, listen } = await import('../server/index.ts')
  const { port = config.server?.port, host = config.server?.host ?? '127.0.0.1' } = options
  // whoever has made keys means them to be asked for where others can reach it
  const auth = config.server?.auth ?? (isLoopback(host) || !(await hasKey(app)) ? undefined : {})
  const listening = await listen(app, { log, ...config.server, auth, host, ...(port === undefined ? {} : { port }) })
  if (terminal.json) terminal.data({ event: 'serving', url: listening.url, at: new Date().toISOString() })
  else terminal.out(`serving ${listening.url}${auth === undefined ? '' : ', with keys'}`)
  if (options.browse === true) browse(listening.url)
  return listening
}

async function hasKey(app: App): Promise<boolean> {
  const keys = await app.apiKeys()
  return keys.some(
    ({ revokedAt, expiresAt }) =>
      revokedAt === undefined && (expiresAt === undefined || expiresAt.getTime() > Date.now()),
  )
}
