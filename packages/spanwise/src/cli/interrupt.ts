/** Ctrl-C, or a polite kill: the first one is an abort, the second one ends the process. */
export function interruption(): { readonly signal: AbortSignal; readonly happened: Promise<void>; done(): void } {
  const controller = new AbortController()
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
    resolve()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  return {
    signal: controller.signal,
    happened: promise,
    done: () => {
      for (const signal of signals) process.off(signal, stop)
    },
  }
}
