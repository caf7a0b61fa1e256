/**
 * The promise that operations return. It knows whether anybody looked at it (`await`, `then`, `Promise.all`): a failure that
 * nobody looked at counts when the body settles, instead of taking the process down. Promises derived from it are plain ones.
 */
export class TrackedPromise<T> extends Promise<T> {
  declare observed: boolean

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  // biome-ignore lint/suspicious/noThenProperty: seeing who looks is what the class is for
  override then<A = T, B = never>(
    onResolve?: ((value: T) => A | PromiseLike<A>) | null,
    onReject?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.observed = true
    return super.then(onResolve, onReject)
  }
}

export interface Deferred<T> {
  readonly promise: TrackedPromise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

export function deferred<T>(): Deferred<T> {
  const made = Promise.withResolvers.call(TrackedPromise) as Deferred<T>
  made.promise.observed = false
  return made
}

/** A rejection of it is never an unhandledRejection by itself: whether anybody looked is ours to judge. */
export function expectFailure(promise: TrackedPromise<unknown>): void {
  Promise.prototype.then.call(promise, undefined, ignore)
}

function ignore(): void {}
