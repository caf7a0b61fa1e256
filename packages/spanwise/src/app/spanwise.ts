import { inPoolThread } from '../engine/index.ts'
import { SpanwiseError } from '../journal/index.ts'
import type { App } from './app.ts'
import { connect } from './connect.ts'
import type { SpanwiseOptions } from './options.ts'
import { openWorker } from './worker.ts'

/**
 * Opens an app that works: it continues unfinished runs at once, and runs what is started. With `work: false` it leaves that to
 * another process.
 * @throws STORE_OWNED when another process works on the file (its pid is named), DUPLICATE_WORKFLOW, APP_IN_POOL
 * @example await using app = await spanwise({ store: 'sqlite:./spanwise.db', workflows: [refund] })
 */
export async function spanwise(options: SpanwiseOptions): Promise<App> {
  if (inPoolThread()) {
    throw new SpanwiseError({
      code: 'APP_IN_POOL',
      message: 'An app was opened inside a pool thread.',
      hint: 'A pool thread imports the module that defines a step: keep spanwise() out of that module, or behind a function that only the main program calls.',
    })
  }
  return options.work === false ? connect(options) : (await openWorker(options)).app
}
