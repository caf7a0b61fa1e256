import { SpanwiseError } from '../error.ts'
import type { Store } from '../store.ts'
import { openCore } from './core.ts'
import { memoryPath } from './database.ts'
import { surface } from './surface.ts'
import { answer, createTurn, type Pending } from './turn.ts'

/**
 * A store without a file, on the caller's thread. `close()` ends one user of it, not its content: it may be handed to the next
 * app, as a file would be opened again. The content goes with the last reference, or at once with `dispose()`.
 */
export interface MemoryStore extends Store, Disposable {
  dispose(): void
}

export function openMemoryStore(options: { readonly maxPayload?: number | undefined } = {}): MemoryStore {
  const core = openCore(memoryPath, { durability: 'off' })
  let disposed = false

  const settle = (pending: readonly Pending[]): void => {
    if (disposed) for (const one of pending) one.reject(disposedError())
    else if (pending.length > 0) answer(pending, core.execute(pending.map((one) => one.request)))
  }
  const turn = createTurn(() => settle(turn.take()))
  const dispose = (): void => {
    if (disposed) return
    disposed = true
    core.close()
  }

  return {
    info: {
      kind: 'memory',
      id: core.context.id,
      path: undefined,
      schema: core.schema,
      token: core.context.token,
    },
    ...surface(turn.ask, options.maxPayload),
    transact: async (run, epoch, body) => {
      // what was asked before is applied before
      settle(turn.take())
      if (disposed) throw disposedError()
      return core.transact(run, epoch, body)
    },
    close: async () => settle(turn.take()),
    dispose,
    [Symbol.dispose]: dispose,
  }
}

function disposedError(): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_CLOSED',
    message: 'The store in memory was disposed of.',
    hint: 'Open a new one, and dispose of it after the last app that uses it was closed.',
  })
}
