import { Worker } from 'node:worker_threads'
import { decode } from '../../journal/index.ts'
import type { Document, StepContext } from '../../workflow/index.ts'
import { memoryLimit, threadLost } from './errors.ts'
import { threadPreloads } from './preload.ts'
import { encodeThrown, type FromThread, type ThreadData, type ThreadJob, type ToThread } from './wire.ts'

/** A job and whoever waits for it. */
export interface Task {
  readonly id: number
  readonly job: ThreadJob
  readonly context: StepContext
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface ThreadOptions {
  /** how long an aborted step may take to stop, ms */
  readonly grace: number
  /** how long a thread without work is kept, ms */
  readonly idle: number
  /** bytes that its heap may grow to */
  readonly memory: number | undefined
}

export interface ThreadEvents {
  /** takes the next job */
  free(thread: Thread): void
  /** takes no job any more; its place is free */
  left(thread: Thread): void
}

/** A worker thread, seen from outside: one job at a time. */
export interface Thread {
  readonly task: Task | undefined
  readonly memory: number | undefined
  begin(task: Task): void
  /** asks the step to stop, and stops the thread if it does not within the grace */
  abort(reason: unknown): void
  stop(): void
  /** resolves when the thread is gone */
  readonly exit: Promise<void>
}

export function startThread(options: ThreadOptions, events: ThreadEvents): Thread {
  const { grace, idle, memory } = options
  const file = import.meta.url.endsWith('.ts') ? './thread-main.ts' : './thread-main.js'
  // execArgv is not passed on but inherited: given explicitly, flags of the process make the Worker refuse
  const worker = new Worker(new URL(file, import.meta.url), {
    name: 'spanwise-pool',
    workerData: { preload: threadPreloads() } satisfies ThreadData,
    ...(memory !== undefined && { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memory / 2 ** 20) } }),
  })
  let task: Task | undefined
  /** what the thread was given last: its step may still log when it has ended */
  let last: Task | undefined
  let timer: NodeJS.Timeout | undefined
  let aborted = false
  let stopping = false
  let failure: unknown
  const exit = Promise.withResolvers<void>()

  const send = (message: ToThread): void => worker.postMessage(message)
  const stop = (): void => {
    if (stopping) return
    leave()
    worker.ref()
    void worker.terminate()
  }
  const leave = (): void => {
    stopping = true
    clearTimeout(timer)
    events.left(thread)
  }
  const end = (): void => {
    clearTimeout(timer)
    task = undefined
  }
  const rest = (): void => {
    worker.unref()
    timer = setTimeout(stop, idle).unref()
    events.free(thread)
  }

  worker.on('message', (message: FromThread) => {
    if (message.type === 'log') {
      if (message.id === last?.id) relayLog(message, last.context)
      return
    }
    if (task === undefined || task.id !== message.id) return
    const { context, resolve, reject } = task
    switch (message.type) {
      case 'begun':
      case 'heartbeat':
        return context.heartbeat()
      case 'progress':
        return context.progress(decode(message.value))
      case 'cite':
        return context.cite(...(decode(message.value) as readonly Document[]))
      case 'result':
        end()
        resolve(decode(message.value))
        return rest()
      case 'error':
        end()
        reject(decode(message.error))
        return message.spoilt ? stop() : rest()
    }
  })
  worker.on('error', (error) => {
    failure = error
  })
  worker.once('exit', (exitCode) => {
    const lost = task
    end()
    if (lost !== undefined)
      lost.reject(
        isOutOfMemory(failure)
          ? memoryLimit(lost.job.step, memory, failure)
          : threadLost(lost.job.step, exitCode, failure),
      )
    else if (!stopping) reportLateDeath(last, exitCode, failure)
    if (!stopping) leave()
    exit.resolve()
  })

  const thread: Thread = {
    memory,
    get task() {
      return task
    },
    begin: (next) => {
      clearTimeout(timer)
      task = next
      last = next
      aborted = false
      worker.ref()
      send({ type: 'job', id: next.id, job: next.job })
    },
    abort: (reason) => {
      if (task === undefined || aborted) return
      aborted = true
      const { id, reject } = task
      send({ type: 'abort', id, reason: encodeThrown(reason, 'abort reason') })
      timer = setTimeout(() => {
        end()
        reject(reason)
        stop()
      }, grace)
    },
    stop,
    exit: exit.promise,
  }
  return thread
}

function isOutOfMemory(error: unknown): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
}

function relayLog(message: Extract<FromThread, { type: 'log' }>, { log }: StepContext): void {
  log[message.level](message.message, message.facts === undefined ? undefined : (decode(message.facts) as object))
}

/** Its step had ended, so nobody waits for this error. */
function reportLateDeath(last: Task | undefined, exitCode: number, error: unknown): void {
  if (last === undefined) return
  const { step } = last.job
  last.context.log.error(`A pool thread died after step "${step}" had ended in it.`, { step, exitCode, error })
}
