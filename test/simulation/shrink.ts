import { type Block, blocksOf, type Node } from './program.ts'
import type { Schedule } from './schedule.ts'
import { simulate } from './simulate.ts'

/** Drops faults, people, runs and parts of programs as long as the same thing stays wrong. */
export async function shrink(schedule: Schedule, wrong: string, ms = 30_000): Promise<Schedule> {
  const end = performance.now() + ms
  const what = kindOf(wrong)
  let smallest = schedule
  for (let shrunk = true; shrunk; ) {
    shrunk = false
    for (const candidate of smaller(smallest)) {
      if (performance.now() > end) return smallest
      const verdict = await simulate(candidate)
      if (!verdict.wrong.some((one) => kindOf(one) === what)) continue
      smallest = candidate
      shrunk = true
      break
    }
  }
  return smallest
}

/** The sentence without names and numbers. */
function kindOf(wrong: string): string {
  return wrong.replace(/^r\w{5} |\b\w*\d\w*\b/g, '').slice(0, 60)
}

function* smaller(schedule: Schedule): Generator<Schedule> {
  const { faults, acts, runs, timetables, bursts = [], programs, settings } = schedule
  for (const half of halves(faults)) yield { ...schedule, faults: half }
  for (const half of halves(acts)) yield { ...schedule, acts: half }
  for (let i = 0; i < timetables.length; i++) yield { ...schedule, timetables: without(timetables, i) }
  for (const half of halves(bursts)) yield { ...schedule, bursts: half }
  for (const [i, burst] of bursts.entries())
    for (const half of halves(burst.starts))
      if (half.length > 0) yield { ...schedule, bursts: bursts.with(i, { ...burst, starts: half }) }
  for (let i = runs.length - 1; i >= 0 && runs.length > 1; i--) {
    const left = acts.filter(({ run }) => run !== i).map((act) => (act.run > i ? { ...act, run: act.run - 1 } : act))
    yield { ...schedule, runs: without(runs, i), acts: left }
  }
  for (let i = 0; i < programs.length; i++)
    for (const program of smallerBlocks(programs[i] as Block))
      yield { ...schedule, programs: programs.map((one, j) => (i === j ? program : one)) }
  for (let i = 0; i < faults.length; i++) yield { ...schedule, faults: without(faults, i) }
  for (let i = 0; i < acts.length; i++) yield { ...schedule, acts: without(acts, i) }
  if (settings.latency !== 'none') yield { ...schedule, settings: { ...settings, latency: 'none' } }
  if (settings.haste > 0) yield { ...schedule, settings: { ...settings, haste: 0 } }
  if (settings.capacity < 10_000) yield { ...schedule, settings: { ...settings, capacity: 10_000 } }
  if (settings.linger !== 0) yield { ...schedule, settings: { ...settings, linger: 0 } }
  for (const [i, run] of runs.entries())
    for (const field of ['again', 'delay', 'deadline'] as const)
      if (run[field] !== undefined) yield { ...schedule, runs: runs.with(i, { ...run, [field]: undefined }) }
}

function* halves<T>(list: readonly T[]): Generator<readonly T[]> {
  if (list.length === 0) return
  yield []
  if (list.length < 4) return
  const middle = list.length >> 1
  yield list.slice(0, middle)
  yield list.slice(middle)
}

function without<T>(list: readonly T[], i: number): readonly T[] {
  return list.filter((_, j) => j !== i)
}

/** A node less, or the inside of a node in its place. */
function* smallerBlocks(block: Block): Generator<Block> {
  for (let i = 0; i < block.length; i++) yield without(block, i)
  for (const [i, node] of block.entries()) {
    for (const [inner, put] of blocksOf(node)) {
      yield [...block.slice(0, i), ...inner, ...block.slice(i + 1)]
      for (const less of smallerBlocks(inner)) yield block.with(i, put(less)) as Block
    }
    for (const simpler of simplerNodes(node)) yield block.with(i, simpler) as Block
  }
}

function* simplerNodes(node: Node): Generator<Node> {
  if ((node.do === 'parallel' || node.do === 'race' || node.do === 'all') && node.branches.length > 1)
    for (let i = 0; i < node.branches.length; i++) yield { ...node, branches: without(node.branches, i) }
  if (node.do === 'each' && node.items > 1) yield { ...node, items: node.items - 1 }
  if (node.do === 'graph' && node.rounds > 1) yield { ...node, rounds: node.rounds - 1 }
  if (node.do === 'graph' && node.width > 0) yield { ...node, width: node.width - 1 }
  if (node.do === 'agent' && node.turns > 1) yield { ...node, turns: node.turns - 1 }
  if (node.do === 'agent' && node.width > 1) yield { ...node, width: node.width - 1 }
  if (node.do === 'agent' && (node.slip || node.budget !== undefined)) yield { ...node, slip: false, budget: undefined }
  if (node.do === 'each' && node.source === 'stream') yield { ...node, source: 'list' }
  if (node.do === 'step' && node.fail > 0) yield { ...node, fail: 0 }
  if (node.do === 'step' && node.step !== 'work') yield { ...node, step: 'work' }
}
