import { isDeepStrictEqual } from 'node:util'
import {
  decode,
  type Entry,
  isTerminal,
  type MemoryStore,
  type RunRow,
} from '../../packages/spanwise/src/journal/index.ts'
import { checkBudgets, checkTurns } from './check-agents.ts'
import { burstsOf, checkBursts } from './check-bursts.ts'
import { editedKeys, generationsOf, isPartial, living, stepLines, strayed, tokenKeyOf } from './history.ts'
import type { Letter } from './player.ts'
import { proofFaults } from './proofs.ts'
import { replay } from './replay.ts'
import { type Done, type Job, table } from './steps.ts'
import { start as dawn } from './timeline.ts'
import type { World } from './world.ts'

interface Story {
  readonly world: World
  readonly row: RunRow
  readonly entries: readonly Entry[]
  readonly live: readonly Entry[]
  readonly outcome: string | undefined
  say(what: string): void
}

/** Holds what the store says in the end against what happened. */
export async function check(world: World): Promise<void> {
  const { store, wrong } = world
  for (const judge of world.later) judge()
  const { items } = await store.list({ limit: 1_000 })
  const stories: Story[] = []
  for (const row of items) {
    const entries = await store.entries(row.run)
    const outcome = (await store.outcome(row.run))?.payload
    const say = (what: string): void => {
      wrong.push(`${row.run.slice(0, 6)} (${row.workflow}): ${what}`)
    }
    stories.push({ world, row, entries, live: living(entries), outcome, say })
  }
  world.entries = stories.reduce((sum, { entries }) => sum + entries.length, 0)
  const scheduled = stories.flatMap(({ entries }) => scheduleOf(entries) ?? [])
  checkAccepted(world, items, scheduled.length + burstsOf(stories).length)
  checkBursts(world, stories)
  await checkTimetables(world, scheduled)
  for (const story of stories) {
    await checkOrder(story)
    checkOutcomes(story)
    checkEnd(story)
    checkSteps(story, stories)
    checkCached(story, stories)
    checkChildren(story, stories)
    await checkLeftovers(story)
    await checkReplay(story)
  }
  checkCalls(world, stories)
  checkTurns(world, stories)
  checkBudgets(world)
  checkPace(world)
  await checkTable(world, stories)
}

/** No start and no fork that was acknowledged is lost, and each is one run. */
function checkAccepted({ accepted, schedule, forks, wrong }: World, rows: readonly RunRow[], scheduled: number): void {
  for (const { name } of schedule.runs) {
    const id = accepted.get(name)
    if (id === undefined) wrong.push(`${name} was never accepted`)
    else if (!rows.some(({ run }) => run === id)) wrong.push(`${name} was accepted as ${id} and is lost`)
  }
  const forked = [...accepted].filter(([name]) => name.startsWith('fork '))
  for (const [name, id] of forked)
    if (!rows.some(({ run }) => run === id)) wrong.push(`${name} was accepted as ${id} and is lost`)
  if (new Set(forked.map(([, id]) => id)).size !== forks.size)
    wrong.push(`${forked.length} forks were asked for, and ${forks.size} were made`)
  const mains = rows.filter(({ workflow, run }) => workflow === 'main' && !forks.has(run))
  if (mains.length - scheduled !== schedule.runs.length)
    wrong.push(`${schedule.runs.length} ids became ${mains.length - scheduled} runs`)
}

interface Scheduled {
  readonly id: string
  readonly due: number
}

function scheduleOf(entries: readonly Entry[]): Scheduled | undefined {
  return (decode(entries[0]?.payload ?? '{}') as { readonly schedule?: Scheduled }).schedule
}

/** Every due time was run once, or left out for a reason that the schedule gives. */
async function checkTimetables(
  { store, schedule, timetables, wrong }: World,
  scheduled: readonly Scheduled[],
): Promise<void> {
  const { items } = await store.schedules({ limit: 100 })
  for (const { name, every, overlap, catchUp } of schedule.timetables) {
    const row = items.find(({ id }) => id === name)
    const span = timetables.get(name)
    if (row === undefined || span === undefined) {
      wrong.push(`${name} was made and is lost`)
      continue
    }
    const expected: number[] = []
    for (let due = span.from; due <= span.until; due += every) if (due > row.createdAt) expected.push(due)
    const ran = scheduled.flatMap(({ id, due }) => (id === name ? [due] : [])).sort((a, b) => a - b)
    const told = (dues: readonly number[]): string => dues.map((due) => due - dawn).join(', ')
    const strange = ran.filter((due, i) => !expected.includes(due) || due === ran[i - 1])
    if (strange.length > 0) wrong.push(`${name} was run for ${told(strange)}, of ${told(expected)}`)
    if (row.started !== ran.length || row.started + row.skipped !== expected.length)
      wrong.push(
        `${name} was due at ${told(expected)} and run for ${told(ran)}; it says ${row.started} and ${row.skipped}`,
      )
    if (catchUp === 'all' && overlap !== 'skip' && ran.length !== expected.length)
      wrong.push(`${name} was due at ${told(expected)}, to run all, and was run for ${told(ran)}`)
  }
}

/** Entries stand in order, without gaps, and their proofs can be computed again. */
async function checkOrder({ world, row, entries, say }: Story): Promise<void> {
  const edited = editedKeys(entries)
  const keys = { tokens: await tokenKeyOf(world, row), isFork: world.forks.has(row.run) }
  const gap = isPartial(entries) ? (entries[1] as Entry).index - 1 : 0
  for (const [i, entry] of entries.entries())
    for (const fault of proofFaults(row, entry, i === 0 ? 0 : i + gap, edited, keys)) say(fault)
  if (entries.some((entry, i) => i > 0 && entry.at < (entries[i - 1] as Entry).at)) say('its time goes back')
  // a fork may go on from behind an end
  const forked = entries.findLastIndex(({ kind }) => kind === 'run.forked')
  const ends = entries.slice(forked + 1).filter(({ kind }) => isEnd(kind))
  if (isTerminal(row.status) && (ends.length !== 1 || entries.at(-1) !== ends[0])) say('its end is not the end')
}

function isEnd(kind: Entry['kind']): boolean {
  return kind === 'run.completed' || kind === 'run.failed' || kind === 'run.cancelled'
}

const settles = new Set<Entry['kind']>([
  'step.result',
  'step.error',
  'timer.fired',
  'approval.decided',
  'child.settled',
  'item.pulled',
])

/** One live outcome per operation, and mail was taken once. */
function checkOutcomes({ entries, live, world, row, say }: Story): void {
  const outcomes = new Map<string, number>()
  for (const { kind, key, index } of live) {
    if (!settles.has(kind)) continue
    const other = outcomes.get(key)
    if (other !== undefined) say(`${key} has an outcome at ${other} and at ${index}`)
    outcomes.set(key, index)
  }
  const received = entries.filter(({ kind }) => kind === 'signal.received').map((entry) => letterOf(entry).serial)
  if (new Set(received).size < received.length) say(`a signal was received twice: ${received}`)
  const sent = world.signals.get(row.run) ?? []
  const fromOutside = received.filter((serial) => sent.includes(serial))
  if (!isDeepStrictEqual(fromOutside, sent.slice(0, fromOutside.length)))
    say(`signals were sent as ${sent} and received as ${fromOutside}`)
}

function letterOf({ payload }: Entry): Letter {
  return decode(payload as string) as Letter
}

function checkEnd({ row, entries, say }: Story): void {
  if (!isTerminal(row.status)) return say(`is ${row.status} in the end`)
  const astray = strayed(entries)
  if (astray !== undefined) say(astray)
  const end = entries.at(-1)?.kind
  if (end !== `run.${row.status}`) say(`is ${row.status} and ended with ${end}`)
}

/** Recorded results are those of executions of that very step in that run, or in the one that it was forked from. */
function checkSteps({ row, live, world, say }: Story, all: readonly Story[]): void {
  const sources = all.filter((one) => isAncestor(world, one.row.run, row.run))
  for (const entry of live) {
    if (entry.kind !== 'step.result' || entry.meta['edited'] === true || entry.meta['cached'] === true) continue
    const name = /([^/#]*)#\d+$/.exec(entry.key)?.[1] ?? ''
    if (name.startsWith('child(')) continue
    const { outcome } = stepLines(entry)
    const done = outcome as Done
    const call = world.ledger.calls[done.nonce]
    const isTaken = sources.some(
      (one) =>
        one.row.run === call?.run &&
        one.entries.some(({ key, payload }) => key === entry.key && payload === entry.payload),
    )
    if (call === undefined || (call.run !== row.run && !isTaken) || call.step !== name || call.site !== done.site)
      say(`${entry.key} records the result of ${JSON.stringify(call)}`)
    else if (name !== 'write' && world.ledger.done(call.key) === undefined)
      say(`${entry.key} is recorded as done, and nothing was done`)
  }
}

function isAncestor({ forks }: World, ancestor: string, run: string): boolean {
  const source = forks.get(run)
  return source !== undefined && (source === ancestor || isAncestor({ forks } as World, ancestor, source))
}

/** A reused result is what its source has, of the same step, and of nobody whom its scope leaves out. */
function checkCached({ row, entries, say }: Story, all: readonly Story[]): void {
  for (const entry of entries) {
    if (entry.meta['cached'] !== true) continue
    const source = all.find(({ row: { run } }) => run === entry.meta['source'])
    const found = source?.entries[Number(entry.meta['sourceIndex'])]
    if (source === undefined || found?.kind !== 'step.result' || found.meta['cached'] === true) {
      say(`${entry.key} is reused from what is no result of ${source?.row.run}`)
      continue
    }
    const [copy, original] = [stepLines(entry), stepLines(found)]
    const isOurs = /(^|\/)ours#\d+$/.test(entry.key)
    const [asked, given] = [copy.input as Job, original.input as Job]
    if (!isDeepStrictEqual(copy.outcome, original.outcome)) say(`${entry.key} is not what it was reused from`)
    if (isOurs ? asked.site !== given.site || asked.item !== given.item : !isDeepStrictEqual(asked, given))
      say(`${entry.key} asked for ${JSON.stringify(asked)} and was given ${JSON.stringify(given)}`)
    if (isOurs && source.row.workflow !== row.workflow) say(`${entry.key} is reused from another workflow`)
  }
}

/** Parents know of their children what the children say of themselves. */
function checkChildren({ live, say }: Story, all: readonly Story[]): void {
  for (const entry of live) {
    if (entry.kind !== 'child.started' && entry.kind !== 'child.settled') continue
    if (entry.kind === 'child.started') {
      if (!all.some(({ row }) => row.run === entry.meta['child'])) say(`${entry.key} is nowhere`)
      continue
    }
    const told = decode(entry.payload as string) as {
      run: string
      conflict?: boolean
      status: string
      outcome: string | null
    }
    if (told.conflict === true) continue
    const child = all.find(({ row }) => row.run === told.run)
    if (child?.row.status !== told.status || (child.outcome ?? null) !== told.outcome)
      say(
        `${entry.key} was told ${told.status} ${told.outcome}, and the child is ${child?.row.status} ${child?.outcome}`,
      )
  }
}

async function checkLeftovers({ row, world, say }: Story): Promise<void> {
  const { items } = await world.store.approvals({ run: row.run, limit: 10 })
  if (items.length > 0) say('ended and still asks for approval')
  if ((await world.store.mail(row.run)).length > 0) say('ended and still has mail')
}

/** Run again from its history alone, it sees the same, ends the same and writes nothing. */
async function checkReplay({ world, row, entries, outcome, say }: Story): Promise<void> {
  // cancelled before it ever began
  const [, first, second] = generationsOf(entries)[0]?.entries ?? []
  if (first?.kind === 'run.cancelling' && second !== undefined && isEnd(second.kind) && !wasBegun(world, row)) return
  const undo: string[] = []
  const took: Letter[] = []
  for (const { number, entries: part, isLast } of generationsOf(entries)) {
    const end = world.ends.get(isLast ? row.run : `${row.run}@${number}`)
    const process = end === undefined ? undefined : world.processes[end.process]
    const lived = process?.played.get(`${row.run}@${number}`)
    if (process === undefined || lived === undefined) {
      say(`nobody lived the end of generation ${number}`)
      continue
    }
    const { player, ending, wrote } = await replay(world, row, part, process.version)
    undo.push(...player.undo)
    took.push(...player.took)
    const expected = isLast ? row.status : 'continued'
    if (ending?.status !== expected)
      say(
        `generation ${number} is ${expected}, and ${ending?.status} when it is replayed: ${JSON.stringify(ending)} ${String((ending as { error?: Error })?.error?.message)}`,
      )
    else if (ending.status === 'completed' && ending.value !== outcome)
      say(`replayed, its result is ${ending.value}, not ${outcome}`)
    const extra = wrote.filter((one) => !one.startsWith('run.continued'))
    if (extra.length > 0) say(`replayed, it writes ${extra}`)
    const [before, after] = [untilReturned(lived.trace), untilReturned(player.trace)]
    if (!isDeepStrictEqual(after, before)) say(`replayed, it sees something else:\n${difference(before, after)}`)
  }
  // the rest is in the history of the run that it was forked from
  if (isPartial(entries)) return
  checkSignals({ entries, say } as Story, took)
  // a fork undoes what it did itself, not what it was told
  if (world.forks.has(row.run)) return
  checkUndone({ row, entries, say } as Story, undo)
}

function wasBegun({ processes }: World, { run }: RunRow): boolean {
  return processes.some(({ played }) => played.has(`${run}@0`))
}

/** Signals are taken in the order in which they were received, each by one wait. */
function checkSignals({ entries, say }: Story, took: readonly Letter[]): void {
  for (const name of ['ping', 'pong'] as const) {
    const received = entries.filter(({ kind, meta }) => kind === 'signal.received' && meta['signal'] === name)
    const serials = received.map((entry) => letterOf(entry).serial)
    const taken = took.filter(({ signal }) => signal === name).map(({ serial }) => serial)
    if (!isDeepStrictEqual(taken, serials.slice(0, taken.length)))
      say(`${name} was received as ${serials} and taken as ${taken}`)
  }
}

/** What was registered was undone, last first, when the run ended on purpose. */
function checkUndone({ row, entries, say }: Story, registered: readonly string[]): void {
  if (entries.some(({ kind }) => kind === 'run.parked')) return
  const undone = entries
    .filter(({ kind, key }) => kind === 'step.result' && key.includes('compensate#0/'))
    .map((entry) => {
      const { site, item } = stepLines(entry).outcome as Done
      return item === undefined ? site : `${site} ${item}`
    })
  const expected = row.status === 'completed' ? [] : registered.toReversed()
  if (!isDeepStrictEqual(undone, expected))
    say(`registered ${registered} to be undone, and ${row.status}: undone is ${undone}`)
}

/** What the program left running is of no account once it has returned. */
function untilReturned(trace: readonly string[]): readonly string[] {
  const end = trace.findIndex((line) => line === 'returned' || line.startsWith('threw '))
  return end < 0 ? trace : trace.slice(0, end + 1)
}

function difference(lived: readonly string[], replayed: readonly string[]): string {
  const at = lived.findIndex((line, i) => line !== replayed[i])
  const from = Math.max(0, (at < 0 ? lived.length : at) - 2)
  return `      lived    ${lived.slice(from, from + 5).join(' | ')}\n      replayed ${replayed.slice(from, from + 5).join(' | ')}`
}

/** Executions are repeated only where something went wrong, and never where that was excluded. */
function checkCalls(world: World, stories: readonly Story[]): void {
  const { ledger, wrong, blind } = world
  const resumed = new Set(
    stories.filter(({ entries }) => entries.some(({ kind }) => kind === 'run.resumed')).map(({ row }) => row.run),
  )
  for (const calls of Map.groupBy(ledger.calls, ({ key }) => key).values()) {
    const [first] = calls
    if (first === undefined) continue
    const what = `${first.step} ${first.site} of ${first.run.slice(0, 6)}`
    for (const [i, call] of calls.entries()) {
      // another process is there because the one before died or was taken over
      const before = calls
        .slice(0, i)
        .findLast(({ attempt, process }) => attempt === call.attempt && process === call.process)
      // where leases are taken, a stale run in memory may begin what its successor begins too
      if (!world.isContested && before !== undefined && before.disruptions === call.disruptions)
        wrong.push(
          `${what}: attempt ${call.attempt} was executed twice (${before.nonce}, ${call.nonce}), and nothing was disturbed`,
        )
    }
    const effects = calls.reduce((sum, call) => sum + call.effects, 0)
    if ((first.step === 'once' || first.step === 'deed') && !resumed.has(first.run) && calls.length > 1)
      wrong.push(`${what}: executed ${calls.length} times`)
    if (['once', 'sure', 'deed'].includes(first.step) && !blind.has(first.run) && effects > 1)
      wrong.push(`${what}: ${effects} effects`)
    const end = world.ends.get(first.run)
    const late = calls.find((call) => end !== undefined && call.at > end.at && call.process === end.process)
    if (late !== undefined) wrong.push(`${what}: executed after its run had ended`)
  }
}

/** No attempt of a paced step began without a draw that is on disk. */
function checkPace({ ledger, schedule, draws, wrong }: World): void {
  // a clock that is set moves draws
  if (schedule.faults.some(({ fault }) => fault === 'clock')) return
  const began = ledger.calls.filter(({ step }) => step === 'paced').length
  const drawn = [...draws.values()].reduce((sum, amount) => sum + amount, 0)
  if (began > drawn) wrong.push(`${began} paced attempts began, and ${drawn} were drawn`)
}

/** The user's rows and the recorded results are the same. */
async function checkTable(world: World, stories: readonly Story[]): Promise<void> {
  const recorded = new Set(
    stories.flatMap(({ entries }) =>
      entries.flatMap((entry) =>
        entry.meta['transaction'] === true ? [(stepLines(entry).outcome as Done).nonce] : [],
      ),
    ),
  )
  const rows = await readTable(world.store)
  const written = new Set(rows)
  for (const nonce of recorded)
    if (!written.has(nonce)) world.wrong.push(`transaction ${nonce} is recorded and not written`)
  for (const nonce of written)
    if (!recorded.has(nonce)) world.wrong.push(`transaction ${nonce} is written and not recorded`)
  if (rows.length !== written.size) world.wrong.push('a transaction was written twice')
}

/** Users' tables are reached by a transaction of a run only: this one is made for it. */
async function readTable(store: MemoryStore): Promise<readonly number[]> {
  const started = { index: 0, after: 0, at: 0, kind: 'run.started', key: '', attempt: 0 } as const
  const { row } = await store.create({
    run: 'auditor',
    workflow: 'audit',
    tenant: 'default',
    id: 'auditor',
    inputToken: '',
    status: 'running',
    owner: 'auditor',
    priority: 0,
    release: '',
    tags: [],
    started,
    at: 0,
  })
  const answer = await store.transact(row, row.epoch, (tx) => {
    tx.run(`CREATE TABLE IF NOT EXISTS ${table} (key TEXT, nonce INTEGER)`)
    const value = tx.all<{ nonce: number }>(`SELECT nonce FROM ${table}`).map(({ nonce }) => nonce)
    return { change: { ref: row, epoch: row.epoch, entries: [] }, value }
  })
  return answer.state === 'ok' ? answer.value : []
}
