import { connect, type Socket } from 'node:net'
import { decode, encode, type RowChange, SpanwiseError } from '../../journal/index.ts'
import { controlAddresses, isTrusted } from './address.ts'
import { badFrame, FrameReader, frame, MAX_FRAME } from './frames.ts'
import type { Methods } from './methods.ts'
import { checkHello, hello } from './protocol.ts'

type Callback = (change: RowChange | undefined) => void

/** A line to the owner. Once it is not open it stays so. */
export interface Connection {
  readonly open: boolean
  /** @throws ConnectionLost when it breaks before the answer; whether the owner did it is not known then */
  ask<M extends keyof Methods>(method: M, ...args: Methods[M]): Promise<unknown>
  watch(id: number, run: string, callback: Callback, what?: 'forming'): void
  unwatch(id: number): void
  close(): void
}

/** The connection broke with the request under way. Never leaves this room. */
export class ConnectionLost extends Error {}

const helloTimeout = 10_000

/** The owner of `store` (its real path), or undefined when nobody listens for it now. @throws CONTROL_VERSION, CONTROL_DENIED, OWNER_SILENT */
export async function dial(store: string): Promise<Connection | undefined> {
  for (const address of controlAddresses(store)) {
    if (!isTrusted(address, store)) continue
    const socket = await reach(address)
    if (socket === undefined) continue
    const connection = await greet(socket, store)
    if (connection !== undefined) return connection
  }
  return undefined
}

const absent = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTSOCK', 'ENOTDIR', 'EPROTOTYPE'])

function reach(address: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(address)
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (absent.has(error.code ?? '')) return resolve(undefined)
      // a full backlog: the owner is there and busy
      if (error.code === 'EAGAIN') return resolve(undefined)
      reject(denied(address, error))
    })
  })
}

function greet(socket: Socket, store: string): Promise<Connection | undefined> {
  return new Promise((resolve, reject) => {
    const line = openLine(socket, (error) => {
      clearTimeout(timer)
      if (error === undefined) resolve(line)
      else if (error instanceof ConnectionLost) resolve(undefined)
      else reject(error)
    })
    const timer = setTimeout(() => {
      reject(silent(store))
      line.close()
    }, helloTimeout)
  })
}

/** `ready` is called once: with nothing after the owner's hello, with why there was none otherwise. */
function openLine(socket: Socket, ready: (error?: Error) => void): Connection {
  const reader = new FrameReader(MAX_FRAME)
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  const watches = new Map<number, Callback>()
  let count = 0
  let greeted = false
  let open = true

  const keepAlive = (): void => {
    // like the store: a client keeps its process alive only while it waits for something
    if (!greeted || asked.size > 0 || watches.size > 0) socket.ref()
    else socket.unref()
  }
  const end = (error: Error): void => {
    if (!open) return
    open = false
    socket.destroy()
    if (!greeted) ready(error)
    for (const { reject } of asked.values()) reject(error)
    asked.clear()
    watches.clear()
  }
  const lost = (): ConnectionLost => new ConnectionLost('the connection to the owner of the store broke')
  const receive = (next: object): void => {
    if (!greeted) {
      if ('error' in next && typeof next.error === 'string') throw decode(next.error)
      checkHello(next, 'owner')
      greeted = true
      keepAlive()
      return ready()
    }
    const { id, watch, result, error, change } = next as Record<string, unknown>
    if (typeof watch === 'number' && typeof change === 'string') {
      watches.get(watch)?.(decode(change) as RowChange | undefined)
      return
    }
    const request = asked.get(id as number)
    if (request === undefined) {
      if (id === undefined && typeof error === 'string') throw decode(error)
      throw badFrame('answers nothing that was asked')
    }
    asked.delete(id as number)
    keepAlive()
    if (typeof result === 'string') request.resolve(decode(result))
    else if (typeof error === 'string') request.reject(decode(error))
    else throw badFrame('is not an answer')
  }

  socket.on('data', (chunk) => {
    reader.push(chunk)
    try {
      for (let next = reader.next(); next !== undefined && open; next = reader.next()) receive(next as object)
    } catch (error) {
      end(error as Error)
    }
  })
  // `close` follows
  socket.on('error', () => {})
  socket.on('close', () => end(lost()))
  socket.write(frame(hello))

  const request = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (!open) return reject(lost())
      // encoded first: a value that cannot be written is the caller's error and leaves nothing behind
      const text = encode(args, method)
      const id = ++count
      asked.set(id, { resolve, reject })
      keepAlive()
      socket.write(frame({ id, method, args: text }))
    })
  return {
    get open() {
      return open
    },
    ask: (method, ...args) => request(method, args),
    watch: (id, run, callback, what) => {
      if (!open) return
      watches.set(id, callback)
      // a broken line is noticed by whoever opened it, who watches anew on the next one
      request('watch', what === undefined ? [id, run] : [id, run, what]).catch(() => {})
    },
    unwatch: (id) => {
      if (!watches.delete(id) || !open) return
      request('unwatch', [id]).catch(() => {})
    },
    close: () => end(lost()),
  }
}

function denied(address: string, cause: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'CONTROL_DENIED',
    message: `The control socket ${address} cannot be opened.`,
    hint: 'It belongs to the user who runs the owner of the store: be that user.',
    cause,
  })
}

function silent(store: string): SpanwiseError {
  return new SpanwiseError({
    code: 'OWNER_SILENT',
    message: `The process that works on the store ${store} does not answer.`,
    hint: 'It is stopped, or its event loop is kept busy by a step: give such steps pool: "thread".',
  })
}
