import { parentPort, workerData } from 'node:worker_threads'
import type { WorkerInfo } from '../store.ts'
import { openCore } from './core.ts'
import type { DatabaseOptions } from './database.ts'
import type { Request } from './operations.ts'
import { listen } from './transport.ts'
import { type FromThread, type ToThread, toWire, toWireAnswer } from './wire.ts'

/** The store's own thread: it alone commits, and it renews leases while the caller's thread may be busy for minutes. */
export interface ThreadData {
  readonly path: string
  readonly options: DatabaseOptions
}

const port = parentPort
if (port === null) throw new Error('this file is the store’s thread; it is not imported')
const post = (message: FromThread): void => port.postMessage(message)

try {
  const { path, options } = workerData as ThreadData
  serve(path, options)
} catch (error) {
  post({ failed: toWire(error) })
}

function serve(path: string, options: DatabaseOptions): void {
  const core = openCore(path, options)
  const leases = new Map<string, NodeJS.Timeout>()
  let paused = false

  const renew = (worker: string): void => {
    // a renewal that fails is tried again by the next one; requests meet the same fault and report it
    if (!paused) core.execute([{ op: 'renew', argument: worker }])
  }
  const endLease = (worker: string): void => {
    clearInterval(leases.get(worker))
    leases.delete(worker)
  }
  const beginLease = ({ id, lease }: WorkerInfo): void => {
    endLease(id)
    leases.set(id, setInterval(renew, Math.max(1, lease / 3), id))
  }
  const execute = (requests: readonly Request[]): void => {
    if (requests.length === 0) return
    const answers = core.execute(requests)
    for (const [i, request] of requests.entries()) {
      if (request.op === 'unregister') endLease(request.argument)
      else if (request.op === 'register' && !('error' in (answers[i] ?? {}))) beginLease(request.argument)
    }
    post({ answers: answers.map(toWireAnswer) })
  }
  const obey = (control: 'pause' | 'resume' | 'close'): void => {
    paused = control === 'pause'
    if (control === 'pause') post({ control: 'paused' })
    if (control !== 'close') return
    for (const worker of [...leases.keys()]) endLease(worker)
    core.close()
    post({ control: 'closed' })
    port?.close()
  }

  listen(port as NonNullable<typeof port>, (messages: readonly ToThread[]) => {
    let requests: Request[] = []
    for (const message of messages) {
      if ('batch' in message) {
        requests = requests.length === 0 ? [...message.batch] : requests.concat(message.batch)
        continue
      }
      execute(requests)
      requests = []
      obey(message.control)
    }
    execute(requests)
  })
  post({ opened: { id: core.context.id, key: core.context.key, schema: core.schema } })
}
