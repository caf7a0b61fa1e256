import type { Socket } from 'node:net'
import { decode, encode, type RowChange } from '../../journal/index.ts'
import { encodeError } from './error-text.ts'
import { badFrame, FrameReader, frame, MAX_FRAME } from './frames.ts'
import { perform, type Served } from './methods.ts'
import {
  type AnswerFrame,
  type ChangeFrame,
  checkHello,
  type FatalFrame,
  type Hello,
  hello,
  type RequestFrame,
} from './protocol.ts'

const helloTimeout = 10_000
const maxHello = 4_096
/** requests of one client that are worked on at once; what it sends beyond that stays in the socket */
const maxBusy = 256
const maxWatches = 100_000
/** a client that does not read what it asked for: nothing more is read from it, changes are merged */
const maxUnread = 4 * 1024 * 1024

/** What half-sent lines of all clients may take together. */
export interface Allowance {
  used: number
  readonly most: number
}

export interface Session {
  /** Answers what is under way, then hangs up. */
  close(): Promise<void>
}

/** One client, seen from the owner. Nothing that it sends, or leaves unread, can do more than end its own connection. */
export function serveClient(
  socket: Socket,
  served: Served,
  allowance: Allowance,
  onClose: (session: Session) => void,
): Session {
  const reader = new FrameReader(maxHello)
  const watches = new Map<number, () => void>()
  const unsent = new Map<number, RowChange | undefined>()
  let busy = 0
  let held = 0
  let greeted = false
  let ended = false
  let closing = false
  let idle: (() => void) | undefined

  const write = (value: Hello | AnswerFrame | ChangeFrame): void => {
    if (!socket.destroyed && socket.writable) socket.write(frame(value))
  }
  const fail = (error: unknown): void => {
    if (ended) return
    ended = true
    const last: FatalFrame = { error: encodeError(error) }
    socket.end(frame(last))
    // a client that goes on sending is not listened to
    socket.resume()
    setTimeout(() => socket.destroy(), 1_000).unref()
  }
  const hold = (): void => {
    allowance.used += reader.buffered - held
    held = reader.buffered
    if (allowance.used > allowance.most && reader.buffered > maxHello) {
      fail(badFrame('is too much: the clients of this store together keep too many unfinished lines'))
    }
  }
  const pump = (): void => {
    try {
      while (!ended && !closing && busy < maxBusy && socket.writableLength <= maxUnread) {
        const next = reader.next()
        if (next === undefined) break
        if (greeted) handle(next)
        else greet(next)
      }
      hold()
    } catch (error) {
      fail(error)
    }
    if (ended) return
    const full = busy >= maxBusy || socket.writableLength > maxUnread || closing
    if (full) socket.pause()
    else if (socket.isPaused()) socket.resume()
  }
  const greet = (first: unknown): void => {
    checkHello(first, 'client')
    greeted = true
    reader.limit = MAX_FRAME
    clearTimeout(deadline)
    write(hello)
  }
  const handle = (next: unknown): void => {
    const { id, method, args } = next as Partial<RequestFrame>
    if (!Number.isSafeInteger(id) || typeof method !== 'string' || typeof args !== 'string') {
      throw badFrame('is not a request')
    }
    busy++
    void answer(id as number, method, args).finally(() => {
      busy--
      if (busy === 0) idle?.()
      pump()
    })
  }
  const answer = async (id: number, method: string, args: string): Promise<void> => {
    try {
      const decoded = decode(args)
      const result =
        method === 'watch' || method === 'unwatch' ? watch(method, decoded) : await perform(served, method, decoded)
      write({ id, result: encode(result, `answer of ${method}`) })
    } catch (error) {
      write({ id, error: encodeError(error) })
    }
  }
  const watch = (method: 'watch' | 'unwatch', args: unknown): undefined => {
    const [id, run, what] = Array.isArray(args) ? (args as unknown[]) : []
    if (!Number.isSafeInteger(id) || (method === 'watch' && typeof run !== 'string')) throw badFrame('is not a watch')
    const before = watches.get(id as number)
    before?.()
    watches.delete(id as number)
    unsent.delete(id as number)
    if (method === 'unwatch') return
    if (watches.size >= maxWatches) throw badFrame(`is more than ${maxWatches} watches`)
    watches.set(
      id as number,
      served.backend.watch(
        run as string,
        (change) => push(id as number, change),
        what === 'forming' ? what : undefined,
      ),
    )
  }
  const push = (id: number, change: RowChange | undefined): void => {
    if (socket.writableLength <= maxUnread) {
      write({ watch: id, change: encode(change, 'change') })
      return
    }
    // only the last change of a run matters, and one that says nothing does not hide one that does
    unsent.set(id, change ?? unsent.get(id))
  }

  socket.on('data', (chunk) => {
    if (ended) return
    reader.push(chunk)
    pump()
  })
  socket.on('drain', () => {
    for (const [id, change] of unsent) {
      if (socket.writableLength > maxUnread) break
      unsent.delete(id)
      push(id, change)
    }
    pump()
  })
  // a client may vanish at any time; `close` follows
  socket.on('error', () => {})
  const session: Session = {
    close: async () => {
      closing = true
      if (busy > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve
        })
      }
      ended = true
      await new Promise<void>((resolve) => {
        if (socket.destroyed) return resolve()
        socket.once('close', () => resolve())
        socket.end(() => socket.destroy())
        setTimeout(() => socket.destroy(), 1_000).unref()
      })
    },
  }
  socket.on('close', () => {
    ended = true
    clearTimeout(deadline)
    allowance.used -= held
    held = 0
    for (const unwatch of watches.values()) unwatch()
    watches.clear()
    unsent.clear()
    onClose(session)
  })
  const deadline = setTimeout(() => fail(badFrame('was not a hello within 10 s')), helloTimeout)
  deadline.unref()
  return session
}
