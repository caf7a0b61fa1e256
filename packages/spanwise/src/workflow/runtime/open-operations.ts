import type { Operation, OperationSpec, Scope } from './model.ts'
import { isWithin } from './scope.ts'
import { deferred } from './tracked.ts'

/** The operations of a run that have no outcome yet, in the order in which they were issued. */
export class OpenOperations {
  readonly #byKey = new Map<string, Operation>()

  add<T>(
    scope: Scope,
    spec: OperationSpec,
    name: string,
    issued: { readonly after: number; readonly at: number },
  ): { readonly operation: Operation; readonly promise: Promise<T> } {
    const { promise, resolve, reject } = deferred<T>()
    const operation: Operation = {
      spec,
      key: scope.prefix + name,
      clearKey: scope.prefix === scope.clear ? undefined : scope.clear + name,
      scope,
      after: issued.after,
      issuedAt: issued.at,
      state: 'open',
      started: false,
      announced: undefined,
      promise,
      resolve: resolve as (value: unknown) => void,
      reject,
    }
    this.#byKey.set(operation.key, operation)
    return { operation, promise }
  }

  get(key: string): Operation | undefined {
    return this.#byKey.get(key)
  }

  rename(operation: Operation, key: string): void {
    this.#byKey.delete(operation.key)
    operation.key = key
    this.#byKey.set(key, operation)
  }

  get size(): number {
    return this.#byKey.size
  }

  values(): Iterable<Operation> {
    return this.#byKey.values()
  }

  /** a copy: what is done with them may close more */
  all(): readonly Operation[] {
    return [...this.#byKey.values()]
  }

  /**
   * By the window that issued them, then by key: the order that a replay has too. One that goes on from a snapshot issues what was
   * under way before anything else.
   */
  inOrder(): readonly Operation[] {
    return this.all().toSorted((a, b) => a.after - b.after || (a.key < b.key ? -1 : 1))
  }

  within(scope: Scope): readonly Operation[] {
    return this.all().filter((operation) => isWithin(operation.scope, scope))
  }

  close(operation: Operation, state: 'settled' | 'abandoned'): void {
    operation.state = state
    this.#byKey.delete(operation.key)
  }

  /** The wait that takes a signal of this name: the one that was issued first. */
  waitFor(signal: string): Operation | undefined {
    const name = `signal(${signal})`
    for (const operation of this.#byKey.values())
      if (operation.spec.kind === 'signal' && operation.spec.name === name) return operation
    return undefined
  }
}
