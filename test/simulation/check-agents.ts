import type { Entry, RunRow } from '../../packages/spanwise/src/journal/index.ts'
import { tokens } from './agents.ts'
import { nodesOf } from './program.ts'
import { rootOf, type World } from './world.ts'

interface Story {
  readonly row: RunRow
  readonly entries: readonly Entry[]
  readonly live: readonly Entry[]
  say(what: string): void
}

/** A turn that is on record is not asked for again: neither by the history, nor by the model's own count. */
export function checkTurns(world: World, stories: readonly Story[]): void {
  for (const { live, say } of stories) {
    const answered = new Set<string>()
    for (const { kind, key } of live) {
      if ((kind === 'model.call' || kind === 'model.attempt') && answered.has(key)) say(`${key} is asked for again`)
      if (kind === 'model.result') answered.add(key)
    }
  }
  for (const [root, family] of Map.groupBy(stories, ({ row }) => rootOf(world, row.run))) {
    // what people discarded is asked for anew, on purpose
    if (family.length > 1 || isResumed(family[0] as Story)) continue
    const calls = Map.groupBy((family[0] as Story).entries, ({ kind, key }) => (kind.startsWith('model.') ? key : ''))
    calls.delete('')
    // one that was on its way when its process died, or came to nothing, is asked for once more
    const allowed = [...calls.values()].reduce(
      (sum, own) => sum + 1 + own.filter(({ kind }) => kind === 'model.attempt').length,
      0,
    )
    const asked = sumOf(world.asked, (what) => what.startsWith(`${root}/`))
    if (asked > allowed) family[0]?.say(`asked a model ${asked} times, and its history accounts for ${allowed}`)
  }
}

/** No conversation has used more than it may. */
export function checkBudgets(world: World): void {
  // two that believe to be the owner count each for itself, and a fork has a budget of its own
  if (world.isContested) return
  const forked = new Set([...world.forks.keys()].map((fork) => rootOf(world, fork)))
  const whos = new Set([...world.asked.keys()].map((what) => what.slice(0, what.lastIndexOf(' turn '))))
  for (const node of world.schedule.programs.flatMap((program) => [...nodesOf(program)])) {
    if (node.do !== 'agent' || node.budget === undefined) continue
    for (const who of whos) {
      const [root, , site] = who.split('/')
      if (site !== node.site || forked.has(root as string)) continue
      const used = sumOf(world.asked, (what) => what.startsWith(`${who} turn `)) * (tokens.input + tokens.output)
      if (used > node.budget) world.wrong.push(`${who} has used ${used} of ${node.budget} tokens`)
    }
  }
}

function isResumed({ entries }: Story): boolean {
  return entries.some(({ kind }) => kind === 'run.resumed')
}

function sumOf(counts: ReadonlyMap<string, number>, isMeant: (what: string) => boolean): number {
  let sum = 0
  for (const [what, count] of counts) if (isMeant(what)) sum += count
  return sum
}
