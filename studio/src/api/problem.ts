import { ApiError } from 'spanwise/client'

export interface ProblemFacts {
  readonly message: string
  readonly code: string | undefined
  readonly hint: string | undefined
}

export function problemOf(error: unknown): ProblemFacts {
  if (error instanceof ApiError) return { message: error.message, code: error.code, hint: error.hint }
  if (error instanceof TypeError)
    return {
      message: 'The server cannot be reached.',
      code: undefined,
      hint: 'Is `spanwise start` still running? The page tries again by itself.',
    }
  return { message: error instanceof Error ? error.message : String(error), code: undefined, hint: undefined }
}

/** A recorded error: name, message and code where it has them. */
export function errorFacts(error: unknown): {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
} {
  if (typeof error !== 'object' || error === null)
    return { name: 'Error', message: String(error ?? ''), code: undefined }
  const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown }
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : JSON.stringify(error),
    code: typeof code === 'string' ? code : undefined,
  }
}
