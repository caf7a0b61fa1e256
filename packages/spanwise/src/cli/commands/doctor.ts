import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { currentOwner, isSpanwiseError, parseStoreUrl } from '../../journal/index.ts'
import { formatDuration } from '../../workflow/index.ts'
import { type Common, project, type Target, target } from '../open.ts'
import { wrap } from '../output/text.ts'
import { ago } from '../output/time.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'
import { runs } from './doctor-runs.ts'
import { webhooks } from './doctor-webhooks.ts'
import type { Finding } from './finding.ts'

/** Looks at what a store and its worker stand on, and says what is wrong and what to do. Changes nothing. */
export async function doctor(terminal: Terminal, options: Common): Promise<number> {
  const findings: Finding[] = []
  const add = (finding: Finding): void => {
    findings.push(finding)
    if (!terminal.json) show(terminal, finding)
  }
  add(node())
  const { found, workflows } = await config(options, add)
  const address = found === undefined ? undefined : parseStoreUrl(found.store)
  if (address?.kind === 'sqlite') {
    for (const check of [folder, disk, sync]) add(check(dirname(address.path)))
    if (existsSync(address.path)) {
      add(quickCheck(address.path))
      add(clock(address.path))
      add(worker(address.path))
      await runs(found as Target, address.path, workflows, add)
    } else add({ what: 'store', state: 'notice', says: `${address.path} is not there yet: the first run makes it` })
  } else if (address !== undefined)
    add({
      what: 'store',
      state: 'notice',
      says: 'in memory: everything is gone when the process ends',
      mend: 'sqlite:./spanwise.db keeps it',
    })
  const bad = findings.some(({ state }) => state === 'bad')
  if (terminal.json) terminal.data({ ok: !bad, findings })
  return bad ? exitCode.failed : exitCode.ok
}

const marks = { good: ['green', '✔'], notice: ['yellow', '!'], bad: ['red', '✖'] } as const

function show(terminal: Terminal, { what, state, says, mend }: Finding): void {
  const [color, mark] = marks[state]
  const room = terminal.columns - 11
  for (const [at, line] of wrap(says, room).entries()) {
    terminal.out(at === 0 ? `${terminal.paint(color, mark)} ${what.padEnd(8)} ${line}` : `${' '.repeat(11)}${line}`)
  }
  for (const line of wrap(mend ?? '', room)) {
    if (line !== '') terminal.out(`${' '.repeat(11)}${terminal.paint('cyan', line)}`)
  }
}

/** as the package says it */
const oldestNode = 24

function node(): Finding {
  if (Number.parseInt(process.versions.node, 10) < oldestNode)
    return {
      what: 'node',
      state: 'bad',
      says: `${process.version} is too old`,
      mend: `Install Node ${oldestNode} or newer.`,
    }
  return { what: 'node', state: 'good', says: `${process.version} on ${process.platform} ${process.arch}` }
}

async function config(
  options: Common,
  add: (finding: Finding) => void,
): Promise<{ readonly found: Target | undefined; readonly workflows?: readonly string[] }> {
  try {
    const found = await project(options)
    const { store, encryption, workflows } = found
    const names = workflows.map(({ name }) => name)
    add({
      what: 'config',
      state: 'good',
      says: `loads; ${names.length === 0 ? 'no workflows' : `workflows: ${names.join(', ')}`}`,
    })
    for (const finding of webhooks(found)) add(finding)
    return { found: { store, ...(encryption === undefined ? {} : { encryption }) }, workflows: names }
  } catch (error) {
    const hint = isSpanwiseError(error) ? { mend: error.hint } : {}
    const isMissing = isSpanwiseError(error) && error.code === 'CONFIG_NOT_FOUND'
    add({
      what: 'config',
      state: isMissing && options.store !== undefined ? 'notice' : 'bad',
      says: (error as Error).message,
      ...hint,
    })
    return { found: options.store === undefined ? undefined : await target(options).catch(() => undefined) }
  }
}

function folder(path: string): Finding {
  const what = 'folder'
  try {
    const probe = mkdtempSync(join(path, '.spanwise-doctor-'))
    rmSync(probe, { recursive: true })
    return { what, state: 'good', says: `${path} can be written` }
  } catch (error) {
    return {
      what,
      state: 'bad',
      says: `${path}: ${(error as Error).message}`,
      mend: 'Make it, and give the user that works write access.',
    }
  }
}

/** a store needs room for its log, and for a copy when it is backed up */
const little = 1024 ** 3

function disk(path: string): Finding {
  const what = 'disk'
  try {
    const { bavail, bsize, blocks } = statfsSync(path)
    const free = bavail * bsize
    const says = `${gib(free)} free of ${gib(blocks * bsize)}`
    if (free > little) return { what, state: 'good', says }
    return {
      what,
      state: free > little / 10 ? 'notice' : 'bad',
      says,
      mend: 'Make room: when the disk is full, runs wait until it is not.',
    }
  } catch (error) {
    return { what, state: 'notice', says: `its room cannot be read: ${(error as Error).message}` }
  }
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}

/** ms; a disk that syncs takes longer than this, unless a battery stands behind it */
const tooGood = 0.02
const slow = 20

function sync(path: string): Finding {
  const what = 'sync'
  let file: string | undefined
  try {
    file = join(mkdtempSync(join(path, '.spanwise-doctor-')), 'probe')
    const fd = openSync(file, 'w')
    const times: number[] = []
    for (let i = 0; i < 20; i++) {
      const start = performance.now()
      writeSync(fd, 'x'.repeat(4096))
      fsyncSync(fd)
      times.push(performance.now() - start)
    }
    closeSync(fd)
    const median = times.toSorted((a, b) => a - b)[10] as number
    const says = `a synced write takes ${median.toFixed(2)} ms`
    if (median < tooGood)
      return {
        what,
        state: 'notice',
        says: `${says}: this disk may not sync at all`,
        mend: 'After a power failure the last moments may be missing; use a disk that keeps what it acknowledged.',
      }
    if (median > slow)
      return {
        what,
        state: 'notice',
        says,
        mend: 'Each step of a lonely run waits for one: a local SSD is faster. Network file systems are not supported.',
      }
    return { what, state: 'good', says }
  } catch (error) {
    return { what, state: 'bad', says: (error as Error).message }
  } finally {
    if (file !== undefined) rmSync(dirname(file), { recursive: true, force: true })
  }
}

function quickCheck(path: string): Finding {
  const what = 'store'
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
    const said = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
    const size = `${path}, ${(statSync(path).size / 1024 ** 2).toFixed(1)} MiB`
    if (said === 'ok') return { what, state: 'good', says: `${size}, is sound` }
    return {
      what,
      state: 'bad',
      says: `${size}, is damaged: ${said}`,
      mend: 'Stop the worker, keep the file, restore the latest backup.',
    }
  } catch (error) {
    return {
      what,
      state: 'bad',
      says: `${path}: ${(error as Error).message}`,
      mend: 'Check that it is a store, and that this user may read it.',
    }
  } finally {
    db?.close()
  }
}

/** ms */
const skew = 60_000
/** the worker’s two clocks may differ so far, ms */
const jump = 5_000

function clock(path: string): Finding {
  const ahead = statSync(path).mtimeMs - Date.now()
  const moved = currentOwner(path)?.clockMoved ?? 0
  if (Math.abs(moved) > jump)
    return {
      what: 'clock',
      state: 'notice',
      says: `it was set ${moved > 0 ? 'on' : 'back'} by ${formatDuration(Math.abs(moved))} since the worker began`,
      mend:
        moved > 0
          ? 'Timers, deadlines and rates went by faster: look at what ran out. Let the clock be slewed, not set (chrony, systemd-timesyncd).'
          : 'Timers and schedules wait until their time has come again. Let the clock be slewed, not set (chrony, systemd-timesyncd).',
    }
  if (ahead < skew) return { what: 'clock', state: 'good', says: new Date().toISOString() }
  return {
    what: 'clock',
    state: 'bad',
    says: `the store was written ${Math.round(ahead / 1_000)} s in the future: the clock was set back`,
    mend: 'Set the clock right: timers of runs wait until their own time has come again.',
  }
}

function worker(path: string): Finding {
  const owner = currentOwner(path)
  if (owner === undefined)
    return {
      what: 'worker',
      state: 'notice',
      says: 'none: runs wait',
      mend: 'Start one: spanwise start, or your own program.',
    }
  return {
    what: 'worker',
    state: 'good',
    says: `process ${owner.pid} on ${owner.host}, since ${ago(new Date(owner.since))}`,
  }
}
