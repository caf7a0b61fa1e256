import type { EncryptionOptions } from '../encryption/provider.ts'
import { SpanwiseError } from '../error.ts'
import type { RunChange, RunRef, SqlTransaction, Store } from '../store.ts'
import { tokenizer } from './context.ts'
import { type Core, openCore } from './core.ts'
import type { DatabaseOptions } from './database.ts'
import { storeError } from './faults.ts'
import { storeKeys } from './header.ts'
import { checkChange, surface } from './surface.ts'
import type { ThreadData } from './thread.ts'
import { type Link, startThread } from './transport.ts'
import { answer, createTurn, type Pending } from './turn.ts'
import { type FromThread, fromWire, fromWireAnswer } from './wire.ts'
import { pack } from './wire-append.ts'

export interface SqliteOptions extends DatabaseOptions {
  /** bytes of text that one payload may have; 16 MiB when absent */
  readonly maxPayload?: number | undefined
  /** how the file is encrypted; a new file is made so. `locked`: without its key, to check proofs */
  readonly encryption?: EncryptionOptions | 'locked' | undefined
}

/** A store in a file, written by a thread of its own. */
export async function openSqliteStore(path: string, options: SqliteOptions = {}): Promise<Store> {
  const { durability, busyTimeout, maxPayload } = options
  const { data, link, opened, connection, lost } = await unlockAndConnect(path, options, { durability, busyTimeout })
  const transactions = createTransactions(connection, link, data)

  const closed = (): SpanwiseError =>
    new SpanwiseError({
      code: 'STORE_CLOSED',
      message: `The store ${path} was closed.`,
      hint: 'Open it again, or await what you asked of it before you close it.',
    })
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    connection.refuse(closed)
    await transactions.idle()
    await connection.finish()
    transactions.close()
    await link.stop()
  }

  const asking = surface(connection.ask, maxPayload)
  return {
    info: {
      kind: 'sqlite',
      id: opened.id,
      path,
      schema: opened.schema,
      older: opened.older,
      token: tokenizer(opened.key),
    },
    ...asking,
    // these have to reach the thread, which keeps the lease; what is asked during a transaction does not
    register: (worker) => transactions.idle().then(() => asking.register(worker)),
    unregister: (worker) => transactions.idle().then(() => asking.unregister(worker)),
    transact: async (run, epoch, body) => {
      if (closing !== undefined) throw closed()
      return transactions.run(run, epoch, (tx) => {
        const result = body(tx)
        checkChange(result.change, maxPayload)
        return result
      })
    },
    close: () => {
      closing ??= close()
      return closing
    },
    lost,
  }
}

/** Two processes may make a new file at once: the one that was not first takes the keys that it finds. */
async function unlockAndConnect(path: string, { encryption }: SqliteOptions, options: DatabaseOptions) {
  for (let attempt = 1; ; attempt++) {
    const { keys, isNew } = await storeKeys(path, encryption)
    const data: ThreadData = { path, options, keys }
    try {
      return { data, ...(await connect(data)) }
    } catch (error) {
      if (!isNew || attempt > 1 || (error as { code?: unknown }).code !== 'STORE_UNREADABLE') throw error
    }
  }
}

type Opened = Extract<FromThread, { opened: unknown }>['opened']
type Connection = ReturnType<typeof createConnection>

async function connect(data: ThreadData): Promise<{
  readonly link: Link
  readonly opened: Opened
  readonly connection: Connection
  readonly lost: Promise<unknown>
}> {
  const { promise, resolve, reject } = Promise.withResolvers<Opened>()
  const lost = Promise.withResolvers<unknown>()
  const link: Link = startThread(data, {
    receive: (message) => {
      if ('opened' in message) resolve(message.opened)
      else if ('failed' in message) reject(fromWire(message.failed))
      else connection.receive(message)
    },
    lost: (cause) => {
      const error = lostError(data.path, cause)
      reject(error)
      connection.fail(() => error)
      lost.resolve(error)
    },
  })
  const connection = createConnection(link, data.path)
  try {
    const opened = await promise
    link.keepAlive(false)
    return { link, opened, connection, lost: lost.promise }
  } catch (error) {
    await link.stop()
    throw error
  }
}

/** Requests on their way: what is asked, sent, answered, held back, and refused when there is no thread any more. */
function createConnection(link: Link, path: string) {
  /** sent, in the order of the answers to come */
  let sent: (readonly Pending[])[] = []
  let held = false
  /** why nothing new is taken: closed, or lost */
  let refusal: (() => Error) | undefined
  let lost: (() => Error) | undefined
  let onPaused: ReturnType<typeof Promise.withResolvers<void>> | undefined
  let onClosed: ReturnType<typeof Promise.withResolvers<void>> | undefined

  const send = (): void => {
    if (held) return
    const pending = turn.take()
    if (pending.length > 0) dispatch(pending)
  }
  const dispatch = (pending: readonly Pending[]): void => {
    try {
      link.send({ batch: pending.map((one) => pack(one.request)) })
    } catch (error) {
      // something in it cannot be cloned; only that is refused
      const [first, ...others] = pending
      if (others.length === 0) first?.reject(storeError(error, path))
      else for (const one of pending) dispatch([one])
      return
    }
    sent.push(pending)
    link.keepAlive(true)
  }
  const turn = createTurn(send)
  const settled = (): void => {
    if (sent.length === 0 && onPaused === undefined && onClosed === undefined) link.keepAlive(false)
  }

  return {
    ask: ((op, argument) =>
      refusal === undefined ? turn.ask(op, argument) : Promise.reject(refusal())) as typeof turn.ask,
    receive: (message: Exclude<FromThread, { opened: unknown } | { failed: unknown }>): void => {
      if ('answers' in message) deliver(message.answers.map(fromWireAnswer))
      else if (message.control === 'paused') onPaused?.resolve()
      else onClosed?.resolve()
    },
    /** Everything asked so far is committed and nothing more is sent; what is asked meanwhile waits here. */
    pause: async (): Promise<void> => {
      if (lost !== undefined) throw lost()
      send()
      held = true
      link.keepAlive(true)
      onPaused = Promise.withResolvers()
      link.send({ control: 'pause' })
      await onPaused.promise
    },
    takeHeld: () => turn.take(),
    resume: (): void => {
      held = false
      onPaused = undefined
      if (lost !== undefined) return
      link.send({ control: 'resume' })
      send()
      settled()
    },
    refuse: (why: () => Error): void => {
      refusal ??= why
    },
    /** The thread has committed what it was sent, and closed the file. */
    finish: async (): Promise<void> => {
      if (lost !== undefined) return
      send()
      onClosed = Promise.withResolvers()
      link.keepAlive(true)
      link.send({ control: 'close' })
      await onClosed.promise
    },
    fail: (why: () => Error): void => {
      lost = why
      refusal = why
      const open = [...sent.flat(), ...turn.take()]
      sent = []
      for (const one of open) one.reject(why())
      onPaused?.reject(why())
      // it is gone, which is what was asked for
      onClosed?.resolve()
    },
  }

  function deliver(answers: readonly ({ value: unknown } | { error: unknown })[]): void {
    let from = 0
    while (from < answers.length) {
      const pending = sent.shift()
      if (pending === undefined) return
      answer(pending, answers.slice(from, from + pending.length))
      from += pending.length
    }
    settled()
  }
}

/**
 * `step.transaction`: on the caller's thread, because its body is the caller's function; on a connection of its own, with the
 * store's thread holding still, so that neither waits for the other's lock. One after the other.
 */
function createTransactions(connection: Connection, link: Link, data: ThreadData) {
  let core: Core | undefined
  let tail: Promise<unknown> = Promise.resolve()

  const alone = async <T>(
    run: RunRef,
    epoch: number,
    body: (tx: SqlTransaction) => { readonly change: RunChange; readonly value: T },
  ) => {
    await connection.pause()
    try {
      core ??= openCore(data.path, data.options, data.keys)
      // what was asked before this moment is applied before
      const held = connection.takeHeld()
      if (held.length > 0) answer(held, core.execute(held.map((one) => one.request)))
      return core.transact(run, epoch, body)
    } finally {
      connection.resume()
    }
  }

  return {
    run: <T>(
      run: RunRef,
      epoch: number,
      body: (tx: SqlTransaction) => { readonly change: RunChange; readonly value: T },
    ) => {
      link.keepAlive(true)
      const result = tail.then(() => alone(run, epoch, body))
      tail = result.catch(() => undefined)
      return result
    },
    idle: () => tail,
    close: (): void => core?.close(),
  }
}

function lostError(path: string, cause: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_LOST',
    message: `The thread of the store ${path} is gone.`,
    hint: 'What was acknowledged is safe. Close the app and open it again; if it happens again, see the cause.',
    cause,
  })
}
