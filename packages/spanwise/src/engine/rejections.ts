import { frames } from '../workflow/index.ts'

/**
 * An `unhandledRejection` that belongs to a run parks that run, one in a step fails its attempt, and the process goes on. One that does not keeps Node's
 * behaviour: with no other listener it is thrown.
 */
let users = 0

function onUnhandled(reason: unknown): void {
  const frame = frames.getStore()
  if (frame !== undefined && frame.kind === 'scope') {
    frame.execution.fail(reason)
    return
  }
  if (frame?.stray !== undefined) return frame.stray(reason)
  if (process.listenerCount('unhandledRejection') === 1) throw reason
}

export function watchRejections(): () => void {
  if (users++ === 0) process.on('unhandledRejection', onUnhandled)
  let open = true
  return () => {
    if (!open) return
    open = false
    if (--users === 0) process.off('unhandledRejection', onUnhandled)
  }
}
