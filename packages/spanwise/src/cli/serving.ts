import type { App } from '../app/index.ts'
import type { Listening } from '../server/index.ts'
import type { Log } from '../workflow/index.ts'
import type { Terminal } from './terminal.ts'

export interface ServingOptions {
  /** false: nothing listens */
  readonly serve?: boolean
  readonly port?: number
  readonly host?: string
}

/** Serves API and studio where that is wanted, and says where. Loaded only then: most commands need no server. */
export async function serveApp(
  terminal: Terminal,
  app: App,
  options: ServingOptions,
  log: Log,
): Promise<Listening | undefined> {
  if (options.serve === false) return undefined
  const { listen } = await import('../server/index.ts')
  const { port, host } = options
  const listening = await listen(app, {
    log,
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
  })
  if (terminal.json) terminal.data({ event: 'serving', url: listening.url, at: new Date().toISOString() })
  else terminal.out(`serving ${listening.url}`)
  return listening
}
