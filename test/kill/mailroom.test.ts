import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { histories, open, stepLines } from './support/history.ts'
import { run, type Spawned } from './support/process.ts'
import { type Dice, dice, seedOf } from './support/seeds.ts'

const main = join(import.meta.dirname, '../../examples/mailroom/src/main.ts')
const mails = 120
/** `KILL_ROUNDS=1000` kills it more often too */
const kills = Math.max(8, Math.floor(Number(process.env['KILL_ROUNDS'] ?? 0) / 10))

it('a mailroom that is killed again and again decides on every mail once, and writes the same digest', {
  timeout: 120_000 + kills * 10_000,
}, async () => {
  const roll = dice(seedOf('mailroom'))
  const [calm, hard] = [room('calm'), room('hard')]
  const undisturbed = await begin(calm).ended
  expect(undisturbed).toEqual({ code: 0, signal: null })

  /** how often each execution was under way, unrecorded, when its process was killed */
  const interrupted = new Map<string, number>()
  let killed = 0
  for (; killed < kills; killed++) {
    if (!(await killOne(hard, roll, killed))) break
    const recorded = new Set((await recordedSteps(hard)).map(({ call }) => call))
    for (const call of new Set(executions(hard)))
      if (!recorded.has(call)) interrupted.set(call, (interrupted.get(call) ?? 0) + 1)
  }
  const last = begin(hard)
  expect(await last.ended, last.output()).toEqual({ code: 0, signal: null })
  // a run that is done is only reported again
  const before = executions(hard).length
  const again = begin(hard)
  expect(await again.ended, again.output()).toEqual({ code: 0, signal: null })
  expect(executions(hard)).toHaveLength(before)

  expect(digest(hard)).toEqual(digest(calm))
  const recorded = await recordedSteps(hard)
  expect(new Set(recorded.map(({ call }) => call)).size).toBe(recorded.length)
  const decided = recorded.filter(({ step }) => step === 'route-mail')
  expect(decided).toHaveLength(digest(calm).toString().trim().split('\n').length)
  const counts = new Map<string, number>()
  for (const call of executions(hard)) counts.set(call, (counts.get(call) ?? 0) + 1)
  for (const [call, count] of counts) expect(count, call).toBeLessThanOrEqual(1 + (interrupted.get(call) ?? 0))
  const repeated = before - counts.size
  console.log(
    `mailroom: ${killed} kills, ${counts.size} steps, ${repeated} executions more, ${decided.length} decisions`,
  )
})

function room(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `spanwise-mailroom-${name}-`))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function begin(folder: string): Spawned {
  const args = ['--mails', String(mails), '--store', join(folder, 'mailroom.db')]
  return run(main, { args, env: { MAILROOM_TRACE: join(folder, 'trace') } })
}

/** After some more steps, or after some time; false when it had ended before. */
async function killOne(folder: string, roll: Dice, nth: number): Promise<boolean> {
  const child = begin(folder)
  let ended = false
  void child.ended.then(() => {
    ended = true
  })
  const before = executions(folder).length
  const [steps, ms] = [roll.whole(60), roll.whole(nth % 2 === 0 ? 1_000 : 4_000)]
  const routed = (): number => executions(folder).filter((call) => call.startsWith('route-mail')).length
  // the last one meets it while it decides
  if (nth === kills - 1) while (!ended && routed() < steps) await wait(1)
  else if (nth % 4 === 3) await wait(ms)
  else while (!ended && executions(folder).length < before + steps) await wait(2)
  child.kill()
  const { code, signal } = await child.ended
  if (signal === 'SIGKILL') return true
  expect(code, child.output()).toBe(0)
  return false
}

/** a line per execution: the step, what it was about, and the process */
function executions(folder: string): readonly string[] {
  const file = join(folder, 'trace')
  if (!existsSync(file)) return []
  const calls = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return calls.map((line) => line.slice(0, line.lastIndexOf('\t')))
}

async function recordedSteps(folder: string): Promise<readonly { readonly step: string; readonly call: string }[]> {
  const store = await open(join(folder, 'mailroom.db'))
  try {
    const entries = (await histories(store)).flatMap(({ live }) => live)
    return entries.flatMap((entry) => {
      if (entry.kind !== 'step.result') return []
      const step = entry.key.slice(entry.key.lastIndexOf('/') + 1, entry.key.lastIndexOf('#'))
      return [{ step, call: `${step}\t${about(stepLines(entry).input)}` }]
    })
  } finally {
    await store.close()
  }
}

/** what the trace calls it */
function about(input: unknown): string {
  if (typeof input === 'string') return input
  const { id, ids, file } = input as { id?: string; ids?: readonly string[]; file?: string }
  return id ?? file ?? `${ids?.length} mails`
}

function digest(folder: string): Buffer {
  return readFileSync(join(folder, `digest-representative-${mails}-rule.jsonl`))
}
