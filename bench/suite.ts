import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type App, type SpanwiseOptions, spanwise } from 'spanwise'
import { alone, atOnce, quantile, round } from './measure.ts'
import { openRaw, rawLatency } from './raw.ts'
import { go, hundred, long, many, naps, onFirstStep, ten, toFirstStep, waiting } from './workflows.ts'

export type Figures = Record<string, number>

const workflows = [ten, hundred, toFirstStep, waiting, naps, long, many]

/** A folder on the disk that is measured, gone afterwards. `BENCH_DIR` names another disk. */
async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-bench-'))
  try {
    return await work(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function withApp<T>(
  dir: string,
  work: (app: App) => Promise<T>,
  options: Partial<SpanwiseOptions> = {},
): Promise<T> {
  await using app = await spanwise({ store: `sqlite:${join(dir, 'bench.db')}`, workflows, ...options })
  return await work(app)
}

/** W1 alone, against eleven synced one-row commits: interleaved, so that both meet the same disk. */
export function sequential(rounds: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      const raw = openRaw(dir)
      await alone(50, 0, (i) => app.run(ten, i))
      const ours: number[] = []
      const bare: number[] = []
      for (let i = 0; i < rounds; i++) {
        ours.push((await alone(10, 0, (n) => app.run(ten, n))).p50)
        bare.push(rawLatency(raw, 11, 10).p50)
      }
      raw.close()
      const ratio = quantile(
        ours.map((value, i) => value / (bare[i] as number)),
        0.5,
      )
      return {
        'W1 p50 ms': round(quantile(ours, 0.5)),
        '11 bare commits p50 ms': round(quantile(bare, 0.5)),
        'W1 / bare': round(ratio),
      }
    }),
  )
}

/** W1 with many at once, against a bare batched insert of that batch size. */
export function concurrent(at: number, total: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      const raw = openRaw(dir)
      await atOnce(at * 4, at, (i) => app.run(ten, i))
      const delay = monitorEventLoopDelay({ resolution: 1 })
      const ours: number[] = []
      const bare: number[] = []
      for (let i = 0; i < 3; i++) {
        bare.push(raw.batched(at, Math.ceil(20_000 / at)))
        delay.enable()
        ours.push((await atOnce(total, at, (n) => app.run(ten, n))) * 10)
        delay.disable()
      }
      raw.close()
      const ratio = quantile(
        ours.map((value, i) => value / (bare[i] as number)),
        0.5,
      )
      return {
        [`steps/s at ${at}`]: round(quantile(ours, 0.5), 0),
        [`bare rows/s in batches of ${at}`]: round(quantile(bare, 0.5), 0),
        [`ours / bare at ${at}`]: round(ratio),
        [`event loop p99 delay ms at ${at}`]: round(delay.percentile(99) / 1e6),
      }
    }),
  )
}

/** W2: a fan-out of 100, against three synced commits. */
export function fanOut(rounds: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      const raw = openRaw(dir)
      await alone(20, 0, (i) => app.run(hundred, i))
      const { p50 } = await alone(rounds, 0, (i) => app.run(hundred, i))
      const three = rawLatency(raw, 3, 50).p50
      raw.close()
      return { 'W2 p50 ms': round(p50), '3 bare commits p50 ms': round(three), 'W2 - 3 commits ms': round(p50 - three) }
    }),
  )
}

export function firstStep(rounds: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      const times: number[] = []
      for (let i = 0; i < rounds + 20; i++) {
        const began = new Promise<number>((resolve) => onFirstStep(resolve))
        const start = performance.now()
        const run = await app.start(toFirstStep)
        const at = await began
        await run.result()
        if (i >= 20) times.push(at - start)
      }
      return { 'start to first step p50 ms': round(quantile(times, 0.5)) }
    }),
  )
}

/** Bytes that a parked run costs in memory, after collection and with no handle held. Needs --expose-gc. */
export function parkedRuns(count: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(
      dir,
      async (app) => {
        const used = () => {
          globalThis.gc?.()
          const { heapUsed, external } = process.memoryUsage()
          return heapUsed + external
        }
        await Promise.all(Array.from({ length: 1_000 }, () => app.start(waiting)))
        await allWaiting(app, 1_000)
        const before = used()
        for (let i = 0; i < count; i += 1_000)
          await Promise.all(Array.from({ length: 1_000 }, () => app.start(waiting).then(() => undefined)))
        await allWaiting(app, count + 1_000)
        return { [`bytes a parked run, ${count} of them`]: round((used() - before) / count, 0) }
      },
      { linger: 0 },
    ),
  )
}

async function allWaiting(app: App, count: number): Promise<void> {
  while ((await app.counts()).waiting < count) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** Many timers that fire together: until the last of the runs has moved. */
export function dueAtOnce(count: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(
      dir,
      async (app) => {
        await Promise.all(Array.from({ length: count }, () => app.start(naps).then(() => undefined)))
        await allWaiting(app, count)
        while ((await app.counts()).completed === 0) await new Promise((resolve) => setTimeout(resolve, 1))
        const start = performance.now()
        while ((await app.counts()).completed < count) await new Promise((resolve) => setTimeout(resolve, 10))
        return { [`${count} due at once, s until all moved`]: round((performance.now() - start) / 1_000) }
      },
      { linger: 0 },
    ),
  )
}

/** Share of a core that a worker with nothing to do takes. */
export function idle(seconds: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      await app.run(ten, 1)
      const before = process.cpuUsage()
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
      const { user, system } = process.cpuUsage(before)
      return { 'idle worker, % of a core': round((user + system) / 1e4 / seconds) }
    }),
  )
}

/** Resuming a long history: ms per 1 000 entries, at two lengths; linear when they agree. */
export function longHistory(entries: number): Promise<Figures> {
  return inFolder(async (dir) => {
    const figures: Figures = {}
    for (const length of [entries / 5, entries]) {
      const id = `long-${length}`
      await withApp(dir, async (app) => {
        await app.start(long, length, { id })
        const run = await app.get(long, id)
        while ((await run?.status())?.status !== 'waiting') await new Promise((resolve) => setTimeout(resolve, 20))
      })
      await withApp(dir, async (app) => {
        const run = await app.get(long, id)
        const start = performance.now()
        await run?.signal(go, 1)
        await run?.result()
        figures[`resume of ${length} entries, ms per 1000`] = round(((performance.now() - start) / length) * 1_000)
      })
    }
    return figures
  })
}

export function manyItems(items: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      const start = performance.now()
      await app.run(many, items)
      return { [`each over ${items}, items/s`]: round(items / ((performance.now() - start) / 1_000), 0) }
    }),
  )
}
