import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { round } from '../measure.ts'
import { freePorts, here } from '../peers/place.ts'
import { type Database, postgres } from '../peers/postgres.ts'
import { load } from './load.ts'
import type { Target, TargetOrder } from './target.ts'

export type Figures = Record<string, number>

interface Contender {
  readonly title: string
  readonly file: string
  /** of its packages */
  readonly folder: string | undefined
  readonly needs?: 'postgres'
  readonly keys?: boolean
}

const ours = join(here, 'spanwise', 'http.mjs')

export const contenders: Readonly<Record<string, Contender>> = {
  empty: {
    title: 'empty server',
    file: fileURLToPath(new URL('empty.mjs', import.meta.url)),
    folder: undefined,
  },
  spanwise: { title: 'Spanwise', file: ours, folder: join(here, 'spanwise') },
  'spanwise-keys': { title: 'Spanwise, with API key', file: ours, folder: join(here, 'spanwise'), keys: true },
  restate: { title: 'Restate', file: join(here, 'restate', 'http.mjs'), folder: join(here, 'restate') },
  dbos: { title: 'DBOS', file: join(here, 'dbos', 'http.mjs'), folder: join(here, 'dbos'), needs: 'postgres' },
}

/** requests under way at once */
const crowd = 64

/** Starts of a workflow of one step over HTTP: alone, then many at once; then until all of them have ended. */
export async function starts({ file, needs, keys = false }: Contender, ms: number): Promise<Figures> {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'spanwise-http-'))
  // Postgres is another user
  chmodSync(dir, 0o755)
  const ports = await freePorts(5)
  let database: Database | undefined
  let child: ChildProcess | undefined
  try {
    if (needs === 'postgres') {
      database = await postgres(dir, ports[4] as number)
      if (database === undefined) throw new Error('no Postgres server is installed (or name one: BENCH_POSTGRES)')
    }
    child = launch({ file, dir, ports, postgres: database?.url, keys })
    const target = (await answer(child)) as Target
    await load(target, crowd, ms / 3)
    await settled(child)
    const alone = await load(target, 1, ms / 3)
    const before = (await settled(child)) ?? 0
    const start = performance.now()
    const many = await load(target, crowd, ms)
    const after = await settled(child)
    const took = performance.now() - start
    return {
      'starts/s': many.perSecond,
      'p50 ms': many.p50,
      'p99 ms': many.p99,
      'p50 ms alone': alone.p50,
      ...(after === undefined ? {} : { 'runs/s to their end': round((after - before) / (took / 1_000), 0) }),
    }
  } finally {
    end(child)
    await database?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** In a process group of its own: what it starts is killed with it. */
function launch(order: TargetOrder): ChildProcess {
  const args = ['--conditions=spanwise-source', '--disable-warning=ExperimentalWarning']
  const file = fileURLToPath(new URL('serve.ts', import.meta.url))
  return spawn(process.execPath, [...args, file, JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  })
}

function end(child: ChildProcess | undefined): void {
  if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null)
    process.kill(-child.pid, 'SIGKILL')
}

async function answer(child: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const { signal } = over
  const said = once(child, 'message', { signal })
  const gone = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`its process ended with ${code}`)
  })
  // whichever does not come is given up
  gone.catch(() => {})
  said.catch(() => {})
  try {
    const [message] = await Promise.race([said, gone])
    return message
  } finally {
    over.abort()
  }
}

/** Runs go on behind their starts: waits until no more of them end, and answers how many have. */
async function settled(child: ChildProcess): Promise<number | undefined> {
  const ask = async (): Promise<number | undefined> => {
    child.send('ended')
    return ((await answer(child)) as { ended?: number }).ended
  }
  for (let known = await ask(); ; ) {
    if (known === undefined) return undefined
    await sleep(100)
    const now = await ask()
    if (now === known) return now
    known = now
  }
}
