import { availableParallelism } from 'node:os'
import { SpanwiseError } from '../../journal/index.ts'
import type { StepContext } from '../../workflow/index.ts'
import { poolClosed } from './errors.ts'
import { createQueue } from './queue.ts'
import { startThread, type Task, type Thread } from './thread.ts'
import type { ThreadJob } from './wire.ts'

export interface ThreadPoolOptions {
  /** threads at most; as many as there are cores */
  readonly size?: number
  /** how long an aborted step may take to stop before its thread is stopped, ms */
  readonly grace: number
  /** how long a thread without work is kept, ms; 30 s */
  readonly idle?: number
  /** bytes that the heap of a thread may grow to, where its step says nothing */
  readonly memory?: number
}

export interface ThreadPool {
  /**
   * Runs the step's function on a thread. Resolves with its result, rejects with its error, or with the abort reason when it
   * had to be stopped. The context's `heartbeat` is also called when the function begins: waiting for a thread is not work.
   */
  run(job: ThreadJob, context: StepContext): Promise<unknown>
  /** threads at most */
  readonly size: number
  /** Aborts what runs and resolves when every thread is gone. */
  close(): Promise<void>
}

const defaultIdle = 30_000

/** Threads for steps that would block the event loop; started when needed, stopped when idle. */
export function threadPool(options: ThreadPoolOptions): ThreadPool {
  const { size = availableParallelism(), grace, idle = defaultIdle, memory } = options
  checkSize(size)
  const queue = createQueue<Task>()
  const threads = new Set<Thread>()
  /** also the threads that were told to stop and have not yet */
  const exits = new Set<Promise<void>>()
  let closing: Promise<void> | undefined
  let count = 0

  const place = (): void => {
    for (let next = queue.peek(); next !== undefined; next = queue.peek()) {
      const idlers = [...threads].filter((thread) => thread.task === undefined)
      const needs = next.job.memory ?? memory
      let thread = idlers.find((one) => one.memory === needs)
      if (thread === undefined && threads.size >= size) {
        // one with another memory makes room, which comes back here
        idlers[0]?.stop()
        return
      }
      thread ??= addThread(needs)
      thread.begin(queue.take() as Task)
    }
  }
  const addThread = (most: number | undefined): Thread => {
    const thread = startThread(
      { grace, idle, memory: most },
      {
        free: (freed) => (closing === undefined ? place() : freed.stop()),
        left: (gone) => {
          threads.delete(gone)
          place()
        },
      },
    )
    threads.add(thread)
    exits.add(thread.exit)
    void thread.exit.then(() => exits.delete(thread.exit))
    return thread
  }
  const abort = (task: Task, reason: unknown): void => {
    if (queue.remove(task)) task.reject(reason)
    else for (const thread of threads) if (thread.task === task) thread.abort(reason)
  }
  const close = async (): Promise<void> => {
    for (let task = queue.take(); task !== undefined; task = queue.take()) task.reject(poolClosed(task.job.step))
    for (const thread of [...threads]) {
      if (thread.task === undefined) thread.stop()
      else thread.abort(poolClosed(thread.task.job.step))
    }
    await Promise.all(exits)
  }

  return {
    size,
    run: async (job, context) => {
      if (closing !== undefined) throw poolClosed(job.step)
      const signal = context.abortSignal
      signal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      const task: Task = { id: ++count, job, context, resolve, reject }
      const onAbort = (): void => abort(task, signal.reason)
      signal.addEventListener('abort', onAbort)
      queue.add(task, job.priority)
      place()
      try {
        return await promise
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

function checkSize(size: number): void {
  if (Number.isInteger(size) && size > 0) return
  throw new SpanwiseError({
    code: 'INVALID_OPTION',
    message: `A thread pool cannot have ${size} threads.`,
    hint: 'Give it a size of 1 or more, or none: then it has as many as there are cores.',
  })
}
