const marker = Symbol.for('spanwise.pool-thread')

/** On `globalThis`, so that every copy of the package in the thread sees it. */
export function markPoolThread(): void {
  ;(globalThis as { [marker]?: boolean })[marker] = true
}

/** True in a thread of the pool: an app opened there would be one per thread, each with a store of its own. */
export function inPoolThread(): boolean {
  return (globalThis as { [marker]?: boolean })[marker] === true
}
