import { parentPort, workerData } from 'node:worker_threads'
import type { WorkerInfo } from '../store.ts'
import { openCore } from './core.ts'
import type { DatabaseOptions } from './database.ts'
import { keepPosition, noteIfOlder } from './files/position.ts'
import type { StoreKeys } from './header.ts'
import { isRead, type Request } from './operations.ts'
import { listen } from './transport.ts'
import { type FromThread, type ToThread, toWire, toWireAnswer } from './wire.ts'
import { unpack } from './wire-append.ts'

/** The store's own thread: it alone commits, and it renews leases while the caller's thread may be busy for minutes. */
export interface ThreadData {
  readonly path: string
  readonly options: DatabaseOptions
  readonly keys?: StoreKeys | 'locked' | undefined
}

type WorkerData = ThreadData & { readonly bell: Int32Array<SharedArrayBuffer> }

const port = parentPort
if (port === null) throw new Error('this file is the store’s thread; it is not imported')
const post = (message: FromThread): void => port.postMessage(message)

try {
  serve(workerData as WorkerData)
} catch (error) {
  post({ failed: toWire(error) })
}

function serve({ path, options, keys, bell }: WorkerData): void {
  const core = openCore(path, options, keys)
  const older = noteIfOlder(core.context, path)
  const position = keepPosition(core.context, path)
  const leases = new Map<string, { readonly every: number; next: number }>()
  let paused = false

  const endLease = (worker: string): void => {
    leases.delete(worker)
  }
  const beginLease = ({ id, lease }: WorkerInfo): void => {
    const every = Math.max(1, lease / 3)
    leases.set(id, { every, next: performance.now() + every })
  }
  /** Renews what is due, and writes down how far the log has come; answers in how many ms there is more to do. */
  const renewDue = (): number | undefined => {
    const now = performance.now()
    let soonest: number | undefined
    for (const [worker, lease] of leases) {
      if (lease.next <= now && !paused) {
        // a renewal that fails is tried again by the next one; requests meet the same fault and report it
        core.execute([{ op: 'renew', argument: worker }])
        lease.next = now + lease.every
      }
      const wait = Math.max(1, lease.next - now)
      if (soonest === undefined || wait < soonest) soonest = wait
    }
    if (paused) return soonest
    const wait = position.idle()
    return soonest === undefined || (wait !== undefined && wait < soonest) ? wait : soonest
  }
  const execute = (requests: readonly Request[]): void => {
    if (requests.length === 0) return
    const answers = core.execute(requests)
    if (!requests.every(isRead)) position.touch()
    for (const [i, request] of requests.entries()) {
      if (request.op === 'unregister') endLease(request.argument)
      else if (request.op === 'register' && !('error' in (answers[i] ?? {}))) beginLease(request.argument)
    }
    post({ answers: answers.map(toWireAnswer) })
  }
  const obey = (control: 'pause' | 'resume' | 'close'): boolean => {
    paused = control === 'pause'
    if (control === 'pause') post({ control: 'paused' })
    if (control !== 'close') return true
    position.close()
    core.close()
    post({ control: 'closed' })
    port?.close()
    return false
  }

  const receive = (messages: readonly ToThread[]): boolean => {
    let requests: Request[] = []
    for (const message of messages) {
      if ('batch' in message) {
        for (const one of message.batch) requests.push(unpack(one))
        continue
      }
      execute(requests)
      requests = []
      if (!obey(message.control)) return false
    }
    execute(requests)
    // under load there is no idle moment, and the lease must not lapse for it
    renewDue()
    return true
  }
  post({ opened: { id: core.context.id, key: core.context.key, schema: core.schema, older } })
  listen(port as NonNullable<typeof port>, bell, { receive, idle: renewDue })
}
