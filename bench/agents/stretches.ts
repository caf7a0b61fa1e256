/**
 * How long the event loop is held up, looked at each millisecond: as whoever waits for it sees it, and in processor time of this
 * thread, which a busy machine does not stretch.
 */
export interface Stretches {
  readonly wall: Quantiles
  readonly cpu: Quantiles
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export function watchStretches(): { stop(): void; read(): Stretches } {
  const wall: number[] = []
  const cpu: number[] = []
  const used = (): number => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1_000
  }
  let [then, before] = [performance.now(), used()]
  const look = (): void => {
    const [now, after] = [performance.now(), used()]
    wall.push(now - then)
    cpu.push(after - before)
    ;[then, before] = [now, after]
  }
  const timer = setInterval(look, 1)
  return { stop: () => clearInterval(timer), read: () => ({ wall: quantiles(wall), cpu: quantiles(cpu) }) }
}

function quantiles(values: readonly number[]): Quantiles {
  const sorted = Float64Array.from(values).sort()
  const at = (q: number): number => Math.round((sorted[Math.floor(q * (sorted.length - 1))] ?? 0) * 10) / 10
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
