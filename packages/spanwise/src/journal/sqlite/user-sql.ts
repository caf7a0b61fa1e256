import { constants } from 'node:sqlite'
import { SpanwiseError } from '../error.ts'
import type { RunChange, RunRef, SqlTransaction, SqlValue } from '../store.ts'
import type { Context } from './context.ts'

type Body<T> = (tx: SqlTransaction) => { readonly change: RunChange; readonly value: T }
type Outcome<T> = { readonly state: 'ok'; readonly value: T } | { readonly state: 'fenced' }
type Bare = <T>(run: RunRef, epoch: number, body: () => { readonly change: RunChange; readonly value: T }) => Outcome<T>

/** What ends or escapes the transaction that the journal depends on. */
const forbidden: ReadonlySet<number> = new Set([
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_PRAGMA,
])

/**
 * Users' statements run on the journal's connection, in its transaction: while the body runs, they may not touch our tables,
 * and after it returned the handle is dead.
 */
export function guardedTransaction(
  context: Context,
  transact: Bare,
): <T>(run: RunRef, epoch: number, body: Body<T>) => Outcome<T> {
  const { db } = context
  let users = false
  // set once: setting it makes SQLite compile every statement anew
  db.setAuthorizer((action, first, second) => {
    if (!users) return constants.SQLITE_OK
    return forbidden.has(action) || ours(first) || ours(second) ? constants.SQLITE_DENY : constants.SQLITE_OK
  })
  const statements = new Map<string, ReturnType<typeof db.prepare>>()

  const handle = (): { readonly tx: SqlTransaction; close(): void } => {
    let open = true
    const statement = (sql: string): ReturnType<typeof db.prepare> => {
      if (!open) throw closedError()
      // SQLite ends a transaction by itself when the disk is full; what follows would commit statement by statement
      if (!db.isTransaction) throw endedError()
      let known = statements.get(sql)
      if (known === undefined) {
        known = db.prepare(sql)
        if (statements.size >= 200) statements.clear()
        statements.set(sql, known)
      }
      return known
    }
    const guard = <R>(sql: string, act: (statement: ReturnType<typeof db.prepare>) => R): R => {
      users = true
      try {
        return act(statement(sql))
      } catch (error) {
        throw isDenied(error) ? deniedError(sql, error) : error
      } finally {
        users = false
      }
    }
    const tx: SqlTransaction = {
      run: (sql, ...values: readonly SqlValue[]) =>
        guard(sql, (found) => {
          const { changes, lastInsertRowid } = found.run(...values)
          return { changes: Number(changes), lastInsertRowid }
        }),
      all: <Row>(sql: string, ...values: readonly SqlValue[]) => guard(sql, (found) => found.all(...values) as Row[]),
      get: <Row>(sql: string, ...values: readonly SqlValue[]) =>
        guard(sql, (found) => found.get(...values) as Row | undefined),
    }
    return {
      tx,
      close: () => {
        open = false
      },
    }
  }

  return (run, epoch, body) => {
    const { tx, close } = handle()
    try {
      return transact(run, epoch, () => {
        try {
          const result = body(tx)
          if (!db.isTransaction) throw endedError()
          return result
        } finally {
          close()
        }
      })
    } finally {
      close()
    }
  }
}

function ours(name: string | null): boolean {
  return name !== null && /^spanwise_/i.test(name)
}

function isDenied(error: unknown): boolean {
  return (error as { errcode?: unknown }).errcode === 23
}

function deniedError(sql: string, cause: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'TRANSACTION_REFUSED',
    message: `A step.transaction may not run this statement: ${sql.slice(0, 200)}`,
    hint: 'Leave tables named spanwise_* alone, and use no BEGIN, COMMIT, SAVEPOINT, ATTACH or PRAGMA: the transaction is the step’s.',
    cause,
  })
}

function endedError(): SpanwiseError {
  return new SpanwiseError({
    code: 'TRANSACTION_ENDED',
    message:
      'The database ended a step.transaction after an error in one of its statements; nothing of it was applied.',
    hint: 'Let errors of statements leave the function; the step is tried again.',
  })
}

function closedError(): SpanwiseError {
  return new SpanwiseError({
    code: 'TRANSACTION_CLOSED',
    message: 'A step.transaction’s handle was used after its function returned.',
    hint: 'Use the handle only inside the function, and synchronously: no await, no callbacks.',
  })
}
