import { type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { FromThread, ToThread } from './wire.ts'

/**
 * How messages travel between the two threads: today by `postMessage`. Nothing else knows, so that a shared ring can take
 * its place.
 */
export interface Link {
  send(message: ToThread): void
  /** an open store keeps the process alive only while something is asked of it */
  keepAlive(alive: boolean): void
  /** resolves when the thread is gone */
  stop(): Promise<void>
}

export interface Listener {
  receive(message: FromThread): void
  /** the thread is gone and nobody asked it to go */
  lost(cause: unknown): void
}

export function startThread(workerData: unknown, listener: Listener): Link {
  const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js'
  // none of the process's own flags: loaders are not needed here, and `--input-type` would be refused
  const worker = new Worker(new URL(file, import.meta.url), { workerData, execArgv: [], name: 'spanwise-store' })
  let stopping = false
  let failure: unknown
  const gone = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      if (!stopping) listener.lost(failure ?? new Error(`the store’s thread ended with code ${code}`))
      resolve()
    })
  })
  worker.on('error', (error) => {
    failure = error
  })
  worker.on('message', (message: FromThread) => listener.receive(message))
  return {
    send: (message) => worker.postMessage(message),
    keepAlive: (alive) => (alive ? worker.ref() : worker.unref()),
    stop: async () => {
      stopping = true
      worker.ref()
      await worker.terminate()
      await gone
    },
  }
}

/** The thread's side: everything that waits is handed over at once, so that it shares one commit. */
export function listen(port: MessagePort, receive: (messages: readonly ToThread[]) => void): void {
  port.on('message', (first: ToThread) => {
    const messages = [first]
    for (;;) {
      const next = receiveMessageOnPort(port) as { readonly message: ToThread } | undefined
      if (next === undefined) break
      messages.push(next.message)
    }
    receive(messages)
  })
}
