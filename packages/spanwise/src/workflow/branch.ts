import { currentScope } from './current.ts'
import { frames, openScope } from './runtime/scope.ts'

/** A scope of its own below the one that opened it. */
export interface Branch {
  /** calls code in it */
  run<T>(work: () => T | Promise<T>): Promise<T>
  /** what is still open in it is abandoned; waits consume nothing */
  close(): void
}

/**
 * For constructs that are made of branches. `key`, where it is given, is a user's text and stands as a token: `items[…]`. Names and
 * keys are unique among the branches of a scope.
 */
export function openBranch(name: string, key?: string): Branch {
  const parent = currentScope(name)
  const { execution, subject } = parent
  const scope =
    key === undefined
      ? openScope(parent, name)
      : openScope(parent, `${name}[${execution.keyToken(key, subject)}]`, `${name}[${key}]`)
  return {
    run: (work) => frames.run(scope, async () => work()),
    close: () => execution.closeScope(scope),
  }
}
