import { type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { FromThread, ToThread } from './wire.ts'

/**
 * How messages travel between the two threads: by `postMessage`, with a shared counter beside it. The store's thread sleeps on the
 * counter instead of in its event loop, and the caller's loop spins for a moment while it waits for an answer: a hop then costs
 * some 20 µs instead of 150.
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

export function startThread(data: object, listener: Listener): Link {
  const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js'
  const bell = new Int32Array(new SharedArrayBuffer(4))
  const spin = spinner()
  // none of the process's own flags: loaders are not needed here, and `--input-type` would be refused
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: { ...data, bell },
    execArgv: [],
    name: 'spanwise-store',
  })
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
  worker.on('message', (message: FromThread) => {
    // on a busy loop its end is told in the same turn as its last word
    if ('control' in message && message.control === 'closed') stopping = true
    listener.receive(message)
  })
  return {
    send: (message) => {
      worker.postMessage(message)
      Atomics.add(bell, 0, 1)
      Atomics.notify(bell, 0)
      spin.start()
    },
    keepAlive: (alive) => {
      if (alive) worker.ref()
      else {
        worker.unref()
        spin.stop()
      }
    },
    stop: async () => {
      stopping = true
      worker.ref()
      await worker.terminate()
      await gone
    },
  }
}

/** The event loop picks messages up when it comes round: for a moment after a request it is kept going round. */
function spinner(): { start(): void; stop(): void } {
  let until = 0
  let spinning = false
  const turn = (): void => {
    if (performance.now() < until) setImmediate(turn)
    else spinning = false
  }
  return {
    start: () => {
      until = performance.now() + longestSpin
      if (spinning) return
      spinning = true
      setImmediate(turn)
    },
    stop: () => {
      until = 0
    },
  }
}

/** ms; a commit takes a fraction of it */
const longestSpin = 1

/** ms; to be woken costs as much as what a caller does between two requests, so the thread looks again for a moment first */
const shortestSleep = 0.06

/** What the thread's loop is given to do. */
export interface Loop {
  /** everything that waits, at once, so that it shares one commit; false ends the loop */
  receive(messages: readonly ToThread[]): boolean
  /** called when there is nothing to receive; says in how many ms to be called again at the latest */
  idle(): number | undefined
}

/** The thread's side: sleeps until the bell rings. Its own event loop does not turn, so it has no timers but `idle`. */
export function listen(port: MessagePort, bell: Int32Array<SharedArrayBuffer>, loop: Loop): void {
  /** the thread may sleep from then on */
  let sleepy = 0
  for (;;) {
    const rung = Atomics.load(bell, 0)
    const messages: ToThread[] = []
    for (;;) {
      const received = receiveMessageOnPort(port) as { readonly message: ToThread } | undefined
      if (received === undefined) break
      messages.push(received.message)
    }
    if (messages.length > 0) {
      if (!loop.receive(messages)) return
      sleepy = performance.now() + shortestSleep
    } else if (performance.now() > sleepy) Atomics.wait(bell, 0, rung, loop.idle())
  }
}
