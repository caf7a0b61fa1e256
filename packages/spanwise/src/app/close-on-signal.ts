import type { App } from './app.ts'

/**
 * Closes the app when the process is told to end: nothing new begins, steps under way have the grace to end, runs are given back.
 * Then the process ends by that signal, as it would have without us. A second signal does not wait.
 *
 * Nothing of this happens unasked: a library that catches signals changes how its host ends.
 * @returns takes it back
 * @example closeOnSignal(app)
 */
export function closeOnSignal(
  app: Pick<App, 'close'>,
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'],
): () => void {
  const stop = (): void => {
    for (const signal of signals) process.off(signal, told)
  }
  const told = (signal: NodeJS.Signals): void => {
    // from here on the next signal has its usual effect
    stop()
    const end = (): boolean => process.kill(process.pid, signal)
    app.close().then(end, (error: unknown) => {
      console.error('the app could not be closed', error)
      end()
    })
  }
  for (const signal of signals) process.on(signal, told)
  return stop
}
