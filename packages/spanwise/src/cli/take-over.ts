import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { openWorker, type SpanwiseOptions, type Worker } from '../app/index.ts'
import { currentOwner, parseStoreUrl } from '../journal/index.ts'

/** how often it is looked whether the file is free, ms: nothing goes on between two workers */
const glance = 20

/**
 * Becomes the worker of a store in the place of the one that there is, which is told to end first: all code of the new one is
 * loaded by then, so that waiting runs see no more than a moment without a worker. undefined when `stop` comes first.
 * @throws STORE_OWNED where the other one cannot be told: on another host, or of another user
 */
export async function takeOver(
  options: SpanwiseOptions & { readonly store: string },
  stop: AbortSignal,
  told: (pid: number) => void,
): Promise<Worker | undefined> {
  const address = parseStoreUrl(options.store)
  const asked = new Set<number>()
  while (!stop.aborted) {
    const owner = address.kind === 'sqlite' ? currentOwner(address.path) : undefined
    if (owner === undefined || !isNear(owner) || isNewer(owner)) {
      try {
        return await openWorker(options)
      } catch (error) {
        // another one was quicker: it is asked too
        if ((error as { code?: unknown }).code !== 'STORE_OWNED' || owner !== undefined) throw error
      }
    } else if (!asked.has(owner.pid)) {
      asked.add(owner.pid)
      if (!tell(owner.pid)) return openWorker(options)
      told(owner.pid)
    }
    await pause(glance)
  }
  return undefined
}

function isNear(owner: { readonly host: string; readonly pid: number }): boolean {
  return owner.host === hostname() && owner.pid !== process.pid
}

/** Two that take over at once must not do so in turns: who began to work after this process was started stays. */
function isNewer(owner: { readonly since: string }): boolean {
  return Date.parse(owner.since) > Date.now() - 1_000 * process.uptime()
}

/** The lock that it was seen to hold says that the process lives. false: we may not. */
function tell(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM')
    return true
  } catch (error) {
    // gone in this moment: the file is free
    return (error as { code?: unknown }).code === 'ESRCH'
  }
}
