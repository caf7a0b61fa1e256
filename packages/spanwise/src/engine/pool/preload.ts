const slot = Symbol.for('spanwise.thread-preload')
const home = globalThis as { [slot]?: Set<string> }

/**
 * Modules that every pool thread imports before its first job: what makes this process's modules loadable (hooks, a loader)
 * has to be there too, and hooks that were registered in code are not inherited.
 */
export function preloadInThreads(url: string): void {
  home[slot] ??= new Set()
  home[slot].add(url)
}

export function threadPreloads(): readonly string[] {
  return [...(home[slot] ?? [])]
}
