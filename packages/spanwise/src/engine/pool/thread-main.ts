import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { decode } from '../../journal/index.ts'
import { markPoolThread } from './marker.ts'
import { threadContext } from './thread-context.ts'
import { perform } from './thread-job.ts'
import type { FromThread, ThreadData, ToThread } from './wire.ts'

/** A pool thread: one job at a time, until it is stopped from outside. */
if (parentPort === null) throw new Error('this file is a thread of the pool; it is not imported')
const port: MessagePort = parentPort
let current: { readonly id: number; readonly abort: (reason: unknown) => void } | undefined

const post = (message: FromThread): void => port.postMessage(message)

function take(message: ToThread): void {
  if (message.type === 'abort') {
    if (message.id === current?.id) current.abort(decode(message.reason))
    return
  }
  const { id, job } = message
  const { context, abort } = threadContext(id, job, post, takeWaiting)
  current = { id, abort }
  void perform(id, job, context, post)
}

function takeWaiting(): void {
  const waiting = receiveMessageOnPort(port) as { readonly message: ToThread } | undefined
  if (waiting !== undefined) take(waiting.message)
}

markPoolThread()
// jobs wait in the port meanwhile
for (const url of (workerData as ThreadData).preload) await import(url)
port.on('message', take)
