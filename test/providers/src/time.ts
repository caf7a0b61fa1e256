import { setTimeout as wait } from 'node:timers/promises'

/** Time that runs `scale` times as fast as the clock on the wall. */
export interface ScaledTime {
  /** ms since the start */
  now(): number
  /** resolves early where the signal is aborted */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export function scaledTime(scale: number): ScaledTime {
  const start = performance.now()
  return {
    now: () => (performance.now() - start) * scale,
    sleep: async (ms, signal) => {
      if (ms > 0) await wait(Math.min(ms / scale, 2 ** 31 - 1), undefined, { signal }).catch(() => {})
    },
  }
}
