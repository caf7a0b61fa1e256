import { randomBytes } from 'node:crypto'
import { isMainThread } from 'node:worker_threads'

/** This process among those that one start brought about. */
export interface Family {
  /** id of the run: shared by a process and all that it starts */
  readonly run: string
  /** whether this is the one that was started by hand, which prints the table */
  readonly root: boolean
}

/**
 * Children find the run, the folder and this module in their environment: `fork` hands on the arguments of Node, `spawn` does
 * not.
 */
export function family(env: NodeJS.ProcessEnv, folder: string, module: string): Family {
  const inherited = env['SPANWISE_BASELINE_RUN']
  if (inherited) return { run: inherited, root: false }
  const run = randomBytes(6).toString('hex')
  if (!isMainThread) return { run, root: false }
  env['SPANWISE_BASELINE_RUN'] = run
  env['SPANWISE_BASELINE_DIR'] = folder
  if (env['SPANWISE_BASELINE_CHILDREN'] !== 'off') {
    const option = `--import=${module}`
    const before = env['NODE_OPTIONS']
    if (!before?.includes(option)) env['NODE_OPTIONS'] = before ? `${before} ${option}` : option
  }
  return { run, root: true }
}
