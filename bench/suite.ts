import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type App, type SpanwiseOptions, spanwise } from 'spanwise'
import { alone, atOnce, quantile, round } from './measure.ts'
import { openRaw, rawLatency } from './raw.ts'
import { fails, go, hundred, long, many, mended, naps, onFirstStep, ten, toFirstStep, waiting } from './workflows.ts'

export type Figures = Record<string, number>

const workflows = [ten, hundred, toFirstStep, waiting, naps, long, many, fails]

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

/** Median of `rounds` pairs, taken in turns so that both meet the same disk. */
async function inTurns(
  rounds: number,
  ours: () => Promise<number>,
  bare: () => number,
): Promise<{ readonly ours: number; readonly bare: number; readonly ratio: number }> {
  const pairs: { readonly ours: number; readonly bare: number }[] = []
  for (let i = 0; i < rounds; i++) pairs.push({ ours: await ours(), bare: bare() })
  const median = (of: (pair: { ours: number; bare: number }) => number): number => quantile(pairs.map(of), 0.5)
  return {
    ours: median((pair) => pair.ours),
    bare: median((pair) => pair.bare),
    ratio: median((pair) => pair.ours / pair.bare),
  }
}

/** W1 alone, against eleven synced one-row commits. */
export function sequential(rounds: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      const raw = openRaw(dir)
      await alone(50, 0, (i) => app.run(ten, i))
      const found = await inTurns(
        rounds,
        async () => (await alone(10, 0, (n) => app.run(ten, n))).p50,
        () => rawLatency(raw, 11, 10).p50,
      )
      raw.close()
      return {
        'W1 p50 ms': round(found.ours),
        '11 bare commits p50 ms': round(found.bare),
        'W1 / 11 bare commits': round(found.ratio),
      }
    }),
  )
}

/** W1 with many at once, against a bare batched insert of that batch size, packed as ours is and a row an entry. */
export function concurrent(at: number, total: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      const raw = openRaw(dir)
      await atOnce(at * 4, at, (i) => app.run(ten, i))
      const delay = monitorEventLoopDelay({ resolution: 1 })
      const rows: number[] = []
      const found = await inTurns(
        3,
        async () => {
          delay.enable()
          const runs = await atOnce(total, at, (n) => app.run(ten, n))
          delay.disable()
          return runs * 10
        },
        () => {
          const batches = Math.ceil(20_000 / at)
          rows.push(raw.rows(at, batches))
          return raw.packed(at, batches)
        },
      )
      raw.close()
      const bareRows = quantile(rows, 0.5)
      return {
        [`steps/s at ${at}`]: round(found.ours, 0),
        [`bare entries/s in commits of ${at}, packed`]: round(found.bare, 0),
        [`bare entries/s in commits of ${at}, a row each`]: round(bareRows, 0),
        [`steps / bare packed at ${at}`]: round(found.ratio, 3),
        [`steps / bare rows at ${at}`]: round(found.ours / bareRows),
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
      const found = await inTurns(
        rounds,
        async () => (await alone(10, 0, (i) => app.run(hundred, i))).p50,
        () => rawLatency(raw, 3, 10).p50,
      )
      raw.close()
      return {
        'W2 p50 ms': round(found.ours),
        '3 bare commits p50 ms': round(found.bare),
        'W2 / 3 bare commits': round(found.ratio),
      }
    }),
  )
}

export function firstStep(rounds: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      const raw = openRaw(dir)
      const once = async (): Promise<number> => {
        const began = new Promise<number>((resolve) => onFirstStep(resolve))
        const start = performance.now()
        const run = await app.start(toFirstStep)
        const at = await began
        await run.result()
        return at - start
      }
      for (let i = 0; i < 20; i++) await once()
      const found = await inTurns(rounds, once, () => raw.commits(1))
      raw.close()
      return {
        'start to first step p50 ms': round(found.ours),
        'start to first step / bare commit': round(found.ratio),
      }
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
          const { heapUsed, external, rss } = process.memoryUsage()
          return { held: heapUsed + external, rss }
        }
        const park = async (runs: number, all: number): Promise<void> => {
          for (let i = 0; i < runs; i += 1_000)
            await Promise.all(Array.from({ length: 1_000 }, () => app.start(waiting).then(() => undefined)))
          await allWaiting(app, all)
        }
        // as many before: what a process takes when it is first busy is not what a run costs
        await park(count, count)
        const before = used()
        await park(count, 2 * count)
        const after = used()
        return {
          [`bytes a parked run, ${count} of them`]: round((after.held - before.held) / count, 0),
          'the same in memory of the whole process': round((after.rss - before.rss) / count, 0),
        }
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
    const each: number[] = []
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
        each.push(((performance.now() - start) / length) * 1_000)
        figures[`resume of ${length} entries, ms per 1000`] = round(each.at(-1) as number)
      })
    }
    const [few, all] = each as [number, number]
    return { ...figures, 'resume: an entry of many / of a fifth': round(all / few) }
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

/** A fork of a long history, from its end: the copy, against a bare insert of as many rows in one commit; then until it is live. */
export function forkLong(entries: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(dir, async (app) => {
      const run = await app.start(long, entries, { id: 'long' })
      while ((await run.status()).status !== 'waiting') await new Promise((resolve) => setTimeout(resolve, 20))
      const raw = openRaw(dir)
      const [copies, bare, live]: [number[], number[], number[]] = [[], [], []]
      for (let i = 0; i < 5; i++) {
        bare.push((entries / raw.packed(entries, 1)) * 1_000)
        const start = performance.now()
        const fork = await run.fork({ from: entries + 1 })
        copies.push(performance.now() - start)
        while ((await fork.status()).status !== 'waiting') await new Promise((resolve) => setTimeout(resolve, 2))
        live.push(performance.now() - start)
      }
      raw.close()
      const ratio = copies.map((value, i) => value / (bare[i] as number))
      return {
        [`fork of ${entries} entries, p50 ms`]: round(quantile(copies, 0.5)),
        [`fork of ${entries} entries / bare insert`]: round(quantile(ratio, 0.5)),
        [`fork of ${entries} entries, ms until it waits`]: round(quantile(live, 0.5)),
      }
    }),
  )
}

/** Many runs with the same failure: grouped, looked at, told to go on. */
export function repairMany(count: number): Promise<Figures> {
  return inFolder((dir) =>
    withApp(
      dir,
      async (app) => {
        mended.is = false
        for (let i = 0; i < count; i += 1_000)
          await Promise.all(Array.from({ length: Math.min(1_000, count - i) }, (_, n) => app.start(fails, i + n)))
        while ((await app.counts())['needs attention'] < count) await new Promise((resolve) => setTimeout(resolve, 20))
        const grouped = performance.now()
        const [failure] = (await app.failures()).items
        const listed = performance.now()
        const fingerprint = String(failure?.fingerprint)
        const { plans } = await app.resume({ fingerprint }, { dryRun: true })
        const planned = performance.now()
        mended.is = true
        await app.resume({ fingerprint })
        const told = performance.now()
        while ((await app.counts()).completed < count) await new Promise((resolve) => setTimeout(resolve, 20))
        return {
          [`failures of ${count} runs, ms to group`]: round(listed - grouped),
          [`dry run over ${plans.length}, runs/s`]: round(count / ((planned - listed) / 1_000), 0),
          [`${count} told to resume, runs/s`]: round(count / ((told - planned) / 1_000), 0),
        }
      },
      { linger: 0, log: { debug() {}, info() {}, warn() {}, error: console.error } },
    ),
  )
}
