import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { decode, type Entry } from '../../packages/spanwise/src/journal/index.ts'
import { type History, histories, open } from './support/history.ts'
import { run } from './support/process.ts'
import { dice, seedOf } from './support/seeds.ts'
import { acknowledged, throttle } from './workload/daily-plan.ts'

const program = join(import.meta.dirname, 'workload/daily.ts')
/** `KILL_ROUNDS=1000` kills it more often too */
const kills = Math.max(7, Math.floor(Number(process.env['KILL_ROUNDS'] ?? 0) / 10))

it('what runs every day keeps its promises over kills: schedules, retention, debounced and throttled starts', {
  timeout: 120_000 + kills * 15_000,
}, async () => {
  const roll = dice(seedOf('daily'))
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-daily-'))
  const env = { KILL_FOLDER: folder, SPANWISE_LOG: 'silent' }
  for (let life = 0; life < kills; life++) {
    const child = run(program, { args: [String(life)], env, limit: 60_000 })
    // some die while they open: what was due meanwhile is being made up for
    if (life % 3 === 2) await wait(300 + roll.whole(500))
    else {
      await child.said('ready')
      await wait(200 + roll.whole(1_500))
    }
    child.kill()
    expect(await child.ended, child.output()).toEqual({ code: null, signal: 'SIGKILL' })
    if (life % 3 === 1) await wait(roll.whole(1_500))
  }
  const last = run(program, { args: [String(kills), 'finish'], env, limit: 90_000 })
  expect(await last.ended, last.output()).toEqual({ code: 0, signal: null })

  const store = await open(join(folder, 'store.db'))
  const all = await histories(store)
  await store.close()
  const of = (workflow: string): readonly History[] => all.filter(({ row }) => row.workflow === workflow)
  expect(all.filter(({ row }) => row.status !== 'completed').map(({ row }) => row.run)).toEqual([])
  const dues = checkSchedule(of('tick'))
  const archived = existsSync(`${join(folder, 'store.db')}.archive`)
    ? readdirSync(`${join(folder, 'store.db')}.archive`).length
    : 0
  expect(archived).toBeGreaterThan(0)
  const joined = checkDebounce(folder, of('page'))
  checkThrottle(folder, of('call'))
  console.log(
    `daily: ${kills} kills, ${dues} due times, ${archived} archives, ${joined} starts in ${of('page').length} runs, ${of('call').length} throttled`,
  )
  rmSync(folder, { recursive: true })
})

/** Each due time has one run, none is left out, and all of them can be read, in the archive or not. */
function checkSchedule(ticks: readonly History[]): number {
  const dues = ticks.map(({ entries }) => Number(entries[0]?.meta['due'])).sort((a, b) => a - b)
  const first = dues[0] as number
  expect(dues).toEqual(dues.map((_, i) => first + i * 1_000))
  expect(dues.length).toBeGreaterThan(5)
  for (const { entries, outcome } of ticks) {
    expect(entries.filter(({ payload, erased }) => payload === undefined || erased)).toEqual([])
    expect(Number(decode(outcome as string))).toBe(entries[0]?.meta['due'])
  }
  return dues.length
}

const isStart = ({ kind }: Entry): boolean => kind === 'run.started' || kind === 'run.debounced'
const inputOf = ({ payload }: Entry): { key: string; n: number } =>
  (decode(payload as string) as { input: { key: string; n: number } }).input

/** Each start is in one run, the one that it was told; a run has the input of its latest; windows of a key do not overlap. */
function checkDebounce(folder: string, pages: readonly History[]): number {
  const where = new Map<number, string>()
  for (const { row, entries, outcome } of pages) {
    const starts = entries.filter(isStart)
    for (const start of starts) {
      const { n } = inputOf(start)
      expect(where.get(n), `start ${n} counts twice`).toBeUndefined()
      where.set(n, row.run)
    }
    expect(decode(outcome as string)).toBe(inputOf(starts.at(-1) as Entry).n)
    expect(new Set(starts.map((start) => inputOf(start).key)).size).toBe(1)
  }
  const told = acknowledged(folder).filter(({ kind }) => kind === 'page')
  for (const { n, run: id } of told) expect(where.get(n), `start ${n}`).toBe(id)
  // many were one, or nothing was debounced at all
  expect(pages.length * 3).toBeLessThan(told.length)
  for (const key of 'abc') {
    const runs = pages.filter(({ entries }) => inputOf(entries[0] as Entry).key === key)
    const windows = runs.map(({ entries }) => {
      const starts = entries.filter(isStart)
      return [starts[0]?.at as number, starts.at(-1)?.at as number] as const
    })
    windows.sort((a, b) => a[0] - b[0])
    for (const [i, [from]] of windows.entries())
      if (i > 0) expect(from).toBeGreaterThanOrEqual((windows[i - 1] as readonly [number, number])[1])
  }
  return where.size
}

/** a draw is on disk before its run is marked as begun, by so many ms at most where the disk is slow */
const slack = 600

/** Every start became a run, and in no span did more of them begin than were allowed, whoever began them. */
function checkThrottle(folder: string, calls: readonly History[]): void {
  const ids = new Set(calls.map(({ row }) => row.run))
  for (const { run: id } of acknowledged(folder).filter(({ kind }) => kind === 'call')) expect(ids.has(id)).toBe(true)
  const begun = calls.map(({ entries }) => {
    const marks = entries.filter(({ kind, meta }) => kind === 'note' && meta['throttle'] === true)
    expect(marks).toHaveLength(1)
    return marks[0]?.at as number
  })
  begun.sort((a, b) => a - b)
  const { limit, period } = throttle
  for (const [i, at] of begun.entries()) {
    const next = begun[i + limit]
    if (next !== undefined) expect(next - at, `${i}`).toBeGreaterThan(period - slack)
  }
  expect(begun.length).toBeGreaterThan(2 * limit)
}
