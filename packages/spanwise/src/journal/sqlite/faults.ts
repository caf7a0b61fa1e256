import { isSpanwiseError, SpanwiseError } from '../error.ts'

/** Primary result codes of SQLite, https://sqlite.org/rescode.html */
export const result = {
  BUSY: 5,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  CONSTRAINT: 19,
  NOTADB: 26,
} as const

const texts: Readonly<Record<number, { readonly code: string; readonly what: string; readonly hint: string }>> = {
  [result.BUSY]: {
    code: 'STORE_BUSY',
    what: 'is locked by another program',
    hint: 'Close the other program (a database browser, a backup, a second process), then try again.',
  },
  [result.READONLY]: {
    code: 'STORE_READ_ONLY',
    what: 'cannot be written',
    hint: 'Give this user write permission on the file and on its folder, or choose another path.',
  },
  [result.IOERR]: {
    code: 'STORE_WRITE_FAILED',
    what: 'could not be read or written: the disk reported an error',
    hint: 'Nothing of the failed write was applied. Check the disk and the system log, then try again.',
  },
  [result.CORRUPT]: {
    code: 'STORE_CORRUPT',
    what: 'is damaged',
    hint: 'Stop every process that uses it, keep a copy, and restore a backup, or run “sqlite3 <file> .recover” into a new file.',
  },
  [result.FULL]: {
    code: 'STORE_FULL',
    what: 'cannot grow: the disk (or quota) is full',
    hint: 'Nothing of the failed write was applied. Free some space; the store goes on by itself.',
  },
  [result.CANTOPEN]: {
    code: 'STORE_UNOPENABLE',
    what: 'cannot be opened',
    hint: 'Check that the path is a file in a folder that this user may write, and that its name is not too long.',
  },
  [result.CONSTRAINT]: {
    code: 'STORE_CONFLICT',
    what: 'already holds what was to be written',
    hint: 'Nothing of the request was applied. Two writers believed to own one run: this is a bug in Spanwise, please report it.',
  },
  [result.NOTADB]: {
    code: 'STORE_NOT_A_DATABASE',
    what: 'is not an SQLite database, or its header is damaged',
    hint: 'Choose another path; if it was a store once, restore it from a backup.',
  },
}

/** SQLite's primary result code, when the error comes from there. */
export function sqliteCode(error: unknown): number | undefined {
  const code: unknown = (error as { errcode?: unknown } | undefined)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

/** Says in our words what SQLite says in numbers. Errors of ours pass. */
export function storeError(error: unknown, where: string, code = sqliteCode(error)): Error {
  if (isSpanwiseError(error)) return error
  const known = texts[code ?? -1]
  if (known !== undefined) {
    return new SpanwiseError({
      code: known.code,
      message: `The store ${where} ${known.what}.`,
      hint: known.hint,
      cause: error,
    })
  }
  return new SpanwiseError({
    code: 'STORE_WRITE_FAILED',
    message: `The store ${where} failed: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'Nothing of the failed request was applied. If it happens again, report it with the cause.',
    cause: error,
  })
}

/** Faults of the file or the disk: they end the whole transaction, not one request in it. */
export function isStorageFault(error: unknown): boolean {
  const code = sqliteCode(error)
  return code !== undefined && code !== result.CONSTRAINT && code in texts
}
