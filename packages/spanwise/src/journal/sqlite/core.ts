import { SpanwiseError } from '../error.ts'
import type { RunChange, RunRef, SqlTransaction } from '../store.ts'
import { append } from './append.ts'
import { type Context, createContext } from './context.ts'
import { type DatabaseOptions, memoryPath, openDatabase } from './database.ts'
import { isStorageFault, storeError } from './faults.ts'
import type { StoreKeys } from './header.ts'
import { backTo, beforeCommit, committed, mark, rolledBack } from './log-transaction.ts'
import { migrate, schemaVersion } from './migrations.ts'
import { type Answer, isRead, perform, type Request } from './operations.ts'
import { guardedTransaction } from './user-sql.ts'

/** A connection that executes requests. Everything in it is synchronous: it runs on the store's thread or on the caller's. */
export interface Core {
  readonly context: Context
  readonly schema: number
  /** One transaction for all of them; answers are in the order of the requests and final when this returns. */
  execute(requests: readonly Request[]): readonly Answer[]
  transact<T>(
    run: RunRef,
    epoch: number,
    body: (tx: SqlTransaction) => { readonly change: RunChange; readonly value: T },
  ): { readonly state: 'ok'; readonly value: T } | { readonly state: 'fenced' }
  close(): void
}

export function openCore(path: string, options: DatabaseOptions = {}, keys?: StoreKeys | 'locked'): Core {
  const db = openDatabase(path, options)
  const where = path === memoryPath ? 'in memory' : path
  try {
    migrate(db, where)
    const context = createContext(db, where, keys)
    return {
      context,
      schema: schemaVersion,
      execute: (requests) => {
        const answers = execute(context, requests)
        if (requests.some(erases)) sweep(context)
        return answers
      },
      transact: guardedTransaction(context, (run, epoch, body) => transact(context, run, epoch, body)),
      close: () => db.close(),
    }
  } catch (error) {
    db.close()
    throw storeError(error, where)
  }
}

/**
 * Requests that fail do so rarely, so the batch first runs without savepoints. When one of them throws, everything is undone
 * and done again with a savepoint around each: the failing one alone is undone and answered with its error. When the file or
 * the disk fails, every request is answered with that, because nothing of the batch is there.
 */
function execute(context: Context, requests: readonly Request[]): readonly Answer[] {
  const begin = requests.every(isRead) ? 'BEGIN' : 'BEGIN IMMEDIATE'
  try {
    try {
      return commit(context, begin, () => requests.map((request) => ({ value: perform(context, request) })))
    } catch (error) {
      if (isStorageFault(error)) throw error
      if (requests.length === 1) return [{ error: storeError(error, context.where) }]
    }
    return commit(context, begin, () => requests.map((request) => performAlone(context, request)))
  } catch (error) {
    rollBack(context)
    const answer = { error: storeError(error, context.where) }
    // a disk that takes nothing can be read
    return requests.map(
      (request) => (requests.length > 1 && isRead(request) ? execute(context, [request])[0] : answer) as Answer,
    )
  }
}

function erases(request: Request): boolean {
  return request.op === 'erase' || (request.op === 'act' && request.argument.kind === 'erased')
}

/** What was erased must not survive in the log beside the file. A reader in the way delays that to the next checkpoint. */
function sweep(context: Context): void {
  try {
    context.db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch (error) {
    if (!isStorageFault(error)) throw error
  }
}

function performAlone(context: Context, request: Request): Answer {
  const before = mark(context)
  context.sql('SAVEPOINT request').run()
  try {
    const value = perform(context, request)
    context.sql('RELEASE request').run()
    return { value }
  } catch (error) {
    // a storage fault may have ended the transaction already; then there is nothing to go back to
    if (isStorageFault(error)) throw error
    context.sql('ROLLBACK TO request').run()
    context.sql('RELEASE request').run()
    backTo(context, before)
    forget(context)
    return { error: storeError(error, context.where) }
  }
}

function commit<T>(context: Context, begin: string, work: () => T): T {
  context.sql(begin).run()
  try {
    const result = work()
    beforeCommit(context)
    context.sql('COMMIT').run()
    committed(context)
    return result
  } catch (error) {
    forget(context)
    rollBack(context)
    rolledBack(context)
    throw error
  }
}

/** What may be of a transaction that was rolled back. */
function forget({ secrets, digests }: Context): void {
  secrets.clear()
  digests.clear()
}

function rollBack({ db }: Context): void {
  if (!db.isTransaction) return
  try {
    db.exec('ROLLBACK')
  } catch {
    // a disk that fails fails here too; the error that led here says so
  }
}

function transact<T>(
  context: Context,
  run: RunRef,
  epoch: number,
  body: () => { readonly change: RunChange; readonly value: T },
): { readonly state: 'ok'; readonly value: T } | { readonly state: 'fenced' } {
  let thrown: { readonly error: unknown } | undefined
  // another connection may have destroyed some since this one looked
  forget(context)
  try {
    return commit(context, 'BEGIN IMMEDIATE', () => {
      const row = context.sql('SELECT owner, epoch FROM spanwise_runs WHERE seq = ? AND run = ?').get(run.seq, run.run)
      if (row === undefined || row['owner'] === null || row['epoch'] !== epoch) return { state: 'fenced' }
      let result: { readonly change: RunChange; readonly value: T }
      try {
        result = body()
      } catch (error) {
        thrown = { error }
        throw error
      }
      if (append(context, result.change).state === 'fenced') throw strangeChange(run)
      return { state: 'ok', value: result.value }
    })
  } catch (error) {
    // the body's own error is the user's; only ours are put into our words
    throw thrown !== undefined && thrown.error === error ? error : storeError(error, context.where)
  }
}

function strangeChange(run: RunRef): SpanwiseError {
  return new SpanwiseError({
    code: 'TRANSACTION_FENCED',
    message: `The change that a transaction of run ${run.run} returned belongs to another run or epoch.`,
    hint: 'This is a bug in Spanwise; the transaction was rolled back. Please report it.',
    run: run.run,
  })
}
